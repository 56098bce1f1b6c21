#include "storage/wal/wal.h"

#include <algorithm>
#include <utility>

#include "core/planted_bug.h"
#include "storage/wal/wal_reader.h"

namespace anabranch::storage {

using core::Bug;
using core::Failure;
using core::planted;
using core::Result;

namespace {

// The memory of a longer record is given back.
constexpr std::size_t kBufferKeptMax = std::size_t{4} << 20U;
// Where commits do not wait for the disk it begins with the log after so many bytes each: so the
// sync before the next segment, for which writers wait, has little left. RocksDB does the same
// (its option wal_bytes_per_sync).
constexpr std::uint64_t kBegunBytes = std::uint64_t{1} << 20U;

}  // namespace

Wal::Wal(Files& files, const WalOptions& options, State state)
    : files_(files),
      options_(options),
      opening_(state.opening),
      spares_(std::move(state.spares)),
      segments_(std::move(state.segments)),
      last_(state.reach),
      durable_(state.reach),
      failure_(std::move(state.closed)) {}

Failure Wal::close_with(Failure failure) {
  failure.passes = false;
  const std::lock_guard lock(state_);
  if (!failure_.is_noted()) failure_.note(std::move(failure));
  return *failure_.get();
}

Failure Wal::refuse_or_close(const Failure& failure) {
  return failure.passes ? failure : close_with(failure);
}

Wal::Reach Wal::last() const {
  const std::lock_guard lock(state_);
  return last_;
}

Wal::Reach Wal::durable() const {
  const std::lock_guard lock(state_);
  return durable_;
}

Result<Ticket> Wal::append(std::span<const LogRecord> batches, std::string_view changes) {
  return append_record(RecordKind::kCommit, batches, changes);
}

RecordHeader Wal::next_header(RecordKind kind) const {
  const std::lock_guard lock(state_);
  return {.kind = kind,
          .place = last_.ticket.end,
          .opening = opening_,
          .synced = durable_.ticket.end,
          .first = last_.position + 1};
}

std::uint64_t Wal::needed(std::uint64_t bytes, std::uint64_t batches) const {
  return bytes + segments_.back()->index.encoded_size(batches);
}

Result<void> Wal::make_ready(std::uint64_t bytes, std::uint64_t batches) {
  ready_ = false;
  if (auto closed = failure()) return *closed;
  if (begins_segment(bytes, batches)) {
    auto rolled = roll(bytes + SparseIndex().encoded_size(batches));
    if (!rolled.ok()) return rolled;
  }
  ready_ = true;
  return {};
}

bool Wal::fits(std::uint64_t bytes) const {
  // Only this thread begins segments and moves the end: no lock is needed to read them.
  const Segment& segment = *segments_.back();
  return segment.offset(last_.ticket.end) + bytes <= segment.room;
}

std::optional<std::uint64_t> Wal::half_full() const {
  const Segment& segment = *segments_.back();
  if (segment.offset(last_.ticket.end) < segment.room / 2) return std::nullopt;
  return segment.start();
}

Result<Ticket> Wal::append_record(RecordKind kind, std::span<const LogRecord> batches,
                                  std::string_view changes) {
  if (auto closed = failure()) return *closed;
  RecordHeader header = next_header(kind);
  if (auto made = encode_record(buffer_, header, batches, changes); !made.ok()) {
    return made.failure();
  }
  if (!ready_ && kind == RecordKind::kCommit) {
    if (auto ready = make_ready(buffer_.size(), batches.size()); !ready.ok()) {
      return ready.failure();
    }
  }
  ready_ = false;
  if (auto written = write_record(header); !written.ok()) return close_with(written.failure());
  if (buffer_.size() > kBufferKeptMax) std::string().swap(buffer_);
  return Ticket{header.end()};
}

Result<void> Wal::write_record(const RecordHeader& header) {
  Segment& segment = *segments_.back();
  auto written = segment.file->write(segment.offset(header.place), buffer_);
  if (!written.ok()) return written;
  {
    const std::lock_guard lock(state_);
    add_to_index(segment.index, header, std::string_view(buffer_).substr(kRecordHeaderSize));
    last_ = {Ticket{header.end()}, header.next_position() - 1};
    begun_ = std::max({begun_, durable_.ticket.end, segment.start()});
  }
  if (header.end() - begun_ < kBegunBytes) return {};
  segment.file->begin_sync(segment.offset(begun_), header.end() - begun_);
  begun_ = header.end();
  return {};
}

// The caller holds disk_: of two syncs at the same time only one would be told of a failure.
Result<void> Wal::sync_last(Segment& segment) {
  const Reach reach = last();
  if (auto synced = segment.file->sync(); !synced.ok()) {
    return planted(Bug::kGoOnAfterFailure) ? synced : close_with(synced.failure());
  }
  const std::lock_guard lock(state_);
  durable_ = reach;
  return {};
}

Result<Ticket> Wal::sync() {
  const std::lock_guard disk(disk_);
  std::shared_ptr<Segment> segment;
  {
    const std::lock_guard lock(state_);
    if (const auto failed = failure_.get()) return *failed;
    if (durable_.ticket == last_.ticket) return durable_.ticket;
    segment = segments_.back();
  }
  if (auto synced = sync_last(*segment); !synced.ok()) return synced.failure();
  return durable().ticket;
}

Result<void> Wal::sync_to(Ticket ticket) {
  if (durable().ticket >= ticket) return {};
  auto synced = sync();
  return synced.ok() ? Result<void>() : synced.failure();
}

// A record says how far the log was on disk before it: the last one says so of all others.
Result<void> Wal::close() {
  if (!planted(Bug::kCloseUnsynced)) {
    if (auto synced = sync(); !synced.ok()) return synced.failure();
  }
  if (auto ended = append_record(RecordKind::kClosing, {}, {}); !ended.ok()) {
    return ended.failure();
  }
  if (auto synced = sync(); !synced.ok()) return synced.failure();
  close_with({ErrorCode::kInvalid, "the log is closed"});
  return {};
}

Result<void> Wal::roll(std::uint64_t bytes) {
  const std::lock_guard disk(disk_);
  if (auto closed = failure()) return *closed;
  auto taken = spares_.take(kSegmentHeaderSize + bytes);
  if (!taken.ok()) return refuse_or_close(taken.failure());
  const SpareFile& spare = taken.value();
  const Segment& old = *segments_.back();
  std::shared_ptr<Segment> next = make_segment(spare);
  if (planted(Bug::kNameBeforeSync)) (void)name_segment(*next, spare);
  if (!planted(Bug::kRollWithoutSync)) {
    if (auto synced = sync_last(*segments_.back()); !synced.ok()) return synced;
  }
  if (!planted(Bug::kNameBeforeSync)) {
    if (auto named = name_segment(*next, spare); !named.ok()) return named;
  }
  const std::uint64_t end = last_.ticket.end;
  const bool has_room = old.offset(end) + old.index.encoded_size() <= old.room;
  if (has_room && old.start() != end) {
    if (auto written = write_footer(old, end); !written.ok()) return close_with(written.failure());
  }
  {
    const std::lock_guard lock(state_);
    // One without a record had too little room for a larger one: its name is that of the new one.
    if (segments_.back()->start() == end) segments_.pop_back();
    segments_.push_back(std::move(next));
  }
  let_one_rest();
  return {};
}

// Only the thread that appends, and rolls, adds segments, and a trim of another one waits for
// disk_.
void Wal::let_one_rest() {
  if (segments_.size() <= kOpenSegments) return;
  segments_[segments_.size() - 1 - kOpenSegments]->file->rest();
}

std::shared_ptr<Segment> Wal::make_segment(const SpareFile& spare) const {
  auto segment = std::make_shared<Segment>();
  const Segment& old = *segments_.back();
  const bool follows = old.start() != last_.ticket.end;
  segment->header = {.name = {last_.ticket.end, opening_},
                     .synced = last_.ticket.end,
                     .previous = follows ? old.start() : old.header.previous,
                     .first = last_.position + 1};
  segment->file = spare.file;
  segment->room = spare.room;
  return segment;
}

Result<void> Wal::name_segment(const Segment& segment, const SpareFile& spare) {
  auto written = segment.file->write(0, encode_segment_header(segment.header));
  if (written.ok()) written = segment.file->sync();
  if (!written.ok()) return close_with(written.failure());
  const auto named = files_.rename(spare.name, segment.header.name.text());
  if (!named.ok()) {
    spares_.put_back(spare);
    return refuse_or_close(named.failure());
  }
  if (planted(Bug::kWriteBeforeName)) return {};
  auto synced = files_.sync_folder();
  return synced.ok() ? synced : close_with(synced.failure());
}

std::vector<WalSpan> Wal::spans() const {
  const std::lock_guard lock(state_);
  std::vector<WalSpan> spans;
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const bool is_last = i + 1 == segments_.size();
    const std::uint64_t end = is_last ? last_.ticket.end : segments_[i + 1]->start();
    spans.push_back({segments_[i]->header.first, end - segments_[i]->start()});
  }
  return spans;
}

