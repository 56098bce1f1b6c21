// The write-ahead log of the storage engine: one record per commit, with its batches and the bytes
// of its changes, in segments of a folder. docs/formats.md has the bytes, wal_recovery.h opens it.
//
// One thread at a time appends, trims and closes. Any thread may call all other functions, also
// sync() while another one appends. After a failed write or sync the log is closed for writes:
// every later append, sync and trim fails with the same reason. Reads go on.
//
// All else that an append needs from the system, a file for the next segment and its name, is got
// before: by make_ready(). A failure there that may pass (Failure::passes) refuses the append, and
// has changed nothing; the next one tries again.
//
// A segment is begun in this order, which makes a power cut at any place safe:
//   1. a file is open, with room on the disk, under the name of a spare one;
//   2. the segment before is synced: so a name proves that all before it was on disk;
//   3. the header is written and synced, the file gets its name, and the folder is synced;
//   4. the segment before gets its footer, which nobody waits for.
// In 1, and when the file cannot get its name, a cause that may pass refuses; all else closes.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "storage/noted_failure.h"
#include "storage/storage.h"
#include "storage/wal/files.h"
#include "storage/wal/spare_files.h"
#include "storage/wal/ticket.h"
#include "storage/wal/wal_segment.h"

namespace anabranch::storage {

struct WalOptions {
  std::uint64_t segment_bytes = std::uint64_t{16} << 20U;  // Of a file, with its header.
  // Of the first file of an opening: a store with few writes takes little room. At most as many as
  // above.
  std::uint64_t first_bytes = std::uint64_t{1} << 20U;
  std::size_t spares = 1;  // The most files kept for later.
};

// A segment, for the keeper of the log: trimming removes whole ones.
struct WalSpan {
  Position first = 0;  // The position of its first batch, or of the next one.
  std::uint64_t bytes = 0;
};

class WalReader;

class Wal {
 public:
  // So many segments behind the newest one stay open; others are opened when they are read.
  static constexpr std::size_t kOpenSegments = 3;

  // How far the log goes: the end of its stream, and the position of its last batch.
  struct Reach {
    Ticket ticket;
    Position position = 0;
  };
  // The segments in order, all of them on disk.
  struct State {
    std::vector<std::shared_ptr<Segment>> segments;
    SpareFiles spares;
    Reach reach;
    std::uint64_t opening = 0;
    std::optional<core::Failure> closed = {};  // Why nothing can be appended.
  };
  // For open_wal().
  Wal(Files& files, const WalOptions& options, State state);

  // Makes ready for the next append, of a record with so many bytes and batches, about: begins the
  // next segment where the last one has too little room. For the thread that appends. A failure
  // that may pass has changed nothing.
  core::Result<void> make_ready(std::uint64_t bytes, std::uint64_t batches);
  // Whether that begins a segment, and so waits for the disk. For the thread that appends.
  [[nodiscard]] bool begins_segment(std::uint64_t bytes, std::uint64_t batches) const {
    return !fits(needed(bytes, batches));
  }
  // Appends a commit: the batches get the next positions. It is not on disk before a sync. Fails
  // with kInvalid, and changes nothing, when the commit is larger than 4 GiB. Makes itself ready
  // when that was not done. Else a record that is larger than was said is written behind the room
  // of the segment, which then takes more of the disk.
  core::Result<Ticket> append(std::span<const LogRecord> batches, std::string_view changes);
  // Returns when all that was appended before the call is on disk; returns how far that is.
  core::Result<Ticket> sync();
  // The same for a commit and all before it; returns at once when these are on disk.
  core::Result<void> sync_to(Ticket ticket);
  // Ends this opening well: the next one is told so, and that all before was on disk. Nothing can
  // be appended afterwards.
  core::Result<void> close();

  // Return how far the log goes, and how far of it is known to be on disk.
  [[nodiscard]] Reach last() const;
  [[nodiscard]] Reach durable() const;
  // Returns how many bytes at the end of the log are not known to be on disk.
  [[nodiscard]] std::uint64_t unsynced_bytes() const;
  // Returns why the log is closed for writes; nullopt while it is open.
  [[nodiscard]] std::optional<core::Failure> failure() const { return failure_.get(); }
  // Returns the number of this opening, which no other opening of this log has.
  [[nodiscard]] std::uint64_t opening() const { return opening_; }

