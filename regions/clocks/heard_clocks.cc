#include "regions/clocks/heard_clocks.h"

#include <algorithm>
#include <utility>

#include "core/codec.h"
#include "core/mark.h"
#include "core/planted_bug.h"
#include "storage/layout.h"

namespace anabranch::regions {

using core::Bug;
using core::Millis;
using core::Origin;
using core::planted;

namespace {

constexpr Millis kMillisMax = Millis{1} << 48U;  // Others choose their readings.
// A smaller difference of ages comes from the way that the word took.
constexpr Millis kWayMs = 1'000;

Millis bounded(Millis foreign) { return std::clamp(foreign, Millis{0}, kMillisMax); }

}  // namespace

Millis HeardClocks::Heard::age_ms(Millis running) const {
  return std::max(Millis{0}, running - at_ms);
}

// ---- Stored.

core::Result<void> HeardClocks::read_row(Origin origin, std::string_view value) {
  core::Reader in(value);
  Heard heard;
  const std::size_t newer = in.array_of(5);
  heard.word = {.origin = origin, .opening = in.uint64()};
  heard.word.sent_ms = in.int64();
  heard.word.wall_ms = in.int64();
  heard.at_ms = in.int64();
  heard.stored_at_ms = heard.at_ms;
  heard.off = heard.stored_off = in.boolean();
  heard.stored_away = newer > 0 && in.boolean();
  in.skip(newer > 0 ? newer - 1 : 0);
  if (!in.done()) return in.failure();
  all_[origin] = heard;
  return {};
}

core::Result<void> HeardClocks::load(const storage::Snapshot& snapshot) {
  const std::string_view prefix = storage::kHeardPrefix;
  const auto cursor = snapshot.scan(storage::Table::kMeta, {.from = prefix});
  for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    if (cursor->key().size() != prefix.size() + sizeof(Origin)) {
      return core::corrupt("what was heard of a clock has a wrong key");
    }
    const Origin origin = storage::from_big_endian(cursor->key().substr(prefix.size()));
    if (auto read = read_row(origin, cursor->value()); !read.ok()) return read;
  }
  return {};
}

void HeardClocks::resume(Millis running) {
  for (auto& [origin, heard] : all_) {
    if (heard.stored_away || planted(Bug::kCountPresenceAsAbsence)) continue;
    const Millis since = heard.age_ms(running);
    heard.at_ms += since;
    heard.word.wall_ms += since;
  }
}

bool HeardClocks::wants_storing(Millis running) const {
  const Millis since = running - stored_ms_;
  if (since < kStoreMs) return false;
  if (!forgotten_.empty()) return true;
  return std::ranges::any_of(all_, [&](const auto& each) {
    const Heard& heard = each.second;
    if (heard.away(running)) return heard.changed(running) || since >= kCountMs;
    const bool news = !heard.stored_at_ms || heard.off != heard.stored_off;
    return news || (heard.changed(running) && since >= kRestMs);
  });
}

storage::Changes HeardClocks::take_changes(Millis running) {
  stored_ms_ = running;
  storage::Changes changes;
  for (const Origin origin : std::exchange(forgotten_, {})) {
    if (all_.contains(origin)) continue;
    changes.remove(storage::Table::kMeta, storage::heard_key(origin));
  }
  for (auto& [origin, heard] : all_) {
    if (!heard.changed(running)) continue;
    std::string value;
    core::Writer(value)
        .array(6)
        .uint64(heard.word.opening)
        .int64(heard.word.sent_ms)
        .int64(heard.word.wall_ms)
        .int64(heard.at_ms)
        .boolean(heard.off)
        .boolean(heard.away(running));
    changes.put(storage::Table::kMeta, storage::heard_key(origin), value);
    heard.stored_at_ms = heard.at_ms;
    heard.stored_off = heard.off;
    heard.stored_away = heard.away(running);
  }
  return changes;
}

// ---- Hearing.

void HeardClocks::hear(const ClockWord& word, Millis wall, Millis running, Millis round_trip_ms) {
  const Millis age = bounded(word.age_ms);
  const auto found = all_.find(word.origin);
  if (found == all_.end() && all_.size() >= kClockWordsMax) return;
  Heard& heard = found == all_.end() ? all_[word.origin] : found->second;
  const bool known = found != all_.end();
  if (known && word.number() < heard.word.number()) return;
  if (known && word.number() == heard.word.number()) {
    // The sender has run longer since that word than this leader, which was off.
    if (age <= heard.age_ms(running) + kWayMs) return;
    core::mark<"others know that a leader is away for longer">();
    heard.word.wall_ms = bounded(word.wall_ms);  // As of then: here it may be as of a restart.
    heard.at_ms = running - age;
    return;
  }
  heard.word = word;
  heard.word.wall_ms = bounded(word.wall_ms);
  if (!known || !planted(Bug::kCountPresenceAsAbsence)) heard.at_ms = running - age;
  const Millis ahead = heard.word.wall_ms + age - wall;
  heard.before_jump = false;
  heard.off = ahead > drift_ms_max_ || ahead + round_trip_ms < -drift_ms_max_;
}

void HeardClocks::retain(const std::function<bool(Origin)>& counts) {
  std::erase_if(all_, [&](const auto& each) {
    if (counts(each.first)) return false;
    if (each.second.stored_at_ms) forgotten_.push_back(each.first);
    return true;
  });
}

std::vector<ClockWord> HeardClocks::words(Millis running) const {
  std::vector<ClockWord> words;
  for (const auto& [origin, heard] : all_) {
    words.push_back(heard.word);
    words.back().age_ms = heard.age_ms(running);
  }
  return words;
}

// ---- Conclusions.

Millis HeardClocks::given_up_ms(Origin origin, Millis wait, Millis running) const {
  const auto found = all_.find(origin);
  if (found == all_.end()) return -1;
  const Heard& heard = found->second;
  const Millis age = heard.age_ms(running);
  const bool off = heard.off && !planted(Bug::kGiveUpWrongClocks);
  if (age < wait || off) return -1;
  core::mark<"a leader that is away for long is not waited for any more">();
  return heard.word.wall_ms + age - wait;
}

std::optional<bool> HeardClocks::agrees(const std::vector<Origin>& origins, Millis running) const {
  const Heard* newest = nullptr;
  for (const Origin origin : origins) {
    const auto found = all_.find(origin);
    if (found == all_.end()) continue;
    if (newest == nullptr || found->second.at_ms > newest->at_ms) newest = &found->second;
  }
  if (newest == nullptr || newest->away(running)) return std::nullopt;
  return !newest->off && !newest->before_jump;
}

void HeardClocks::jumped(Millis at) {
  for (auto& [origin, heard] : all_) heard.before_jump = heard.before_jump || heard.at_ms <= at;
}

Millis HeardClocks::latest_ms(Millis running) const {
  Millis latest = -1;
  for (const auto& [origin, heard] : all_) {
    latest = std::max(latest, heard.word.wall_ms + heard.age_ms(running));
  }
  return latest;
}

Millis HeardClocks::latest_stored_ms() const {
  Millis latest = -1;
  for (const auto& [origin, heard] : all_) {
    if (!heard.stored_at_ms) continue;
    latest = std::max(latest, heard.word.wall_ms + stored_ms_ - heard.at_ms);
  }
  return latest;
}

}  // namespace anabranch::regions