std::uint64_t Wal::file_bytes() const {
  std::uint64_t bytes = 0;
  std::uint64_t begin = kNoSegment;
  const std::lock_guard lock(state_);
  for (auto at = segments_.rbegin(); at != segments_.rend(); ++at) {
    const Segment& segment = **at;
    const bool is_last = begin == kNoSegment;
    bytes +=
        is_last ? std::max(segment.room, segment.offset(last_.ticket.end)) : segment.offset(begin);
    begin = segment.start();
  }
  return bytes;
}

std::shared_ptr<Segment> Wal::take_first(Position position, Ticket floor) {
  const std::lock_guard lock(state_);
  if (segments_.size() < 2) return nullptr;
  const Segment& next = *segments_[1];
  if (next.header.first > position || next.start() > floor.end) return nullptr;
  std::shared_ptr<Segment> first = std::move(segments_.front());
  segments_.erase(segments_.begin());
  return first;
}

// A file that a reader holds is not used again: the reader must find its bytes as they were.
Result<void> Wal::remove(const std::shared_ptr<Segment>& segment, std::vector<std::string>& kept) {
  const std::string name = segment->header.name.text();
  const auto size = segment->file->size();
  if (!size.ok()) return size.failure();
  if (segment.use_count() > 1 || !spares_.wants(size.value(), kept.size()))
    return files_.remove(name);
  const std::string spare = spares_.next_name();
  if (auto named = files_.rename(name, spare); !named.ok()) return named;
  kept.push_back(spare);
  return {};
}

