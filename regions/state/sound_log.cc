#include "regions/state/sound_log.h"

#include <algorithm>
#include <utility>

#include "core/batch.h"
#include "core/checksum.h"
#include "core/mark.h"
#include "core/planted_bug.h"
#include "regions/state/head.h"
#include "storage/layout.h"

namespace anabranch::regions {

using core::Bug;
using core::ChainHash;
using core::Checksum;
using core::Origin;
using core::planted;
using core::Seq;
using storage::Position;
using storage::StoredRecord;

namespace {

bool is_of(const StoredRecord& record, const core::BatchHeader& head) {
  return record.origin == head.origin && record.first == head.first && record.last == head.last;
}

}  // namespace

// ---- Reading.

std::optional<StoredRecord> SoundLog::read_log(Position position) const {
  for (;;) {
    auto record = storage_.read_log(position);
    if (!record || is_sound(*record)) return record;
    position = record->position + 1;
  }
}

std::optional<Position> SoundLog::find(Origin origin, Seq seq) const {
  for (;;) {
    const auto position = storage_.find(origin, seq);
    auto record = position ? storage_.read_log(*position) : std::nullopt;
    if (!record || record->position != *position) return std::nullopt;
    const bool sound = is_sound(*record);
    if (record->origin != origin || record->last < seq) return std::nullopt;
    if (sound) return position;
    seq = record->last + 1;
  }
}

std::optional<RecordEnds> SoundLog::ends(Origin origin, Seq seq, Wanted wanted,
                                         ReadAllowance* allowance) const {
  for (;;) {
    if (allowance != nullptr && !allowance->take_search()) return std::nullopt;
    const auto position = storage_.find(origin, seq);
    if (!position) return std::nullopt;
    {
      const std::lock_guard lock(mutex_);
      if (const RecordEnds* known = known_ends_.find(*position, wanted)) {
        core::mark<"the ends of a large record are known">();
        return *known;
      }
    }
    if (allowance != nullptr && !allowance->take()) return std::nullopt;
    auto record = storage_.read_log(*position);
    if (!record || record->position != *position) return std::nullopt;
    if (allowance != nullptr) allowance->spend(record->bytes.size());
    const bool sound = is_sound(*record);
    if (record->origin != origin || record->last < seq) return std::nullopt;
    const auto head = core::decode_batch_header(record->bytes);
    if (sound && head.ok()) {
      RecordEnds ends{origin, record->first, record->last, head.value().previous};
      if (wanted == Wanted::kBoth) ends.after = core::chain_hash(record->bytes);
      const std::lock_guard lock(mutex_);
      known_ends_.add(*position, record->bytes.size(), ends);
      return ends;
    }
    seq = record->last + 1;
  }
}

bool SoundLog::lacks(Position from, Position to) const {
  if (from >= to) return false;
  const auto passed = storage_.read_log(from);
  if (passed && passed->position < to) return true;
  const auto oldest = storage_.read_log(0);
  return !oldest || oldest->position > from;
}

// ---- Judging.

bool SoundLog::is_sound(StoredRecord& record) const {
  const Checksum checksum = core::checksum_of(record.bytes);
  std::string why;
  bool certain = false;
  if (checksum == Checksum::kWrong) {
    why = "its checksum is wrong";
    certain = storage_.find(record.origin, record.last) == record.position;
  } else if (checksum == Checksum::kNone) {
    const auto wrong = wrong_with(record);
    if (!wrong) {
      core::mark<"nothing tells whether a record of the log is damaged">();
      return false;
    }
    why = *wrong;
    certain = storage_.find(record.origin, record.last) == record.position;
  } else if (const auto head = core::decode_batch_header(record.bytes); !head.ok()) {
    why = head.failure().message;
  } else if (!is_of(record, head.value())) {
    why = "what is stored beside it says that it is another batch";
    certain = true;
    std::tie(record.origin, record.first, record.last) =
        std::tuple(head.value().origin, head.value().first, head.value().last);
  }
  if (why.empty()) return true;
  core::mark<"a record of the log is damaged">();
  note(record, std::move(why), certain);
  return planted(Bug::kBelieveLog);
}

std::optional<std::string> SoundLog::wrong_with(const StoredRecord& record) const {
  const auto batch = core::decode_batch(record.bytes);
  if (!batch.ok()) return batch.failure().message;
  const core::BatchHeader head{batch.value().origin, batch.value().first(), batch.value().last(),
                               batch.value().previous};
  if (!is_of(record, head)) return "it is another batch than what is stored beside it says";
  const auto behind = hash_behind(record);
  if (behind == core::chain_hash(record.bytes)) return std::string();
  if (behind) return "its hash is not the one that follows it";
  // While a leader gives way its heads are of the history that it has taken over already.
  const bool gives_way =
      storage_.snapshot()->get(storage::Table::kMeta, storage::kRejoinKey).has_value();
  return gives_way ? std::optional(std::string()) : std::nullopt;
}

std::optional<ChainHash> SoundLog::hash_behind(const StoredRecord& record) const {
  const auto position = storage_.find(record.origin, record.last + 1);
  const auto next = position ? storage_.read_log(*position) : std::nullopt;
  if (next && core::checksum_of(next->bytes) != Checksum::kWrong) {
    const auto head = core::decode_batch_header(next->bytes);
    const bool follows =
        head.ok() && head.value().origin == record.origin && head.value().first == record.last + 1;
    if (follows) return head.value().previous;
  }
  const auto snapshot = storage_.snapshot();
  if (snapshot->get(storage::Table::kMeta, storage::kRejoinKey)) return std::nullopt;
  const auto kept =
      snapshot->get(storage::Table::kMeta, storage::chain_key(record.origin, record.last));
  ChainHash hash{};
  if (kept && kept->size() == hash.size()) {
    std::ranges::copy(*kept, hash.begin());
    return hash;
  }
  const auto stored = snapshot->get(storage::Table::kMeta, storage::head_key(record.origin));
  const auto head = stored ? std::optional(decode_head(*stored)) : std::nullopt;
  if (!head || !head->ok() || head->value().seq != record.last) return std::nullopt;
  return head->value().chain;
}

// ---- Damage found.

void SoundLog::note(const StoredRecord& record, std::string why, bool certain) const {
  const std::lock_guard lock(mutex_);
  if (damage_.size() >= kNotedMax) return;
  const bool fresh =
      damage_
          .try_emplace(record.position, LogDamage{record.position, record.origin, record.first,
                                                  record.last, certain, std::move(why)})
          .second;
  if (fresh) news_.push_back(record.position);
}

std::vector<LogDamage> SoundLog::take_news() {
  const std::lock_guard lock(mutex_);
  std::vector<LogDamage> news;
  for (const Position position : std::exchange(news_, {})) {
    const auto found = damage_.find(position);
    if (found != damage_.end()) news.push_back(found->second);
  }
  return news;
}

std::vector<LogDamage> SoundLog::damage() const {
  const std::lock_guard lock(mutex_);
  std::vector<LogDamage> all;
  for (const auto& [position, damage] : damage_) all.push_back(damage);
  return all;
}

bool SoundLog::damaged(Origin origin, Seq seq) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(damage_, [&](const auto& each) {
    const LogDamage& damage = each.second;
    return damage.origin == origin && damage.first <= seq && seq <= damage.last;
  });
}

