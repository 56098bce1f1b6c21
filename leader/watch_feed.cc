#include "leader/watch_feed.h"

#include <algorithm>
#include <utility>

#include "core/token.h"
#include "regions/applied.h"
#include "rows/row_text.h"

namespace anabranch::leader {

namespace {

using core::Path;

// An op as a change; `path` is where it acts.
struct Describe {
  Change operator()(const core::Put& op) const {
    return made(op.path, Change::Kind::kPut, op.value);
  }
  Change operator()(const core::Remove& op) const { return made(op.path, Change::Kind::kRemove); }
  Change operator()(const core::Add& op) const {
    return made(op.path, Change::Kind::kAdd, rows::number_text(op.amount));
  }
  Change operator()(const core::Reset& op) const { return made(op.path, Change::Kind::kReset); }
  Change operator()(const core::Clear& op) const { return made(op.prefix, Change::Kind::kClear); }
  Change operator()(const core::UnknownOp& /*op*/) const { return {}; }

  static Change made(const Path& path, Change::Kind kind, std::string value = {}) {
    const core::Components components = path.components();
    Change change{.key = {}, .path = {}, .kind = kind, .value = std::move(value)};
    if (components.size() > 1) change.key = components[1];
    if (components.size() > 2) change.path.assign(components.begin() + 2, components.end());
    return change;
  }
};

const Path* path_of(const core::Op& op) {
  if (const auto* put = std::get_if<core::Put>(&op)) return &put->path;
  if (const auto* remove = std::get_if<core::Remove>(&op)) return &remove->path;
  if (const auto* add = std::get_if<core::Add>(&op)) return &add->path;
  if (const auto* reset = std::get_if<core::Reset>(&op)) return &reset->path;
  if (const auto* clear = std::get_if<core::Clear>(&op)) return &clear->prefix;
  return nullptr;
}

}  // namespace

// Jumps and position are read first: what is committed meanwhile is looked at once more.
WatchFeed::Start start_behind(const storage::Storage& storage, const rows::VectorBoard& board,
                              const std::optional<core::VersionVector>& seen) {
  WatchFeed::Start start{.seen = {}, .position = {}, .jumps = board.jumps()};
  start.position = storage.last_position() + 1;
  const auto loaded = regions::Applied::load(*storage.snapshot());
  if (!loaded.ok()) loaded.failure().raise();
  const core::VersionVector& applied = loaded.value().vector();
  start.seen = seen.value_or(applied);
  for (const auto& [origin, seq] : applied) {
    const core::Seq next = start.seen.at(origin) + 1;
    if (next > seq) continue;
    const auto found = storage.find(origin, next);
    const auto record = found ? storage.read_log(*found) : std::nullopt;
    if (!record || record->origin != origin || record->first > next) {
      start.position.reset();
      return start;
    }
    start.position = std::min(*start.position, *found);
  }
  return start;
}

WatchFeed::WatchFeed(Source source, Start start)
    : source_(std::move(source)), seen_(std::move(start.seen)), jumps_(start.jumps) {
  if (start.position) {
    position_ = *start.position;
  } else {
    resync();
  }
}

std::optional<Changes> WatchFeed::next() {
  const std::uint64_t jumps = source_.names.vectors().jumps();
  if (std::exchange(jumps_, jumps) != jumps) resync();
  while (ready_.empty() && read_record()) {
  }
  if (ready_.empty()) return std::nullopt;
  Changes changes = std::move(ready_.front());
  ready_.pop_front();
  return changes;
}

bool WatchFeed::read_record() {
  const auto record = source_.storage.read_log(position_);
  if (!record) return false;
  const bool gap = record->position != position_ || record->first > seen_.at(record->origin) + 1;
  position_ = record->position + 1;
  if (record->last <= seen_.at(record->origin)) return true;
  if (gap) {  // Trimmed before this came to it, or merged.
    resync();
    return true;
  }
  take(core::decode_batch(record->bytes).value_or_raise());
  return true;
}

void WatchFeed::take(const core::Batch& batch) {
  const std::string region = source_.names.region(batch.origin);
  const std::size_t before = ready_.size();
  for (const core::Transaction& txn : batch.transactions) {
    Changes changes = changes_of(txn, region);
    if (!changes.all.empty()) ready_.push_back(std::move(changes));
  }
  // Vectors stand at the ends of batches: what goes on within one begins with all of it.
  for (std::size_t i = before; i < ready_.size(); ++i) {
    if (i + 1 == ready_.size()) seen_.set(batch.origin, batch.last());
    ready_[i].token = core::encode_token(source_.mesh, seen_);
  }
  seen_.set(batch.origin, batch.last());
}

Changes WatchFeed::changes_of(const core::Transaction& txn, const std::string& region) const {
  Changes changes;
  for (const core::Op& op : txn.ops) {
    const Path* const path = path_of(op);
    if (path == nullptr || !source_.all.is_prefix_of(*path)) continue;
    Change change = std::visit(Describe{}, op);
    const bool all_keys = *path == source_.all;
    if (all_keys || change.key.starts_with(source_.key_prefix)) {
      changes.all.push_back(std::move(change));
    }
  }
  changes.region = region;
  changes.remote = region != source_.region;
  changes.time_ms = txn.hlc.millis();
  return changes;
}

// What is committed now is what whoever is told so will read, or more.
void WatchFeed::resync() {
  const auto position = source_.storage.last_position();
  auto applied = regions::Applied::load(*source_.storage.snapshot());
  seen_ = std::move(applied).value_or_raise().vector();
  position_ = position + 1;
  ready_.clear();
  Changes changes;
  changes.resync = true;
  changes.token = core::encode_token(source_.mesh, seen_);
  ready_.push_back(std::move(changes));
}

}  // namespace anabranch::leader
