#include "tests/storage/wal/crash_run.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "storage/wal/wal_segment.h"

namespace anabranch::storage::test {

std::string CrashRun::run(int lives) {
  for (int i = 0; i < lives && wrong_.empty(); ++i) {
    open();
    if (wrong_.empty()) live();
    if (wrong_.empty()) end();
  }
  return wrong_;
}

void CrashRun::open() {
  for (int tries = 0; wrong_.empty(); ++tries) {
    const bool loses_power = tries < 3 && below(3) == 0;
    if (loses_power) disk_->cut_after(below(30));
    Opening opening(*disk_, options_, base_);
    if (!opening.opened.ok()) {
      if (!disk_->is_cut()) return wrong("opening: " + opening.opened.failure().message);
      lose_power();
      closed_ = false;  // The opening may have come as far as its record.
      continue;
    }
    check_opened(opening);
    wal_ = std::move(opening.opened.value().wal);
    if (!loses_power) return check_log();
    // What was told before the power goes holds, too.
    wal_.reset();
    lose_power();
  }
}

void CrashRun::check_opened(const Opening& opening) {
  const OpenedWal& opened = opening.opened.value();
  if (opened.verdict == WalVerdict::kDamaged) wrong("takes a lost end for damage");
  if (opened.verdict == WalVerdict::kShort) wrong("ends before the tables");
  if (opened.wal->opening() <= opening_) wrong("a number of an opening is given twice");
  if (closed_ && !opened.closed) wrong("does not know that it was closed");
  if (!tried_to_close_ && opened.closed) wrong("was never closed");
  opening_ = opened.wal->opening();
  closed_ = tried_to_close_ = false;
  check_redone(opening.redone);
  if (opened.wal->last().ticket != opened.wal->durable().ticket) wrong("not all is durable");
  acknowledged_ = opened.wal->durable().ticket;
}

void CrashRun::check_redone(const std::vector<Redone>& redone) {
  auto at = std::find_if(commits_.begin(), commits_.end(),
                         [&](const ModelCommit& commit) { return commit.ticket > base_.ticket; });
  for (const Redone& each : redone) {
    if (at == commits_.end()) return wrong("redoes a commit that was none");
    if (each != Redone{at->ticket, at->changes}) return wrong("redoes another commit");
    ++at;
  }
  if (at != commits_.end() && at->ticket <= acknowledged_) wrong("an acknowledged commit is lost");
  commits_.erase(at, commits_.end());
}

void CrashRun::check_log() {
  std::vector<StoredRecord> all;
  for (const ModelCommit& commit : commits_) {
    all.insert(all.end(), commit.batches.begin(), commit.batches.end());
  }
  const auto read = batches_of(*wal_);
  if (!read.ok()) return wrong("reading: " + read.failure().message);
  const std::vector<StoredRecord>& batches = read.value();
  if (batches.size() > all.size()) return wrong("there are batches too many");
  const auto same = [](const StoredRecord& a, const StoredRecord& b) {
    return a.position == b.position && a.origin == b.origin && a.first == b.first &&
           a.last == b.last && a.bytes == b.bytes;
  };
  const auto tail = all.end() - static_cast<std::ptrdiff_t>(batches.size());
  if (!std::equal(batches.begin(), batches.end(), tail, same)) return wrong("batches differ");
  if (tail != all.begin() && std::prev(tail)->position >= trimmed_) wrong("a batch is missing");
  check_find(batches);
  check_files();
}

void CrashRun::check_find(const std::vector<StoredRecord>& batches) {
  for (int i = 0; i < 3; ++i) {
    const core::Origin origin = 1 + below(3);
    const core::Seq seq = batches.empty() ? 1 : below(batches.back().last + 3);
    std::optional<Position> expected;
    for (const StoredRecord& batch : batches) {
      if (batch.origin != origin || batch.last < seq) continue;
      expected = batch.position;
      break;
    }
    const auto found = wal_->find(origin, seq);
    if (!found.ok()) return wrong("finding: " + found.failure().message);
    if (found.value() != expected) return wrong("finds another batch");
    const auto from = batches_of(*wal_, expected.value_or(0));
    if (!from.ok()) return wrong("reading: " + from.failure().message);
    if (expected && from.value().front().position != *expected) wrong("reads from another batch");
  }
}

void CrashRun::check_files() {
  const auto names = disk_->list();
  std::size_t spares = 0;
  std::size_t segments = 0;
  for (const std::string& name : names.value()) {
    const bool is_segment = SegmentName::parse(name).has_value();
    segments += is_segment ? 1 : 0;
    spares += SpareFiles::is_name(name) ? 1 : 0;
    if (!is_segment && !SpareFiles::is_name(name)) wrong("a file is left: " + name);
  }
  if (spares > options_.spares) wrong("too many spare files");
  if (segments != wal_->spans().size()) wrong("other segments than files");
}

void CrashRun::live() {
  disk_->cut_after(below(150));
  while (wrong_.empty() && !wal_->failure()) step();
  disk_->no_failure();
}

void CrashRun::step() {
  const std::uint64_t dice = below(100);
  if (dice < 60) return append();
  if (dice < 85) return sync();
  if (dice < 90) return flush_and_trim();
  if (dice < 94) {
    if (!wal_->prepare().ok() && disk_->is_cut()) append();
    return;
  }
  if (dice < 96) return fail_a_call();
  if (dice < 97 && !disk_->is_cut()) return check_log();
  if (dice == 97) {
    tried_to_close_ = true;
    closed_ = wal_->close().ok();
    acknowledged_ = std::max(acknowledged_, wal_->durable().ticket);
  }
}

void CrashRun::append() {
  ModelCommit commit = maker_.make(wal_->last());
  const auto ticket = wal_->append(commit.records(), commit.changes);
  if (!ticket.ok() && ticket.failure().passes) return;
  if (ticket.ok() && ticket.value() != commit.ticket) wrong("gives another ticket");
  commits_.push_back(std::move(commit));  // It may be there also when it failed.
  // A segment that is closed is synced first.
  acknowledged_ = std::max(acknowledged_, wal_->durable().ticket);
}

void CrashRun::sync() {
  const auto synced = wal_->sync();
  if (!synced.ok()) return;
  if (synced.value() != wal_->last().ticket) wrong("a sync leaves something out");
  acknowledged_ = std::max(acknowledged_, synced.value());
}

// The tables take some of what is on disk, and the log loses some of what they have.
void CrashRun::flush_and_trim() {
  if (!wal_->sync().ok()) return;
  acknowledged_ = wal_->durable().ticket;
  Position position = base_.position;
  for (const ModelCommit& commit : commits_) {
    if (commit.ticket <= base_.ticket) continue;
    if (below(20) == 0) break;
    if (!commit.batches.empty()) position = commit.batches.back().position;
    base_ = {commit.ticket, position, opening_};
  }
  const Position before = below(base_.position + 1);
  trimmed_ = std::max(trimmed_, before);
  (void)wal_->trim(before, base_.ticket);
}

void CrashRun::fail_a_call() {
  constexpr DiskCall kCalls[] = {DiskCall::kWrite,  DiskCall::kSync,      DiskCall::kSync,
                                 DiskCall::kRename, DiskCall::kRemove,    DiskCall::kCreate,
                                 DiskCall::kOpen,   DiskCall::kSyncFolder};
  // Half of the causes may pass.
  constexpr int kErrors[] = {EIO, EMFILE, ENOSPC, EACCES};
  const int error = below(2) == 0 ? EIO : kErrors[below(std::size(kErrors))];
  disk_->fail(kCalls[below(std::size(kCalls))], 1 + below(3), error);
}

void CrashRun::end() {
  wal_.reset();
  if (disk_->is_cut() || below(2) == 0) return lose_power();
  disk_->never_cut();
}

void CrashRun::lose_power() {
  calls_ += disk_->journal().size();
  disk_ = disk_->image(Survival::kRandom, random_());
}

}  // namespace anabranch::storage::test