Result<void> Wal::trim(Position position, Ticket floor) {
  const std::unique_lock disk(disk_, std::try_to_lock);
  if (!disk) {
    leave(position, floor);
    return {};
  }
  if (auto closed = failure()) return *closed;
  std::vector<std::string> kept;
  bool any = false;
  while (std::shared_ptr<Segment> segment = take_first(position, floor)) {
    auto removed = remove(segment, kept);
    any = any || removed.ok();
    if (removed.ok()) continue;
    if (!removed.failure().passes) return close_with(removed.failure());
    leave(position, floor);
    const std::lock_guard lock(state_);
    segments_.insert(segments_.begin(), std::move(segment));
    break;
  }
  if (!any) return {};
  // The old names must be gone before a file is used again.
  if (auto synced = files_.sync_folder(); !synced.ok()) return close_with(synced.failure());
  for (std::string& name : kept) spares_.add(std::move(name));
  return {};
}

void Wal::leave(Position position, Ticket floor) {
  const std::lock_guard lock(state_);
  untrimmed_ = {position, floor};
}

Result<void> Wal::trim_again() {
  std::unique_lock lock(state_);
  const auto left = std::exchange(untrimmed_, std::nullopt);
  lock.unlock();
  return left ? trim(left->position, left->floor) : Result<void>();
}

Result<void> Wal::prepare() {
  std::string name;
  {
    const std::lock_guard disk(disk_);
    if (auto closed = failure()) return *closed;
    if (spares_.count() > 0 || !spares_.has_room()) return {};
    name = spares_.next_name();
  }
  const auto made = spares_.make(name);
  if (!made.ok()) {
    (void)files_.remove(name);  // Frees the room that it took; the next opening removes it else.
    return refuse_or_close(made.failure());
  }
  const std::lock_guard disk(disk_);
  spares_.add(std::move(name));
  return {};
}

Result<void> Wal::give_back_spares() {
  const std::unique_lock disk(disk_, std::try_to_lock);
  return disk ? spares_.clear() : Result<void>();
}

std::uint64_t Wal::unsynced_bytes() const {
  const std::lock_guard lock(state_);
  return last_.ticket.end - durable_.ticket.end;
}

namespace {

Failure removed(const std::string& name) {
  return {ErrorCode::kIo, "the file " + name +
                              " of the write-ahead log was removed while it was open, so nobody "
                              "would ever find what is written here: restart"};
}

}  // namespace