  // Returns a reader of the batches from `position` on, or from the first one that is left. It must
  // end before the log does.
  [[nodiscard]] WalReader read(Position position) const;
  // Returns the position of the first batch of `origin` whose last seq is at least `seq`; nullopt
  // when the log has none. The batches of an origin lie in the order of their seqs.
  [[nodiscard]] core::Result<std::optional<Position>> find(core::Origin origin,
                                                           core::Seq seq) const;
  // Returns the bytes of the files of all segments.
  [[nodiscard]] std::uint64_t file_bytes() const;
  // Returns all segments, the oldest first.
  [[nodiscard]] std::vector<WalSpan> spans() const;
  // Removes the segments with nothing but batches before `position` and commits up to `floor`: how
  // far the tables on disk reach. The last segment stays, and so does one that cannot be removed
  // for a cause that may pass, with all behind it: they are left to trim_again(). So are all while
  // another thread waits for the disk: a slow sync does not hold the caller.
  core::Result<void> trim(Position position, Ticket floor);
  // Removes the segments that the last trim has left. Takes next to no time when there are none.
  core::Result<void> trim_again();
  // Returns the begin of the last segment when half of its room is used: a spare file for the next
  // one should be prepared. nullopt before. For the thread that appends.
  [[nodiscard]] std::optional<std::uint64_t> half_full() const;
  // Returns the name of the last segment. For the thread that appends.
  [[nodiscard]] const SegmentName& newest() const { return segments_.back()->header.name; }
  // Makes a spare file for the next segment unless there is one: to be called by a thread that may
  // wait, one at a time. A failure that may pass (a full disk) does not close the log.
  core::Result<void> prepare();
  // Removes the spare files, for a disk that is nearly full. New ones are made when there is room.
  // Does nothing while another thread waits for the disk: to be asked again.
  core::Result<void> give_back_spares();
  // Fails when the file of the last segment was removed: what is appended would be lost. Any
  // thread.
  [[nodiscard]] core::Result<void> check_last() const;
  // The same for all segments with something behind `floor`, how far the tables reach; asks the
  // disk for each of them.
  [[nodiscard]] core::Result<void> check_all(Ticket floor) const;
  // Returns how many bytes more the last segment has room for on the disk.
  [[nodiscard]] std::uint64_t room_ahead() const;

  // The segment with a place of the stream, for readers: it stays as it is while it is held.
  struct Stretch {
    std::shared_ptr<const Segment> segment;
    std::uint64_t end = 0;  // Where it ends by now.
  };
  // Returns nullopt at the end of the log and behind it, and the first stretch for what is trimmed.
  [[nodiscard]] std::optional<Stretch> stretch_at(std::uint64_t place) const;

 private:
  using Segments = std::vector<std::shared_ptr<Segment>>;

  core::Result<Ticket> append_record(RecordKind kind, std::span<const LogRecord> batches,
                                     std::string_view changes);
  core::Result<void> write_record(const RecordHeader& header);
  [[nodiscard]] RecordHeader next_header(RecordKind kind) const;
  // Begins a segment with room for so many bytes.
  core::Result<void> roll(std::uint64_t bytes);
  // The oldest of the segments that were open gives its descriptor up.
  void let_one_rest();
  core::Result<void> sync_last(Segment& segment);
  [[nodiscard]] std::shared_ptr<Segment> make_segment(const SpareFile& spare) const;
  // Writes the header of a segment into a spare file, and gives that its name.
  core::Result<void> name_segment(const Segment& segment, const SpareFile& spare);
  // Returns the bytes that a record needs of a segment, with the footer behind it.
  [[nodiscard]] std::uint64_t needed(std::uint64_t bytes, std::uint64_t batches) const;
  [[nodiscard]] bool fits(std::uint64_t bytes) const;
  // Notes a trim for trim_again().
  void leave(Position position, Ticket floor);
  // Takes the first segment, if a trim removes it; else null.
  std::shared_ptr<Segment> take_first(Position position, Ticket floor);
  core::Result<void> remove(const std::shared_ptr<Segment>& segment,
                            std::vector<std::string>& kept);
  // Closes the log for writes; returns the failure, which does not pass any more.
  core::Failure close_with(core::Failure failure);
  // Returns a failure that may pass as it is; else closes the log for writes.
  core::Failure refuse_or_close(const core::Failure& failure);
  // Returns the segment that a position lies in, the first one for what is trimmed. Under state_.
  [[nodiscard]] Segments::const_iterator segment_of(Position position) const;
  // Return the last entry of an origin that begins at `seq` or before it, and the first one behind
  // a position; nullopt when there is none.
  [[nodiscard]] std::optional<IndexEntry> entry_until(core::Origin origin, core::Seq seq) const;
  [[nodiscard]] std::optional<IndexEntry> entry_behind(core::Origin origin,
                                                       Position position) const;
  // Returns whether the record of an entry is large, so that it is not read where the index tells
  // enough.
  [[nodiscard]] core::Result<bool> is_large(const IndexEntry& entry) const;
  [[nodiscard]] core::Result<std::optional<Position>> find_in_block(const IndexEntry& entry,
                                                                    core::Seq seq) const;

  Files& files_;
  const WalOptions options_;
  const std::uint64_t opening_;
  std::string buffer_;  // The record that is being written.
  bool ready_ = false;  // Made so for the next append; used by the writer alone.
  std::uint64_t begun_ =
      0;  // Up to here the disk has begun with the log, or has it. Used by the writer alone.

  mutable std::mutex disk_;  // Held while the disk is waited for: by sync, roll and trim.
  SpareFiles spares_;        // Under disk_.

  mutable std::mutex state_;  // Taken after disk_, and shortly.
  // Of the last trim, when it has left segments.
  struct Untrimmed {
    Position position = 0;
    Ticket floor;
  };
  std::optional<Untrimmed> untrimmed_;
  Segments segments_;
  Reach last_;
  Reach durable_;
  NotedFailure failure_;  // Noted first under state_.
  bool closed_ = false;
};

}  // namespace anabranch::storage
