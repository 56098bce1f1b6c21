// The producing side of a subscription: one consumer's origins, served in the order of this
// leader's log, which never puts a batch before those it depends on (origin by origin, a shared
// window deadlocks). No more than the window is under way unacknowledged; when nothing is, one
// batch may be larger than the window. Of ended origins only batches on this leader's disk are
// sent: their consumers rely on it that no leader loses them again.
//
// The log may have any amount of batches that the consumer does not want, and the consumer may name
// any number of origins. So both are looked at in slices, and a stream that has met nothing but
// unwanted batches for a whole slice searches the log anew for those that are wanted. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/wall_clock.h"
#include "regions/state/log_reader.h"
#include "regions/wire/message.h"
#include "storage/storage.h"

namespace anabranch::regions {

class OutStream {
 public:
  // Starts anew as the consumer asks; its streams are numbered upwards from 1, and one that is not
  // newer than the last changes nothing. `applied` is what this leader has: beyond it the log has
  // nothing, and is not looked at. `leaving` tells whether some of what was sent has not left this
  // machine yet: where that is the only batch of the stream so far, and the consumer asks for it
  // again, the new stream begins behind it.
  void subscribe(const Subscribe& wanted, const LogReader& log, const core::VersionVector& applied,
                 bool leaving = false);
  // Whether the stream began behind a batch of the one before: nothing of that may be taken back.
  [[nodiscard]] bool begins_behind() const { return kept_ > 0; }
  void cancel() {
    wanted_.clear();
    sought_.clear();
    goes_on_ = false;
    told_ = {};
  }
  // Tells that the log lacks some of `applied`, which is all that this leader has now: a snapshot
  // was merged.
  void has_gap(const LogReader& log, const core::VersionVector& applied) {
    had_ = applied;
    had_until_ = log.last_position();
  }
  // Takes an ack in; those of older streams say nothing about this one.
  void acknowledge(const Ack& ack);

  // Returns whether a batch of so many bytes may be sent now, besides the window.
  using Room = std::function<bool(std::uint64_t bytes)>;
  // Sends what the window, and `room` unless it is null, allow of the records up to `end`.
  // `applied` is what this leader has: a log with a damaged record lacks some of it. Looks at one
  // slice of the log, and goes on with the next call.
  void pump(const LogReader& log, storage::Position end, const core::VersionVector& applied,
            const std::function<void(BatchMessage)>& send, const Room& room = {});

  // Returns whether the last call has ended for no other reason than its slice: the next one is
  // due.
  [[nodiscard]] bool goes_on() const { return goes_on_; }

  // Returns whether a signed position of an origin must be sent with a subscription, and notes that
  // it is: one that was sent within the last kTellMs is not sent again.
  [[nodiscard]] bool tell(core::Origin origin, core::Seq seq, core::Millis now);
  // A consumer asks for batches that had no room over and over, and has the positions then. One
  // that lacks a position that was lost subscribes again a second later, as for any stall.
  static constexpr core::Millis kTellMs = 1000;

  // Returns whether this origin is sent.
  [[nodiscard]] bool serves(core::Origin origin) const {
    return wanted_.contains(origin) || sought_.contains(origin);
  }

  // Origins that cannot be served any more, with the first seq that can: the log no longer has, or
  // never had, the consumer's next batch.
  [[nodiscard]] const core::VersionVector& trimmed() const { return trimmed_; }
  [[nodiscard]] std::uint64_t id() const { return id_; }
  // The bytes of batches that the consumer has not acknowledged: queued here, on the way, or there.
  [[nodiscard]] std::uint64_t bytes_under_way() const { return sent_ - taken_; }
  [[nodiscard]] std::uint64_t bytes_taken() const { return taken_; }
  // The ops in batches that were sent, in all streams.
  [[nodiscard]] std::uint64_t ops_sent() const { return ops_sent_; }
  // The bytes of records that were read, in all streams.
  [[nodiscard]] std::uint64_t bytes_read() const { return read_; }

  // A slice ends behind so many bytes; each record counts as its own and kRecordBytes more, and
  // each origin that the log is searched for as kSearchBytes.
  static constexpr std::uint64_t kSliceBytes = std::uint64_t{2} << 20U;
  static constexpr std::uint64_t kRecordBytes = 256;
  static constexpr std::uint64_t kSearchBytes = std::uint64_t{32} << 10U;
  // A stream of more origins than this passes over unwanted batches, and does not search anew.
  static constexpr std::size_t kSoughtAgainMax = 32;
  // Sets the bytes of a slice, from the next call on.
  void set_slice(std::uint64_t bytes) { slice_bytes_ = bytes; }

 private:
  class Slice;

  [[nodiscard]] bool may_send(std::size_t bytes) const;
  // Sends the wanted ones of the records up to `end`, as far as the window and the slice allow.
  void walk(const LogReader& log, storage::Position end, const core::VersionVector& applied,
            const std::function<void(BatchMessage)>& send, const Room& room, Slice& slice);
  // Sends a record; the next one of its origin is wanted then.
  void send_next(storage::StoredRecord& record, const LogReader& log,
                 const std::function<void(BatchMessage)>& send);
  // Returns whether the next record is known to be too large for now.
  [[nodiscard]] bool waits(const Room& room) const;
  // Returns whether a record must be on the disk before it is sent, and is not.
  [[nodiscard]] bool too_new(const storage::StoredRecord& record, storage::Position durable) const;
  // Returns whether a record is the one this consumer waits for next.
  bool wants(const storage::StoredRecord& record);
  // Searches the log for the sought origins, as far as the slice allows.
  void search(const LogReader& log, const core::VersionVector& applied, Slice& slice);
  // Finds out where the log has the next batch of an origin. Returns what that takes of a slice.
  std::uint64_t serve(core::Origin origin, core::Seq from, const LogReader& log, core::Seq applied);
  // Searches for all wanted origins with the next call, rather than pass over more of the log.
  void seek_again(const LogReader& log);
  // Finds out of what the log has an end, once all records up to `had_until_` were looked at.
  void find_ends();

  std::uint64_t id_ = 0;
  std::uint64_t window_ = 0;
  std::uint64_t sent_ = 0;   // Bytes, in this stream.
  std::uint64_t taken_ = 0;  // Bytes, acknowledged.
  std::uint64_t ops_sent_ = 0;
  storage::Position cursor_ = 0;
  // A record that was too large for the room that there was, which need not be read again to know.
  storage::Position large_at_ = 0;
  std::uint64_t large_bytes_ = 0;
  // This leader's vector when the stream began, or when the last gap of the log was found since,
  // until the log up to that time has been read.
  core::VersionVector had_;
  storage::Position had_until_ = 0;
  // The only batch that was sent so far, in this stream or the one that it began behind.
  struct Alone {
    core::Origin origin = 0;
    core::Seq first = 0;
    core::Seq last = 0;
  };
  std::optional<Alone> alone_;
  // How many streams in a row began behind it: a consumer that asks on lacks it.
  int kept_ = 0;
  static constexpr int kKeptMax = 3;
  std::map<core::Origin, core::Seq> wanted_;  // The next seq to send of each origin.
  std::map<core::Origin, core::Seq> sought_;  // The same of those not searched for yet.
  bool goes_on_ = false;
  std::uint64_t read_ = 0;
  std::uint64_t slice_bytes_ = kSliceBytes;
  std::vector<core::Origin> ended_;  // As the consumer knows them.
  core::VersionVector trimmed_;
  core::VersionVector told_;  // The signed positions that were sent with subscriptions...
  core::Millis told_ms_ = 0;  // ...since then.
};

}  // namespace anabranch::regions