Result<void> Wal::check_last() const {
  std::shared_ptr<const Segment> last;
  {
    const std::lock_guard lock(state_);
    last = segments_.back();
  }
  const auto names = last->file->names();
  if (!names.ok()) return names.failure();
  return names.value() > 0 ? Result<void>() : removed(last->header.name.text());
}

Result<void> Wal::check_all(Ticket floor) const {
  std::vector<std::string> names;
  {
    const std::lock_guard lock(state_);
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      const bool needed = i + 1 == segments_.size() || segments_[i + 1]->start() > floor.end;
      if (needed) names.push_back(segments_[i]->header.name.text());
    }
  }
  for (const std::string& name : names) {
    const auto there = files_.has(name);
    if (!there.ok()) return there.failure();
    if (!there.value()) return removed(name);
  }
  return {};
}

std::uint64_t Wal::room_ahead() const {
  const std::lock_guard lock(state_);
  const Segment& segment = *segments_.back();
  return segment.room - std::min(segment.room, segment.offset(last_.ticket.end));
}

std::optional<Wal::Stretch> Wal::stretch_at(std::uint64_t place) const {
  const std::lock_guard lock(state_);
  if (place >= last_.ticket.end || segments_.empty()) return std::nullopt;
  auto behind =
      std::upper_bound(segments_.begin(), segments_.end(), place,
                       [](std::uint64_t at, const auto& segment) { return at < segment->start(); });
  if (behind == segments_.begin()) ++behind;
  const std::uint64_t end = behind == segments_.end() ? last_.ticket.end : (*behind)->start();
  return Stretch{*std::prev(behind), end};
}

WalReader Wal::read(Position position) const {
  const std::lock_guard lock(state_);
  if (segments_.empty()) return {*this, last_.ticket.end, position};
  const Segment& segment = **segment_of(position);
  return {*this, segment.index.place_before(position).value_or(segment.start()), position};
}

Wal::Segments::const_iterator Wal::segment_of(Position position) const {
  const auto behind =
      std::upper_bound(segments_.begin(), segments_.end(), position,
                       [](Position at, const auto& segment) { return at < segment->header.first; });
  return behind == segments_.begin() ? behind : std::prev(behind);
}

std::optional<IndexEntry> Wal::entry_until(core::Origin origin, core::Seq seq) const {
  const std::lock_guard lock(state_);
  for (auto segment = segments_.rbegin(); segment != segments_.rend(); ++segment) {
    if (auto entry = (*segment)->index.last_until(origin, seq)) return entry;
  }
  return std::nullopt;
}

std::optional<IndexEntry> Wal::entry_behind(core::Origin origin, Position position) const {
  const std::lock_guard lock(state_);
  for (auto segment = segment_of(position); segment != segments_.end(); ++segment) {
    if (auto entry = (*segment)->index.first_behind(origin, position)) return entry;
  }
  return std::nullopt;
}

Result<bool> Wal::is_large(const IndexEntry& entry) const {
  const auto stretch = stretch_at(entry.place);
  if (!stretch) return false;
  const auto header = SegmentScan(*stretch->segment).header_at(entry.place, stretch->end);
  if (!header.ok()) return header.failure();
  return header.value() && header.value()->body_size() >= kIndexBlock;
}

Result<std::optional<Position>> Wal::find_in_block(const IndexEntry& entry, core::Seq seq) const {
  WalReader reader(*this, entry.place, entry.position);
  for (;;) {
    const auto next = reader.next();
    if (!next.ok()) return next.failure();
    if (!next.value()) break;
    const PlacedBatch& placed = *next.value();
    if (placed.place / kIndexBlock != entry.place / kIndexBlock) break;
    const bool found = placed.batch.origin == entry.origin && placed.batch.last >= seq;
    if (found) return std::optional(placed.position);
  }
  return std::optional<Position>();
}

Result<std::optional<Position>> Wal::find(core::Origin origin, core::Seq seq) const {
  // The batch with `seq` may begin in the block before; behind it, every block has a first batch.
  auto entry = entry_until(origin, seq);
  if (!entry) entry = entry_behind(origin, 0);
  if (entry && entry->first == seq) {
    // Leaders ask for the same place each second while a peer lacks it.
    const auto large = is_large(*entry);
    if (!large.ok()) return large.failure();
    if (large.value()) return std::optional(entry->position);
  }
  for (; entry; entry = entry_behind(origin, entry->position)) {
    auto found = find_in_block(*entry, seq);
    if (!found.ok() || found.value()) return found;
  }
  return std::optional<Position>();
}

}  // namespace anabranch::storage
