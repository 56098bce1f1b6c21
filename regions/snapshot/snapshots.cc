#include "regions/snapshot/snapshots.h"

#include <algorithm>
#include <utility>

#include "core/mark.h"
#include "core/planted_bug.h"

namespace anabranch::regions {

using core::Millis;
using core::Origin;

namespace {

constexpr Millis kReportMs = 10'000;
// Between two looks for a source of all rows: each searches the log for what the peers lack.
constexpr Millis kLookMs = 1000;
// What failed here for a cause that may pass is tried again after this.
constexpr Millis kTryAgainMs = 3000;

}  // namespace

Snapshots::Snapshots(Owner owner, const SnapshotLimits& limits, std::uint64_t nonce)
    : owner_(std::move(owner)),
      limits_(limits),
      out_(
          owner_.state, limits_, nonce,
          [this](Origin peer, Message message) {
            owner_.exchange.send_to(peer, std::move(message));
          },
          [this](Origin origin) { return owner_.exchange.forks().asking(origin); },
          [this](Origin peer, std::uint64_t bytes, std::uint64_t taken) {
            return owner_.exchange.has_room_for_chunk(peer, bytes, taken);
          }) {}

void Snapshots::take_for(Joiner* joiner) {
  joiner_ = joiner;
  stop();
  failed_.clear();
  out_.forget();
}

// ---- Messages.

void Snapshots::on(const Peer& peer, const SnapshotRequest& request, Millis now) {
  if (wants_again()) {
    owner_.exchange.send_to(
        peer.origin, SnapshotRefusal{request.stream, "its leader takes its rows again", true});
    return;
  }
  if (joiner_ == nullptr || core::planted(core::Bug::kServeWhileGivingWay)) {
    owner_.exchange.unsend_chunks(peer, request.stream);
    return out_.request(peer.origin, peer.nonce, request, now);
  }
  if (joiner_->precedes(peer.origin)) {
    owner_.exchange.send_to(peer.origin,
                            SnapshotRefusal{request.stream, "its leader gives way", true});
    return;
  }
  core::mark<"of two leaders that would give way to each other one does not">();
  stop();
  joiner_->fail(core::invalid("region " + peer.region + " gives way to it at the same time"));
}

void Snapshots::on(const Peer& peer, SnapshotChunk chunk, Millis now) {
  if (!in_ || in_->source() != peer.origin) return;
  if (const auto taken = in_->take(std::move(chunk), now); !taken.ok()) {
    give_up(taken.failure(), now);
  }
}

void Snapshots::part_came(const Peer& peer, Millis now) {
  if (in_ && in_->source() == peer.origin) in_->part_came(now);
}

void Snapshots::on(const Peer& peer, const SnapshotRefusal& refusal, Millis now) {
  if (!in_ || in_->source() != peer.origin || !in_->refused_by(refusal)) return;
  if (!refusal.passing) return give_up(core::invalid(refusal.why), now);
  core::mark<"the source of a snapshot gives way">();
  notice("the snapshot of region " + region(in_->source()) + " has ended: " + refusal.why);
  failed_[in_->source()] = now;
  stop();
}

// ---- Asking.

void Snapshots::ask(Origin source, Millis now) {
  if (in_) return;
  again_ = wants_again();
  if (again_) {
    const auto begin = LogOnTop::begin(owner_.state, shown_by(source));
    if (!begin.ok()) return;
    log_from_ = begin.value();
  }
  const std::string own_reason = again_ ? owner_.state.damaged().why() : "this leader gives way";
  const bool lacks = joiner_ == nullptr && !again_;
  notice("asks region " + region(source) +
         " for a snapshot: " + (lacks ? "no log has what is lacking here" : own_reason));
  started_ms_ = reported_ms_ = now;
  in_ = std::make_unique<SnapshotIn>(
      owner_.state, limits_, source, streams_,
      [this](Origin peer, Message message) { owner_.exchange.send_to(peer, std::move(message)); },
      now, terms(source));
}

SnapshotTerms Snapshots::terms(Origin source) const {
  if (joiner_ != nullptr) {
    return {.as_empty = true, .all = true, .least = [joiner = joiner_, source] {
              return joiner->least(source);
            }};
  }
  if (!again_) return {};
  // Nothing may be lacking that the source has shown: the own log need not have it any more.
  return {.all = true, .least = [this, source] {
            return lower(owner_.state.applied().vector(), shown_by(source));
          }};
}

core::VersionVector Snapshots::shown_by(Origin peer) const {
  const auto found = owner_.exchange.peers().find(peer);
  return found == owner_.exchange.peers().end() ? core::VersionVector() : found->second.applied;
}

void Snapshots::tick(Millis now) {
  out_.tick(now);
  for (const Origin peer : out_.release_log(owner_.log_bytes)) {
    core::mark<"the log behind a snapshot that is sent is no longer kept">();
    notice("keeps no log any more for the snapshot that region " + region(peer) + " takes: over " +
           std::to_string(limits_.log_bytes_max) +
           " bytes of log, and more than the snapshot has, were written since it was made; the "
           "region may need another one");
  }
  if (in_ && joins_with_damage()) stop();
  if (!in_) {
    if (now < next_look_ms_) return;
    if (wants_again()) next_look_ms_ = now + kLookMs;
    if (const auto from = next_source(now)) ask(*from, now);
    return;
  }
  in_->tick(now);
  report(now);
  if (!needs_source()) return;
  const auto peer = owner_.exchange.peers().find(in_->source());
  if (peer == owner_.exchange.peers().end()) {
    return stop();  // Its region goes on under another origin, and no longer has the snapshot.
  }
  const Millis silent_ms = now - in_->progress_ms();
  if (silent_ms < limits_.timeout_ms) return;
  const bool useless = owner_.state.applied().vector().includes(peer->second.applied);
  if (joiner_ == nullptr && !again_ && useless) {
    return stop();  // What it has has come on other ways.
  }
  // Any other source is better than a silent one; without one it is waited for as long as it keeps
  // its spool.
  if (!next_source(now, in_->source()) && silent_ms < limits_.hold_ms_max) return;
  failed_[in_->source()] = now;
  stop();
}

bool Snapshots::needs_source() const {
  if (!merge_) return true;
  return joiner_ == nullptr && merge_->finished() && !in_->confirmed();
}

// Those that have not failed come first, then the others in the order of their failures: each peer
// gets its turn, however much the silent ones among them claim to have.
std::optional<Origin> Snapshots::next_source(Millis now, std::optional<Origin> except) {
  const auto& peers = owner_.exchange.peers();
  const auto is_recent = [&](Millis failed_ms) { return now - failed_ms < limits_.timeout_ms; };
  std::erase_if(failed_, [&](const auto& each) {
    return !is_recent(each.second) && !peers.contains(each.first);
  });
  std::set<Origin> avoided;
  std::set<std::pair<Millis, Origin>> by_age;
  for (const auto& [origin, failed_ms] : failed_) {
    avoided.insert(origin);
    if (!is_recent(failed_ms) && origin != except) by_age.emplace(failed_ms, origin);
  }
  if (except) avoided.insert(*except);
  auto found = source(avoided);
  for (const auto& [failed_ms, origin] : by_age) {
    if (found) break;
    avoided.erase(origin);
    found = source(avoided);
  }
  return found;
}

std::optional<Origin> Snapshots::source(const std::set<Origin>& avoided) const {
  if (joiner_ != nullptr) return joiner_->source(avoided);
  return wants_again() ? source_of_all(avoided)
                       : owner_.exchange.subscriptions().snapshot_source(avoided);
}

std::optional<Origin> Snapshots::source_of_all(const std::set<Origin>& avoided) const {
  std::optional<Origin> best;
  core::Seq most = 0;
  for (const auto& [origin, peer] : owner_.exchange.peers()) {
    if (!owner_.exchange.links().usable(peer) || avoided.contains(origin)) continue;
    core::Seq ops = 0;
    for (const auto& entry : peer.applied) ops += entry.seq;
    if (ops <= most || why_not_all(peer)) continue;
    best = origin;
    most = ops;
  }
  return best;
}

std::optional<std::string> Snapshots::why_not_all(const Peer& peer) const {
  if (const auto forked = owner_.exchange.fork_with(peer.origin)) {
    return "it has another history of origin " + core::to_string(*forked);
  }
  const auto begin = LogOnTop::begin(owner_.state, peer.applied);
  return begin.ok() ? std::nullopt : std::optional(begin.failure().message);
}

std::optional<storage::Position> Snapshots::pinned() const {
  auto first = out_.pinned();
  if (in_ && again_ && (!first || log_from_ < *first)) first = log_from_;
  return first;
}

void Snapshots::stop() {
  next_used_ = next_used_ || merge_.has_value();
  merge_.reset();
  on_top_.reset();
  in_.reset();
}

void Snapshots::give_up(const core::Failure& why, Millis now) {
  std::string text =
      "the snapshot of region " + region(in_->source()) + " is not merged: " + why.message;
  if (alarms_.insert(text).second) owner_.effects.push_back(Alarm{std::move(text)});
  // A cause here that may pass, such as no room for the spool, is no fault of the source.
  failed_[in_->source()] = why.passes ? now - limits_.timeout_ms + kTryAgainMs : now;
  stop();
}

// ---- Work.

core::Result<bool> Snapshots::work(Millis now, std::size_t scale) {
  const std::size_t rows_max = limits_.slice_rows_max * scale;
  const bool spooling = out_.work(now, rows_max);
  if (next_used_) {
    if (auto cleared = owner_.state.clear_next(); !cleared.ok()) return cleared.failure();
    next_used_ = false;
  }
  if (!in_) return spooling;
  if (merge_) {
    const auto more = merge(now, rows_max);
    return more.ok() ? more.value() || spooling : more;
  }
  const auto more = in_->check(rows_max);
  if (!more.ok()) {
    give_up(more.failure(), now);
    return spooling;
  }
  if (in_->state() == SnapshotIn::State::kUseless) stop();
  if (in_ && in_->state() == SnapshotIn::State::kChecked) {
    started_ms_ = now;
    if (auto begun = begin_merge(); !begun.ok()) return begun.failure();
    return true;
  }
  return more.value() || spooling;
}

// Of two leaders of one region one may have the history of this leader, and the other another one.
void Snapshots::pass_by() {
  const Origin source = in_->source();
  const std::string why = "region " + region(source) + " has the same history as this leader";
  notice("does not take over the snapshot: " + why);
  failed_[source] = started_ms_;
  stop();
  if (!next_source(started_ms_)) joiner_->fail(core::invalid(why));
}

core::Result<void> Snapshots::begin_merge() {
  const Origin self = owner_.state.identity().origin;
  if (joiner_ != nullptr) {
    const auto accepted = joiner_->accept(in_->source(), in_->header());
    if (!accepted.ok()) {
      give_up(accepted.failure(), started_ms_);
      return {};
    }
    if (!accepted.value()) {
      pass_by();
      return {};
    }
  } else if (const auto origin = owner_.exchange.fork_with(in_->source())) {
    give_up(core::invalid("two histories of origin " + core::to_string(*origin) + " have met"),
            started_ms_);
    return {};
  }
  if (in_->vector().at(self) > owner_.state.applied().vector().at(self)) {
    give_up(core::invalid("it has writes of this leader's origin that it does not have itself"),
            started_ms_);
    return {};
  }
  const bool replaces = joiner_ != nullptr || again_;
  if (again_) on_top_.emplace(owner_.state, in_->header().heads);
  notice(std::string(replaces ? "takes over" : "merges") + " a snapshot of region " +
         region(in_->source()) + ": " + std::to_string(in_->rows()) + " rows, " +
         std::to_string(in_->bytes()) + " bytes");
  for (const auto& [origin, head] : in_->header().heads) {
    owner_.state.applied().name(origin, head.region);  // Status and log name it.
  }
  merge_.emplace(owner_.state.storage(), in_->spool(), owner_.state.names().origins(),
                 owner_.state.scores(), owner_.state.clear_rules().foreign_rows_direct,
                 replaces ? RowMerge::Own::kReplace : RowMerge::Own::kJoin);
  return {};
}

core::Result<bool> Snapshots::merge(Millis now, std::size_t rows_max) {
  const bool has_all = owner_.state.applied().vector().includes(in_->vector());
  if (joiner_ == nullptr && !again_ && has_all) {
    stop();
    return true;
  }
  if (!merge_->finished()) {
    const auto done = owner_.state.reading_for_others([&] {
      return merge_->slice(owner_.state.applied().vector(), rows_max, limits_.slice_bytes_max);
    });
    if (!done.ok()) {
      joins_with_damage() ? stop() : give_up(done.failure(), now);
      return true;
    }
    if (auto kept = owner_.state.commit({}); !kept.ok()) return kept.failure();
    return true;
  }
  if (joiner_ != nullptr) return join(now);
  if (again_) {
    auto more = put_log_on_top(now, rows_max);
    if (!more.ok() || more.value()) return more;
    if (!merge_) return true;  // The log lacks a batch.
  }
  if (sweeping()) return false;
  if (!in_->confirmed()) {
    in_->confirm(now);
    return false;
  }
  if (const auto same = in_->compare(); !same.ok()) {
    give_up(same.failure(), now);
    return true;
  }
  if (auto swapped = swap({}, now); !swapped.ok()) return swapped.failure();
  return true;
}

core::Result<bool> Snapshots::put_log_on_top(Millis now, std::size_t records_max) {
  const auto more = on_top_->put(*merge_, records_max, limits_.slice_bytes_max);
  if (!more.ok()) {
    give_up(more.failure(), now);
    return false;
  }
  log_from_ = on_top_->next();
  if (!more.value() && merge_->finished()) return false;  // The swap commits the last of it.
  if (auto kept = owner_.state.commit({}); !kept.ok()) return kept.failure();
  return true;
}

core::Result<bool> Snapshots::join(Millis now) {
  storage::Changes changes;
  const auto more = joiner_->put_on_top(*merge_, changes);
  if (!more.ok()) {
    if (more.failure().code == ErrorCode::kTimeout) {
      give_up(more.failure(), now);
    } else {
      stop();
      joiner_->fail(more.failure());
    }
    return false;
  }
  const bool whole = !more.value() && merge_->finished() && !sweeping();
  if (!whole) {
    merge_->take_changes(changes, owner_.note);
    if (changes.empty()) return more.value();
    auto kept = owner_.state.commit({.changes = std::move(changes)});
    if (!kept.ok()) return kept.failure();
    return more.value() || !merge_->finished();
  }
  joiner_->take_over();
  if (auto swapped = swap(std::move(changes), now); !swapped.ok()) return swapped.failure();
  return true;
}

// Where its source has given way, the snapshot comes without the hashes behind that place. Only
// origins of the snapshot are kept, however many places the source names.
void Snapshots::take_over_parted() {
  const std::map<Origin, core::Seq>& parted = in_->header().checkpoints.parted;
  for (const auto& [origin, head] : in_->header().heads) {
    const auto place = parted.find(origin);
    if (place == parted.end()) continue;
    const bool taken = joiner_ != nullptr || head.seq > owner_.state.applied().vector().at(origin);
    if (taken) owner_.state.chains().part(origin, place->second);
  }
}

core::Result<void> Snapshots::swap(storage::Changes changes, Millis now) {
  take_over_parted();
  if (joiner_ != nullptr) owner_.state.log().forget_gaps();
  for (const auto& [origin, head] : in_->header().heads) {
    if (head.seq <= owner_.state.applied().vector().at(origin)) continue;
    owner_.state.applied().set_head(origin, head);
    owner_.state.log().note_gap(origin, head.seq);
  }
  std::size_t index = 0;
  const ChainMarks& checkpoints = in_->header().checkpoints;
  for (const auto& [origin, seq] : checkpoints.at) {
    owner_.state.chains().keep(origin, seq, checkpoints.hashes[index++]);
  }
  merge_->take_changes(changes, owner_.note);
  owner_.state.digests().become(merge_->digests());
  auto done = owner_.state.commit({.changes = std::move(changes), .swap = true});
  if (!done.ok()) return done;
  notice(std::string(joiner_ == nullptr && !again_ ? "merged" : "took over") +
         " a snapshot of region " + region(in_->source()) + ": " + std::to_string(merge_->rows()) +
         " rows, " + std::to_string((now - started_ms_ + 999) / 1000) + " s");
  core::mark<"a snapshot is merged">();
  failed_.erase(in_->source());
  merge_.reset();
  on_top_.reset();
  in_.reset();
  owner_.exchange.merged(now);
  return {};
}

void Snapshots::applies(const core::Batch& batch, const core::VersionVector& deps) {
  if (merge_) merge_->apply(batch, deps);
}

void Snapshots::record(Commit& commit) {
  if (!merge_) return;
  merge_->take_changes(commit.changes, owner_.note);
  commit.counts_deep = merge_->counts_deep();
  commit.notes = merge_->take_notes();
  if (again_) drop_known(commit.notes);
}

// An op of the own log may meet a value that comes with the snapshot; and, on top of it, values
// that were gone when that would have come otherwise.
void Snapshots::drop_known(rows::ConflictNotes& notes) const {
  if (notes.empty()) return;
  const auto rows = owner_.state.reader();
  notes.erase_if([&](const rows::ConflictNote& note) {
    try {
      const crdt::Cell here = rows->row(note.path).cell;
      const auto known = std::ranges::count_if(note.values, [&](const crdt::Sibling& each) {
        return std::ranges::count(here.siblings, each.dot, &crdt::Sibling::dot) > 0;
      });
      const bool of_own_log = note.by.origin != 0;
      return known == std::ssize(note.values) || (of_own_log && known == 0);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kCorrupt) throw;
      return false;
    }
  });
}