void SoundLog::committed(std::span<const storage::LogRecord> records) {
  Position position = storage_.last_position() - records.size();
  for (const storage::LogRecord& record : records) {
    ++position;
    if (record.bytes.size() < kReadLaterBytes) continue;
    const auto head = core::decode_batch_header(record.bytes);
    if (!head.ok()) continue;
    const std::lock_guard lock(mutex_);
    known_ends_.add(position, record.bytes.size(),
                    {record.origin, record.first, record.last, head.value().previous});
  }
}

void SoundLog::forget_before(Position position) {
  const std::lock_guard lock(mutex_);
  damage_.erase(damage_.begin(), damage_.lower_bound(position));
  known_ends_.forget_before(position);
}

void SoundLog::note_gap(Origin origin, Seq last) {
  const std::lock_guard lock(mutex_);
  Seq& known = gaps_[origin];
  known = std::max(known, last);
}

void SoundLog::forget_gaps() {
  const std::lock_guard lock(mutex_);
  gaps_.clear();
}

bool SoundLog::has_gap(Origin origin, Seq seq) const {
  const std::lock_guard lock(mutex_);
  if (const auto gap = gaps_.find(origin); gap != gaps_.end() && gap->second >= seq) return true;
  return std::ranges::any_of(damage_, [&](const auto& each) {
    const LogDamage& damage = each.second;
    return damage.certain && damage.origin == origin && damage.last >= seq;
  });
}

std::string to_string(const LogDamage& damage, std::string_view region) {
  const std::string origin = core::to_string(damage.origin);
  return "the log is damaged at position " + std::to_string(damage.position) + ", " +
         (damage.certain ? "" : "maybe ") + "ops " + std::to_string(damage.first) + " to " +
         std::to_string(damage.last) + " of origin " + origin + " of region " +
         (region.empty() ? "unknown" : std::string(region)) + ": " + damage.why +
         "; it is never sent, whoever lacks it gets a snapshot; have the disk and the memory of "
         "this "
         "machine looked at, and where another region lists a fork of this origin, run `fork "
         "resolve " +
         origin + " --adopt` there";
}

}  // namespace anabranch::regions
