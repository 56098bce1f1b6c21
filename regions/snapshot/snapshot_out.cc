#include "regions/snapshot/snapshot_out.h"

#include <algorithm>
#include <utility>

#include "core/planted_bug.h"

namespace anabranch::regions {

using core::Millis;
using core::Origin;

namespace {

// The limit on a consumer's window.
constexpr std::uint64_t kWindowBytesMax = std::uint64_t{64} << 20U;

}  // namespace

SnapshotOut::SnapshotOut(CommittedState& state, const SnapshotLimits& limits, std::uint64_t nonce,
                         SendTo send, Asking asking, Room room)
    : state_(state),
      limits_(limits),
      send_(std::move(send)),
      asking_(std::move(asking)),
      room_(std::move(room)),
      last_id_(nonce) {}

// ---- Requests.

std::optional<SnapshotRefusal> SnapshotOut::refusal(const SnapshotRequest& wanted) const {
  const std::uint64_t stream = wanted.stream;
  for (const ChainMarks* marks : {&wanted.newest, &wanted.checkpoints}) {
    if (const auto origin = fork_at(*marks, state_.chains())) {
      return SnapshotRefusal{stream,
                             "two histories of origin " + core::to_string(*origin) + " have met"};
    }
  }
  if (const auto origin = unclear_at(wanted.newest, wanted.checkpoints.parted, state_.chains())) {
    if (!asking_ || !asking_(*origin)) return SnapshotRefusal{stream, unclear_text(*origin)};
    return SnapshotRefusal{
        stream,
        "its leader asks others for the history of origin " + core::to_string(*origin) + " first",
        true};
  }
  return std::nullopt;
}

void SnapshotOut::request(Origin peer, std::uint64_t nonce, const SnapshotRequest& wanted,
                          Millis now) {
  Consumer& consumer = consumer_of(peer);
  if (consumer.nonce != nonce) consumer = {.nonce = nonce};
  if (wanted.stream < consumer.stream) return;  // Late.
  consumer.asked_ms = now;
  const std::uint64_t window = std::min(wanted.window, kWindowBytesMax);
  if (wanted.stream > consumer.stream) {
    if (auto refused = refusal(wanted)) {
      send_(peer, *std::move(refused));
      return;
    }
    if (wanted.snapshot != consumer.snapshot) consumer.snapshot = 0;  // It has dropped that one.
    File* file = file_for(wanted, now);
    if (file == nullptr) return;  // It asks again.
    const std::uint64_t from =
        file->id == wanted.snapshot ? std::min(wanted.offset, file->spool->size()) : 0;
    consumer = {.nonce = nonce,
                .stream = wanted.stream,
                .snapshot = file->id,
                .begin = from,
                .next = from,
                .limit = from + window,
                .asked_ms = now};
  } else if (wanted.snapshot == consumer.snapshot) {
    const std::uint64_t taken = std::min(wanted.offset, consumer.next);
    consumer.limit = std::max(consumer.limit, taken + window);
    consumer.taken = taken - std::min(taken, consumer.begin);
  }
  serve(peer, consumer, now);
}

SnapshotOut::Consumer& SnapshotOut::consumer_of(Origin peer) {
  if (consumers_.size() >= kConsumersMax && !consumers_.contains(peer)) {
    consumers_.erase(std::ranges::min_element(
        consumers_, {}, [](const auto& each) { return each.second.asked_ms; }));
  }
  return consumers_[peer];
}

SnapshotOut::File* SnapshotOut::file_for(const SnapshotRequest& wanted, Millis now) {
  if (const auto found = files_.find(wanted.snapshot); found != files_.end()) return &found->second;
  const core::VersionVector least = lower(wanted.least, state_.applied().vector());
  File* shared = nullptr;  // The newest one with something new, and all that it must have.
  for (auto& [id, file] : files_) {
    const bool useful = !wanted.newest.at.includes(file.vector) && file.vector.includes(least);
    if (useful && file.pins) shared = &file;
  }
  if (shared != nullptr && now - shared->made_ms <= limits_.share_ms_max) return shared;
  if (files_.size() == kSpoolsMax) {
    const auto unused = longest_unused(now);
    // A consumer that keeps both busy must not keep others waiting: an old one is as good, since
    // the log is kept from its moment on.
    if (unused == files_.end()) return shared;
    files_.erase(unused);
  }
  const auto begun = begin(now);
  return begun.ok() ? begun.value() : nullptr;
}

SnapshotOut::Files::iterator SnapshotOut::longest_unused(Millis now) {
  auto found = files_.end();
  for (auto file = files_.begin(); file != files_.end(); ++file) {
    if (in_use(file->second, now)) continue;
    if (found == files_.end() || file->second.used_ms < found->second.used_ms) found = file;
  }
  return found;
}

// By a consumer that lacks some of it and asked lately, or may have lost the end and asks for it
// again.
bool SnapshotOut::in_use(const File& file, Millis now) const {
  if (now - file.used_ms < 2 * limits_.ask_again_ms) return true;
  return std::ranges::any_of(consumers_, [&](const auto& each) {
    const Consumer& consumer = each.second;
    if (consumer.snapshot != file.id || now - consumer.asked_ms >= limits_.timeout_ms) return false;
    return file.reader != nullptr || consumer.next < file.spool->size();
  });
}

core::Result<SnapshotOut::File*> SnapshotOut::begin(Millis now) {
  auto spool = state_.make_spool();
  if (!spool.ok()) return spool.failure();
  auto reader = std::make_unique<rows::SnapshotReader>(
      state_.storage().snapshot(), state_.applied().names().origins(), rows::Tallies::kAsLogged);
  SnapshotHeader header;
  header.id = ++last_id_;
  header.rows = reader->size();
  header.heads = state_.applied().heads();
  if (core::planted(core::Bug::kSnapshotWithoutDeps)) {
    for (auto& [origin, head] : header.heads) head.deps = {};
  }
  header.checkpoints = checkpoint_marks(state_.applied(), state_.chains());
  File file{.id = header.id,
            .spool = std::move(spool).value(),
            .reader = std::move(reader),
            .writer = SnapshotWriter(header),
            .last_key = {},
            .vector = state_.applied().vector(),
            .position = state_.storage().last_position(),
            .rows = header.rows,
            .made_ms = now,
            .used_ms = now};
  return &files_.emplace(header.id, std::move(file)).first->second;
}

// ---- Spooling and sending.

core::Result<void> SnapshotOut::spool(File& file, std::size_t rows_max) {
  std::size_t rows = 0;
  bool whole = true;
  file.reader->scan_rows(file.last_key,
                         [&](const std::string& key, const core::Path& path, const crdt::Row& row) {
                           whole = rows < rows_max && file.writer.size() < limits_.slice_bytes_max;
                           if (!whole) return false;
                           file.writer.row(path, row);
                           file.last_key = key;
                           ++rows;
                           return true;
                         });
  if (whole) {
    file.writer.end();
    file.reader.reset();
  }
  return file.spool->append(file.writer.take());
}

bool SnapshotOut::work(Millis now, std::size_t rows_max) {
  const auto unfinished =
      std::ranges::find_if(files_, [](const auto& each) { return each.second.reader != nullptr; });
  if (unfinished == files_.end()) return false;
  const auto done = state_.reading_for_others([&] { return spool(unfinished->second, rows_max); });
  if (!done.ok()) {
    give_up(unfinished, done.failure(), state_.damaged().any());
    return false;
  }
  for (auto& [peer, consumer] : consumers_) serve(peer, consumer, now);
  return true;
}

// No byte leaves before its rows are durable here, as with batches.
void SnapshotOut::serve(Origin peer, Consumer& consumer, Millis now) {
  const auto found = files_.find(consumer.snapshot);
  if (found == files_.end()) return;
  File& file = found->second;
  if (state_.storage().durable_position() < file.position) return;
  const bool complete = file.reader == nullptr;
  const std::uint64_t there = file.spool->size();
  while (consumer.next < std::min(consumer.limit, there) || (complete && !consumer.answered)) {
    const std::uint64_t left = std::min(consumer.limit, there) - std::min(consumer.next, there);
    const std::uint64_t size = std::min<std::uint64_t>(left, limits_.chunk_bytes);
    if (room_ && !room_(peer, size, consumer.taken)) return;
    auto bytes = file.spool->read(consumer.next, size);
    if (!bytes.ok()) return give_up(found, bytes.failure());
    const std::uint64_t offset = consumer.next;
    consumer.next += bytes.value().size();
    consumer.answered = true;
    file.used_ms = now;
    send_(peer, SnapshotChunk{consumer.stream, file.id, offset, complete ? there : 0,
                              std::move(bytes).value()});
  }
}

void SnapshotOut::give_up(Files::iterator file, const core::Failure& why, bool passing) {
  for (auto& [peer, consumer] : consumers_) {
    if (consumer.snapshot != file->first) continue;
    send_(peer, SnapshotRefusal{consumer.stream, why.message, passing});
    consumer.snapshot = 0;
  }
  files_.erase(file);
}

void SnapshotOut::forget() {
  while (!files_.empty()) give_up(files_.begin(), core::invalid("its leader gives way"), true);
}

void SnapshotOut::tick(Millis now) {
  std::erase_if(files_,
                [&](const auto& each) { return now - each.second.used_ms > limits_.hold_ms_max; });
  std::erase_if(consumers_,
                [&](const auto& each) { return now - each.second.asked_ms > limits_.hold_ms_max; });
  // Consumers that wait for the disk, or for room.
  for (auto& [peer, consumer] : consumers_) serve(peer, consumer, now);
}

std::vector<Origin> SnapshotOut::release_log(const LogBytes& log_bytes) {
  std::vector<Origin> released;
  for (auto& [id, file] : files_) {
    if (!file.pins || file.reader != nullptr) continue;
    // A consumer that takes it while as much log is written as it has itself would be no quicker
    // with the log.
    const std::uint64_t most = std::max(limits_.log_bytes_max, file.spool->size());
    if (log_bytes(file.position + 1) <= most) continue;
    file.pins = false;
    for (const auto& [peer, consumer] : consumers_) {
      if (consumer.snapshot == id) released.push_back(peer);
    }
  }
  return released;
}

// ---- Status.

std::optional<storage::Position> SnapshotOut::pinned() const {
  std::optional<storage::Position> first;
  for (const auto& [id, file] : files_) {
    if (!file.pins) continue;
    if (!first || file.position + 1 < *first) first = file.position + 1;
  }
  return first;
}

std::vector<SnapshotOut::Progress> SnapshotOut::progress(Millis now) const {
  std::vector<Progress> all;
  for (const auto& [peer, consumer] : consumers_) {
    const auto found = files_.find(consumer.snapshot);
    if (found == files_.end() || now - consumer.asked_ms > limits_.timeout_ms) continue;
    const File& file = found->second;
    const bool complete = file.reader == nullptr;
    if (complete && consumer.next == file.spool->size()) continue;
    all.push_back({peer, consumer.next, complete ? file.spool->size() : 0, file.writer.rows(),
                   file.rows, file.pins ? file.position + 1 : 0});
  }
  return all;
}

}  // namespace anabranch::regions
