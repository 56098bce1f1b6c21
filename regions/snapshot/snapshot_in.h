// The consuming side of a snapshot: receives it into a spool of its own, resumes after every cut at
// the same byte, and checks it, in slices, before any row of it is merged: order, number and digest
// of the rows, and the chain of every origin, against the hashes known here. The source compares
// the other way, since of each origin the side that is further has the hashes.
//
// Every request can be repeated: losing any message costs time only. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/wall_clock.h"
#include "regions/snapshot/snapshot_limits.h"
#include "regions/snapshot/snapshot_spool.h"
#include "regions/state/committed.h"
#include "regions/wire/message.h"
#include "storage/storage.h"

namespace anabranch::regions {

// How a snapshot is asked for, and when it is of use.
struct SnapshotTerms {
  bool as_empty = false;  // Asks as an empty leader does, and compares nothing.
  bool all = false;       // It is of use even if it has nothing new.
  // Returns the vector that it must have; null: any will do.
  std::function<core::VersionVector()> least = {};
};

class SnapshotIn {
 public:
  using SendTo = std::function<void(core::Origin peer, Message message)>;

  // Begins to ask a peer. The references must outlive this. `streams` numbers the requests of one
  // opening upwards.
  SnapshotIn(CommittedState& committed, const SnapshotLimits& limits, core::Origin source,
             std::uint64_t& streams, SendTo send, core::Millis now, SnapshotTerms terms = {});

  [[nodiscard]] core::Origin source() const { return source_; }
  // Takes a chunk from the source. Fails when there is no room for it.
  core::Result<void> take(SnapshotChunk chunk, core::Millis now);
  // Returns whether a refusal answers the newest request.
  [[nodiscard]] bool refused_by(const SnapshotRefusal& refusal) const {
    return refusal.stream == stream_;
  }
  // Tells that a part of a message from the source comes.
  void part_came(core::Millis now) { asked_ms_ = progress_ms_ = now; }
  // Asks again when no chunk came for a while.
  void tick(core::Millis now);

  enum class State : std::uint8_t { kReceiving, kUseless, kChecked };
  // Checks a slice of the received bytes, at most `rows_max` rows; returns whether more can be
  // checked at once. Fails with the error in the snapshot.
  core::Result<bool> check(std::size_t rows_max);
  // kUseless: the snapshot contains nothing new.
  [[nodiscard]] State state() const { return state_; }
  // Returns whether the source has compared its chains with the present vector here, of the origins
  // in which the snapshot is further.
  [[nodiscard]] bool confirmed() const;
  // Asks the source to compare, unless it is being asked already.
  void confirm(core::Millis now);
  // Compares the snapshot's chains with the hashes known here; fails when a history is another one.
  [[nodiscard]] core::Result<void> compare() const;

  [[nodiscard]] const storage::Spool& spool() const { return *spool_; }
  // Valid once it was received.
  [[nodiscard]] const SnapshotHeader& header() const { return scan_->header(); }
  [[nodiscard]] const core::VersionVector& vector() const { return scan_->vector(); }
  // The time when the last new bytes came, or of the first request after that.
  [[nodiscard]] core::Millis progress_ms() const { return progress_ms_; }
  [[nodiscard]] std::uint64_t bytes() const { return spool_ ? spool_->size() : 0; }
  [[nodiscard]] std::uint64_t bytes_total() const { return total_; }  // 0: not known yet.
  [[nodiscard]] std::uint64_t rows() const { return scan_ ? scan_->rows() : 0; }  // Checked.
  [[nodiscard]] std::uint64_t rows_total() const { return scan_ ? scan_->header().rows : 0; }

 private:
  // Asks for the rest, in a new stream, with all marks; or for more of the same stream.
  void ask(core::Millis now);
  void ask_for_more();
  core::Result<void> begin(std::uint64_t snapshot);
  core::Result<void> append(std::string_view bytes);

  CommittedState& committed_;
  const SnapshotLimits& limits_;
  core::Origin source_;
  std::uint64_t& streams_;
  SendTo send_;

  std::uint64_t stream_ = 0;
  std::uint64_t snapshot_ = 0;
  int begun_ = 0;                  // How often it has begun with another snapshot.
  bool answered_ = false;          // A chunk has come in this stream.
  std::uint64_t limit_ = 0;        // The end of the bytes asked for.
  std::uint64_t total_ = 0;        // Bytes of the whole; 0 as long as it is not known.
  core::VersionVector asked_;      // The vector in the marks of the newest request.
  core::VersionVector confirmed_;  // The same of the newest answered request.
  core::Millis asked_ms_ = 0;
  core::Millis progress_ms_ = 0;
  std::unique_ptr<storage::Spool> spool_;
  std::map<std::uint64_t, std::string> early_;  // Chunks that overtook others, by offset.
  std::unique_ptr<SnapshotScan> scan_;
  State state_ = State::kReceiving;
  const SnapshotTerms terms_;
};

}  // namespace anabranch::regions