// ---- Status.

std::string Snapshots::why_it_waits() const {
  if (in_ || !wants_again()) return {};
  std::string why;
  for (const auto& [origin, peer] : owner_.exchange.peers()) {
    if (!owner_.exchange.links().usable(peer)) continue;
    const auto why_not = why_not_all(peer);
    if (!why_not) return {};
    why += (why.empty() ? "region " : ", region ") + peer.region + ": " + *why_not;
  }
  return why.empty() ? "no region is connected" : why;
}

std::string Snapshots::region(Origin peer) const {
  const auto found = owner_.exchange.peers().find(peer);
  return found == owner_.exchange.peers().end() ? core::to_string(peer) : found->second.region;
}

void Snapshots::report(Millis now) {
  if (now - reported_ms_ < kReportMs) return;
  reported_ms_ = now;
  const SnapshotStatus status = incoming(now);
  notice("snapshot of region " + status.region + ", " + status.stage + ": " +
         std::to_string(status.rows) + " of " + std::to_string(status.rows_total) + " rows, " +
         std::to_string(status.bytes) + " bytes, " + std::to_string(status.rows_per_second) +
         " rows per second, " +
         (status.seconds_left < 0 ? std::string("time left unknown")
                                  : std::to_string(status.seconds_left) + " s left"));
}

