#include "tests/sim/engine_disk.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <string_view>
#include <vector>

#include "core/assert.h"
#include "storage/engine/reach.h"
#include "storage/generations.h"
#include "storage/overlay/overlay_memory.h"
#include "storage/wal/wal_recovery.h"
#include "storage/wal/wal_segment.h"

namespace anabranch::test {

using core::Result;
using storage::MemoryStorage;
using storage::Position;
using storage::test::DiskCall;
using storage::test::Reads;
using storage::test::Survival;

namespace {

constexpr std::size_t kBesideBytes = 24;  // What a stored record has before its bytes.

std::uint64_t magnitude(Random& random, double low, double high) {
  return static_cast<std::uint64_t>(low * std::pow(high / low, random.unit()));
}

// Of changes: smaller commits and larger ones both happen all the time.
constexpr std::size_t kLargeCommit = 20;

// With less than a chunk a flush begins at each commit that finds none under way.
storage::EngineOptions draw_options(Random& random) {
  constexpr auto kChunk = static_cast<double>(storage::OverlayMemory::kChunkBytes);
  constexpr std::array kChunks{0.0, 0.6, 0.9, 1.5};
  const double chunks = random.pick(kChunks);
  return {.wal = {.segment_bytes = magnitude(random, 1'000, 50'000), .spares = random.below(3)},
          .overlay_bytes = 1 + static_cast<std::uint64_t>(chunks * kChunk),
          .slice_bytes = magnitude(random, 1, 20'000),
          .beside_min = kLargeCommit};
}

// Returns where a batch's bytes lie in the file of a segment, if they do and the log has them
// before `end`.
std::optional<std::uint64_t> find_batch(const storage::Segment& segment, Position position,
                                        storage::Ticket end) {
  storage::SegmentScan scan(segment);
  for (std::uint64_t place = segment.start();;) {
    const auto found = scan.at(place);
    if (!found.ok() || !found.value().whole()) return std::nullopt;
    const storage::RecordHeader& header = found.value().header;
    if (header.end() > end.end) return std::nullopt;
    const std::string_view body = found.value().body;
    storage::BatchWalk walk(header, body);
    for (Position at = header.first; const auto batch = walk.next(); ++at) {
      if (at != position) continue;
      const auto within = static_cast<std::uint64_t>(batch->bytes.data() - body.data());
      return segment.offset(place) + storage::kRecordHeaderSize + within;
    }
    place = header.end();
  }
}

// A record in the file of a segment.
struct Part {
  std::string name;
  std::size_t offset = 0;
  std::size_t size = 0;
};

// Adds the records of a segment that begin at or behind a ticket.
void add_parts(storage::test::RecordedFiles& files, const std::string& name, storage::Ticket from,
               std::vector<Part>& parts) {
  const auto segment = storage::open_segment(files, *storage::SegmentName::parse(name));
  if (!segment.ok()) return;
  storage::SegmentScan scan(segment.value());
  for (std::uint64_t place = segment.value().start();;) {
    const auto found = scan.at(place);
    if (!found.ok() || !found.value().whole()) return;
    const storage::RecordHeader& header = found.value().header;
    if (place >= from.end) {
      parts.push_back({name, segment.value().offset(place), header.end() - place});
    }
    place = header.end();
  }
}

// At times an earlier version has opened the log since, and has passed over positions: it has a
// hole (storage/log_hole.h). Nothing is drawn for that.
void leave_hole(storage::test::RecordedFiles& files, const MemoryStorage& base) {
  constexpr Position kEvery = 4;
  constexpr Position kMost = 30;
  const std::string noted = base.reach().value();
  if (noted.empty()) return;
  const storage::Reach reach = storage::decode_reach(noted).value();
  const auto none = [](storage::Ticket, std::string_view) { return Result<void>(); };
  storage::WalBase from{reach.ticket, reach.position, reach.opening};
  from.given = reach.trimmed;
  {
    const auto looked = storage::look_at_wal(files, {}, from, none);
    if (!looked.ok() || !looked.value().losses.empty()) return;
    from.given = looked.value().wal->last().position;
  }
  if (from.given % kEvery != 0) return;
  from.given += 1 + from.given / kEvery % kMost;
  const auto opened = storage::open_wal(files, {.segment_bytes = 4096}, from, none);
  ANABRANCH_ASSERT(opened.ok());
}

}  // namespace

EngineDisk::EngineDisk(std::unique_ptr<storage::SteppedEngine> engine, MemoryStorage& base,
                       Files& files, Random& random, bool syncs_later, std::uint64_t redo_bytes_max)
    : Disk(std::move(engine)),
      engine_(static_cast<storage::SteppedEngine&>(storage())),
      base_(base),
      files_(files),
      random_(random),
      syncs_later_(syncs_later),
      redo_bytes_max_(redo_bytes_max) {
  constexpr std::array kPaces{0.02, 0.3, 0.7, 0.95};
  pace_ = random_.pick(kPaces);
}

std::unique_ptr<EngineDisk> EngineDisk::make(Random& random, bool syncs_later) {
  return make(std::make_unique<MemoryStorage>(),
              std::make_unique<Files>(random.bits(), storage::test::Journal::kNone), random,
              syncs_later);
}

std::unique_ptr<EngineDisk> EngineDisk::make(std::unique_ptr<MemoryStorage> base,
                                             std::unique_ptr<Files> files, Random& random,
                                             bool syncs_later) {
  MemoryStorage& tables = *base;
  Files& disk = *files;
  storage::EngineOptions options = draw_options(random);
  if (syncs_later) options.sync_every = std::chrono::milliseconds(1000);  // No thread does so.
  auto engine = storage::make_stepped_engine(std::move(base), std::move(files), options);
  return std::unique_ptr<EngineDisk>(
      new EngineDisk(std::move(engine), tables, disk, random, syncs_later,
                     options.overlay_bytes * storage::EngineOptions::kLogPart));
}

// The log never loses a commit that it has told of.
Result<void> EngineDisk::open() {
  const bool failed = base_.place().failed;
  auto opened = engine_.open();
  opened_ = opened.ok();
  ANABRANCH_ASSERT(!opened_ || engine_.place().failed == failed);
  return opened;
}

storage::Place EngineDisk::place() const { return opened_ ? engine_.place() : base_.place(); }

Result<Position> EngineDisk::commit(std::span<const storage::LogRecord> records,
                                    const storage::Changes& changes) {
  auto done = engine_.commit(records, changes);
  if (!done.ok()) {
    tell_failure();
    return done;
  }
  const auto figures = engine_.engine();
  const bool nothing = records.empty() && changes.empty();
  const bool flushes = figures->flushing || failed();
  ANABRANCH_ASSERT(nothing || flushes || figures->redo_bytes < redo_bytes_max_);
  return done;
}

Result<bool> EngineDisk::begin_commit(std::span<const storage::LogRecord> records,
                                      const storage::Changes& changes) {
  auto begun = engine_.begin_commit(records, changes);
  if (!begun.ok()) tell_failure();
  return begun;
}

Result<void> EngineDisk::finish_commit() {
  auto finished = engine_.finish_commit();
  if (!finished.ok()) tell_failure();
  return finished;
}

Result<void> EngineDisk::swap(const storage::Changes& changes) {
  auto done = engine_.swap(changes);
  if (!done.ok()) tell_failure();
  return done;
}

Result<bool> EngineDisk::close(std::chrono::milliseconds flush_max) {
  auto closed = engine_.close(flush_max);
  if (!closed.ok()) tell_failure();
  return closed;
}

void EngineDisk::tell_failure() {
  if (const auto failed = std::exchange(failed_, nullptr)) failed();
}

std::unique_ptr<Disk> EngineDisk::crash() const {
  constexpr std::array kSurvivals{Survival::kNone, Survival::kAll, Survival::kRandom};
  const Survival survival = random_.pick(kSurvivals);
  auto base = base_.crash();
  auto files = files_.image(survival, random_.bits());
  leave_hole(*files, *base);
  auto left = make(std::move(base), std::move(files), random_, syncs_later_);
  if (!random_.chance(0.2)) return left;
  left->files_.cut_after(random_.below(30));
  const auto opened = left->open();
  ANABRANCH_ASSERT(opened.ok() || left->files_.is_cut());
  left->work();
  return left->crash();
}

std::unique_ptr<Disk> EngineDisk::clone() const {
  if (files_.is_cut()) return crash();
  return make(base_.clone(), files_.clone(), random_, syncs_later_);
}

bool EngineDisk::failed() const {
  return files_.is_cut() || base_failed_ || (fails_call_ && files_.failed());
}

void EngineDisk::work() {
  while (opened_ && !files_.is_cut() && random_.chance(pace_) && engine_.step()) {
  }
}

// ---- Faults.

void EngineDisk::set_faults(const storage::MemoryFaults& faults) {
  failed_ = faults.failed;
  fails_call_ = false;
  base_.set_faults({.room = faults.room});
  files_.no_failure();
  if (!files_.is_cut()) files_.never_cut();
  if (faults.refuse > 0) return refuse_soon();
  if (faults.fail_commit == 0) return;
  const double kind = random_.unit();
  if (kind < 0.2) {
    base_.set_faults({.fail_commit = faults.fail_commit,
                      .failed = [this] { base_failed_ = true; },
                      .room = faults.room});
  } else if (kind < 0.5) {
    lose_power_soon();
  } else {
    fail_call(faults.fail_commit);
  }
}

void EngineDisk::fail_call(std::size_t n) {
  constexpr std::array kCalls{DiskCall::kWrite,  DiskCall::kWrite,     DiskCall::kSync,
                              DiskCall::kSync,   DiskCall::kCreate,    DiskCall::kRename,
                              DiskCall::kRemove, DiskCall::kSyncFolder};
  files_.fail(random_.pick(kCalls), n);
  fails_call_ = true;
}

void EngineDisk::refuse_soon() {
  constexpr std::array kCalls{DiskCall::kOpen, DiskCall::kCreate, DiskCall::kRename,
                              DiskCall::kSize, DiskCall::kRemove, DiskCall::kCheck};
  constexpr std::array kErrors{EMFILE, ENOSPC, EDQUOT, ENOMEM, EACCES};
  if (random_.chance(0.2)) return base_.set_faults({.refuse = 1 + random_.below(3)});
  files_.fail(random_.pick(kCalls), 1 + random_.below(3), random_.pick(kErrors));
}

void EngineDisk::lose_power_soon() {
  if (!files_.is_cut()) files_.cut_after(random_.below(6), Reads::kGoOn);
}

bool EngineDisk::flip(Position position, std::size_t offset, std::uint8_t bits) {
  const std::string noted = base_.reach().value();
  const storage::Reach reach =
      noted.empty() ? storage::Reach() : storage::decode_reach(noted).value();
  const auto names = files_.list();
  if (offset < kBesideBytes || !names.ok()) return false;
  for (const std::string& name : names.value()) {
    const auto parsed = storage::SegmentName::parse(name);
    if (!parsed) continue;
    const auto segment = storage::open_segment(files_, *parsed);
    if (!segment.ok()) continue;
    const auto at = find_batch(segment.value(), position, reach.ticket);
    if (!at) continue;
    files_.flip(name, *at + offset - kBesideBytes, bits);
    return true;
  }
  return false;
}

bool EngineDisk::flip_behind_reach() {
  storage::Ticket from;
  if (const std::string noted = base_.reach().value(); !noted.empty()) {
    const storage::Reach reach = storage::decode_reach(noted).value();
    from = std::max(reach.ticket, reach.begun.to);
  }
  const auto names = files_.list();
  std::vector<Part> parts;
  for (const std::string& name : names.ok() ? names.value() : std::vector<std::string>()) {
    if (storage::SegmentName::parse(name)) add_parts(files_, name, from, parts);
  }
  if (!parts.empty()) parts.pop_back();
  if (parts.empty()) return false;
  const Part& part = random_.pick(parts);
  const std::size_t at = part.offset + random_.below(part.size);
  files_.flip(part.name, at, static_cast<std::uint8_t>(1U << random_.below(8)));
  return true;
}

bool EngineDisk::rot(storage::Table table, std::string_view key) {
  bool any = false;
  for (std::size_t i = 0; i < storage::kSwappedTables.size(); ++i) {
    if (storage::kSwappedTables.at(i).current != table) continue;
    for (storage::Generation each = 0; each < storage::kGenerationCount; ++each) {
      any = base_.rot(storage::stored_tables(each).at(i), key) || any;
    }
  }
  return any;
}

}  // namespace anabranch::test
