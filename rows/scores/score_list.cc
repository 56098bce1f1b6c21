#include "rows/scores/score_list.h"

#include <algorithm>
#include <bit>

#include <anabranch/error.h>

#include "core/assert.h"
#include "core/hash.h"
#include "core/varint.h"
#include "storage/layout.h"

namespace anabranch::rows {

using storage::Direction;

namespace {

constexpr unsigned kBitsPerLevel = 4;  // On average 16 entries per entry of the level above.
constexpr unsigned kHeightMax = 64 / kBitsPerLevel;
constexpr std::size_t kScoreSize = sizeof(std::uint64_t);
// Longer members are cut to this length, followed by a hash. So an uncut member is always shorter
// than a cut one.
constexpr std::size_t kMemberMax = 440;
// The beginning of each level from 1 on that any member reaches: counts the members before the
// first.
constexpr unsigned kHeadHeight = 0xFF;
constexpr std::uint64_t kSign = std::uint64_t{1} << 63U;

[[noreturn]] void corrupt() {
  throw Error(ErrorCode::kCorrupt, "an entry of the order of scores cannot be read");
}

// Encodes a double as bytes that compare in the same order.
std::string encode_score(double score) {
  const auto bits = std::bit_cast<std::uint64_t>(score + 0.0);
  return storage::big_endian((bits & kSign) != 0 ? ~bits : bits | kSign);
}

double decode_score(std::string_view bytes) {
  const std::uint64_t code = storage::from_big_endian(bytes);
  return std::bit_cast<double>((code & kSign) != 0 ? code & ~kSign : ~code);
}

bool is_cut(std::string_view member) { return member.size() > kMemberMax; }

std::string encode_value(unsigned level, unsigned height, std::uint64_t count,
                         std::string_view member) {
  std::string value;
  if (level == 0 && height == 0 && !is_cut(member)) return value;
  value.push_back(static_cast<char>(height));
  if (level > 0) core::put_varint(value, count);
  if (level == 0 && is_cut(member)) value += member;
  return value;
}

struct Value {
  unsigned height = 0;
  std::uint64_t count = 1;
};

Value decode_value(unsigned level, std::string_view bytes) {
  Value value;
  if (!bytes.empty()) value.height = static_cast<unsigned char>(bytes.front());
  if (level == 0) return value;
  if (bytes.empty()) corrupt();
  bytes.remove_prefix(1);
  const auto count = core::take_varint(bytes);
  if (!count || value.height < level) corrupt();
  value.count = *count;
  return value;
}

std::string key_of(OrderId id, unsigned level, const ScorePlace& place) {
  return entries_of(id, level) + place;
}

constexpr std::size_t kHeadSize = storage::kScorePrefix.size() + sizeof(OrderId) + 1;

ScorePlace place_in(std::string_view key) { return ScorePlace(key.substr(kHeadSize)); }

// Calls function(key, value) for entries of a level from a place on, or backwards before it, until
// the function returns false.
template <typename Function>
void walk(const ScoreTable& table, OrderId id, unsigned level, const ScorePlace& from,
          Direction direction, const Function& function) {
  const std::string level_prefix = entries_of(id, level);
  const std::string place = level_prefix + from;
  const std::string end = core::prefix_end(level_prefix);
  const bool forward = direction == Direction::kForward;
  const auto cursor =
      table.scan_scores(forward ? storage::KeyRange{place, end, direction}
                                : storage::KeyRange{level_prefix, place, direction});
  for (; cursor->valid(); cursor->next()) {
    if (!function(cursor->key(), cursor->value())) return;
  }
}

ScoredMember member_at(std::string_view key, std::string_view value) {
  if (key.size() < kHeadSize + kScoreSize) corrupt();
  const std::string_view place = key.substr(kHeadSize);
  ScoredMember found{std::string(place.substr(kScoreSize)),
                     decode_score(place.substr(0, kScoreSize))};
  if (is_cut(found.member)) {
    if (value.size() < 1 + kMemberMax) corrupt();
    found.member = value.substr(1);
  }
  return found;
}

}  // namespace

// ---- Places and keys.

ScorePlace place_of(double score, std::string_view member) {
  ScorePlace place = encode_score(score);
  place += member.substr(0, kMemberMax);
  if (is_cut(member)) {
    for (const std::uint8_t byte : core::path_hash(member)) place += static_cast<char>(byte);
  }
  return place;
}

ScorePlace place_before(double score) { return encode_score(score); }

ScorePlace place_behind(double score) {
  return storage::big_endian(storage::from_big_endian(encode_score(score)) + 1);
}

unsigned height_of(std::string_view member, std::uint64_t seed) {
  const auto zeros = static_cast<unsigned>(std::countr_zero(core::seeded64(member, seed)));
  return std::min(zeros / kBitsPerLevel, kHeightMax);
}

std::string entries_of(OrderId id) {
  return std::string(storage::kScorePrefix) + storage::big_endian(id);
}

std::string entries_of(OrderId id, unsigned level) {
  return entries_of(id) + static_cast<char>(level);
}

ScoreEntry decode_entry(std::string_view key, std::string_view value) {
  const bool is_head = key.size() == kHeadSize;
  if (!is_head && key.size() < kHeadSize + kScoreSize) corrupt();
  ScoreEntry entry;
  entry.id = storage::from_big_endian(key.substr(storage::kScorePrefix.size(), sizeof(OrderId)));
  entry.level = static_cast<unsigned char>(key[kHeadSize - 1]);
  entry.place = place_in(key);
  const Value decoded = decode_value(entry.level, value);
  entry.height = decoded.height;
  entry.count = decoded.count;
  if (entry.level == 0) entry.member = member_at(key, value).member;
  return entry;
}

// ---- Reading.

bool ScoreList::empty() const {
  bool any = false;
  walk(table_, id_, 0, {}, Direction::kForward, [&](const auto&...) {
    any = true;
    return false;
  });
  return !any;
}

std::uint64_t ScoreList::members_before(const ScorePlace& place) const {
  std::uint64_t members = 0;
  ScorePlace from = place;
  bool rising = true;
  for (unsigned level = 0; rising; ++level) {
    rising = false;
    walk(table_, id_, level, from, Direction::kBackward,
         [&](std::string_view key, std::string_view bytes) {
           const Value value = decode_value(level, bytes);
           members += value.count;
           rising = value.height > level && value.height != kHeadHeight;
           if (rising) from = place_in(key);
           return !rising;
         });
  }
  return members;
}

std::uint64_t ScoreList::count_at(unsigned level, const ScorePlace& place) const {
  const auto value = table_.score_at(key_of(id_, level, place));
  if (!value) corrupt();
  return decode_value(level, *value).count;
}

std::optional<ScorePlace> ScoreList::place_at(std::uint64_t rank) const {
  ScorePlace place;
  unsigned level = 0;
  bool rising = true;  // Rises while whole entries of the level above can be passed, then descends.
  for (;;) {
    enum class Found { kEnd, kHigher, kHere } found = Found::kEnd;
    walk(table_, id_, level, place, Direction::kForward,
         [&](std::string_view key, std::string_view bytes) {
           const Value value = decode_value(level, bytes);
           place = place_in(key);
           if (rising && value.height > level) {
             rising = count_at(level + 1, place) <= rank;
             found = Found::kHigher;
             if (rising) return false;
           }
           found = Found::kHere;
           if (value.count > rank) return false;
           rank -= value.count;
           found = Found::kEnd;
           return true;
         });
    if (found == Found::kEnd) return std::nullopt;
    if (found == Found::kHigher) {
      ++level;
    } else if (level == 0) {
      return place;
    } else {
      rising = false;
      --level;
    }
  }
}

void ScoreList::visit(const ScorePlace& from, Direction direction, const Visit& visit) const {
  walk(table_, id_, 0, from, direction,
       [&](std::string_view key, std::string_view value) { return visit(member_at(key, value)); });
}

// ---- Changing.

std::uint64_t ScoreListEditor::span(unsigned level, const ScorePlace& place) const {
  std::uint64_t members = 0;
  walk(table_, id_, level - 1, place, Direction::kForward,
       [&](std::string_view key, std::string_view bytes) {
         const Value value = decode_value(level - 1, bytes);
         if (value.height >= level && key.substr(kHeadSize) != place) return false;
         members += value.count;
         return true;
       });
  return members;
}

void ScoreListEditor::drop_head_if_alone(unsigned level) {
  std::size_t entries = 0;
  walk(table_, id_, level, {}, Direction::kForward, [&](const auto&...) { return ++entries < 2; });
  if (entries == 1) table_.set_score(entries_of(id_, level), std::nullopt);
}

bool ScoreListEditor::widen(unsigned level, const ScorePlace& place, std::int64_t by) {
  std::optional<std::string> last;
  Value value;
  walk(table_, id_, level, place, Direction::kBackward,
       [&](std::string_view key, std::string_view bytes) {
         last.emplace(key);
         value = decode_value(level, bytes);
         return false;
       });
  if (!last) return false;
  value.count += static_cast<std::uint64_t>(by);
  table_.set_score(*std::move(last), encode_value(level, value.height, value.count, {}));
  return true;
}

bool ScoreListEditor::insert(double score, std::string_view member, unsigned height) {
  const ScorePlace place = place_of(score, member);
  std::string key = key_of(id_, 0, place);
  if (table_.score_at(key)) return false;
  table_.set_score(std::move(key), encode_value(0, height, 1, member));
  for (unsigned level = 1;; ++level) {
    if (level > height) {
      if (!widen(level, place, 1)) return true;  // No member stands so high.
      continue;
    }
    const std::uint64_t own = span(level, place);
    if (!widen(level, place, 1 - static_cast<std::int64_t>(own))) {
      table_.set_score(entries_of(id_, level),
                       encode_value(level, kHeadHeight, span(level, {}), {}));
    }
    table_.set_score(key_of(id_, level, place), encode_value(level, height, own, {}));
  }
}

bool ScoreListEditor::erase(double score, std::string_view member) {
  const ScorePlace place = place_of(score, member);
  std::string key = key_of(id_, 0, place);
  const auto value = table_.score_at(key);
  if (!value) return false;
  const unsigned height = decode_value(0, *value).height;
  table_.set_score(std::move(key), std::nullopt);
  for (unsigned level = 1;; ++level) {
    if (level > height) {
      if (!widen(level, place, -1)) return true;
      continue;
    }
    key = key_of(id_, level, place);
    const auto entry = table_.score_at(key);
    if (!entry) corrupt();
    const auto own = static_cast<std::int64_t>(decode_value(level, *entry).count);
    table_.set_score(std::move(key), std::nullopt);
    if (!widen(level, place, own - 1)) corrupt();
    drop_head_if_alone(level);
  }
}

}  // namespace anabranch::rows