SnapshotStatus Snapshots::incoming(Millis now) const {
  SnapshotStatus status;
  status.region = region(in_->source());
  status.stage = merge_ ? "merging" : "receiving";
  status.rows = merge_ ? merge_->rows() : in_->rows();
  status.rows_total = in_->rows_total();
  status.bytes = in_->bytes();
  status.bytes_total = in_->bytes_total();
  const Millis took_ms = now - started_ms_;
  if (took_ms > 0)
    status.rows_per_second = status.rows * 1000 / static_cast<std::uint64_t>(took_ms);
  if (status.rows_per_second > 0) {
    const std::uint64_t left = status.rows_total - std::min(status.rows_total, status.rows);
    status.seconds_left = static_cast<std::int64_t>(left / status.rows_per_second);
  }
  return status;
}

std::vector<SnapshotStatus> Snapshots::status(Millis now) const {
  std::vector<SnapshotStatus> all;
  if (in_) all.push_back(incoming(now));
  for (const SnapshotOut::Progress& each : out_.progress(now)) {
    SnapshotStatus status;
    status.region = region(each.peer);
    status.stage = "sending";
    status.rows = each.rows;
    status.rows_total = each.rows_total;
    status.bytes = each.bytes;
    status.bytes_total = each.bytes_total;
    status.log_bytes = each.pinned == 0 ? 0 : owner_.log_bytes(each.pinned);
    all.push_back(std::move(status));
  }
  return all;
}

}  // namespace anabranch::regions
