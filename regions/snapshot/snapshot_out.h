// The producing side of snapshots. On request, all rows of this replica at one moment are written
// to a spool, in slices, and served from there as a stream of bytes. The storage snapshot ends as
// soon as the spool is written: a slow consumer costs disk, and no old pages of the tables.
//
// Consumers that come soon after each other share a spool. It is kept for a while after its last
// use, so that a cut transfer can go on, and it pins the log from its moment on: a leader that
// merges the snapshot can then be served from the log. It does so up to a number of bytes of log: a
// consumer that is so slow, or gone, needs another snapshot, but the log does not fill the disk.
//
// No threads, clocks or files of its own. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/wall_clock.h"
#include "regions/snapshot/snapshot_limits.h"
#include "regions/snapshot/snapshot_spool.h"
#include "regions/state/committed.h"
#include "regions/wire/message.h"
#include "rows/snapshot_reader.h"
#include "storage/storage.h"

namespace anabranch::regions {

class SnapshotOut {
 public:
  static constexpr std::size_t kSpoolsMax = 2;
  // So many consumers are remembered: as many as there are peers. The one that has asked for
  // nothing for longest is forgotten first; when it asks again it goes on as before.
  static constexpr std::size_t kConsumersMax = 1024;

  // Sends a message to a peer; it may be lost.
  using SendTo = std::function<void(core::Origin peer, Message message)>;
  // Returns whether a chunk of so many bytes may be sent to a peer now that has taken so many of
  // its stream.
  using Room = std::function<bool(core::Origin peer, std::uint64_t bytes, std::uint64_t taken)>;
  // Returns whether it may still become known which history of an origin a consumer has (Forks).
  using Asking = std::function<bool(core::Origin origin)>;

  // The references must outlive this. `nonce` is a random number of this opening: no two snapshots
  // have the same id.
  SnapshotOut(CommittedState& state, const SnapshotLimits& limits, std::uint64_t nonce, SendTo send,
              Asking asking = {}, Room room = {});

  // Takes a request of a peer in; `nonce` tells its openings apart.
  void request(core::Origin peer, std::uint64_t nonce, const SnapshotRequest& wanted,
               core::Millis now);
  // Spools a slice of at most `rows_max` rows and sends the spooled bytes; returns whether more is
  // to be spooled.
  bool work(core::Millis now, std::size_t rows_max);
  // Drops all spools and consumers: this replica becomes another one.
  void forget();
  // Drops spools that no consumer has asked for lately, forgets the consumers that have not, and
  // sends what there is room for.
  void tick(core::Millis now);
  // Returns the bytes that the log has from a position on.
  using LogBytes = std::function<std::uint64_t(storage::Position)>;
  // Ends the pins of snapshots behind which the log has become too long; returns their consumers.
  std::vector<core::Origin> release_log(const LogBytes& log_bytes);

  // The position from which the log must be kept; nullopt when there is none.
  [[nodiscard]] std::optional<storage::Position> pinned() const;
  // Transfers under way, for status: {peer: bytes sent, of how many}.
  struct Progress {
    core::Origin peer = 0;
    std::uint64_t bytes = 0;
    std::uint64_t bytes_total = 0;  // 0 as long as it is not known.
    std::uint64_t rows = 0;         // Spooled.
    std::uint64_t rows_total = 0;
    storage::Position pinned = 0;  // The log from here on is kept for it; 0: none is.
  };
  [[nodiscard]] std::vector<Progress> progress(core::Millis now) const;
  // The number of consumers that are remembered.
  [[nodiscard]] std::size_t consumers() const { return consumers_.size(); }

 private:
  // One snapshot: being spooled as long as there is a reader, complete afterwards.
  struct File {
    std::uint64_t id = 0;
    std::unique_ptr<storage::Spool> spool;
    std::unique_ptr<rows::SnapshotReader> reader;
    SnapshotWriter writer;
    std::string last_key;
    core::VersionVector vector;
    storage::Position position = 0;  // The newest record of the log that is in it.
    bool pins = true;                // The log behind it is kept.
    std::uint64_t rows = 0;          // As the table says.
    core::Millis made_ms = 0;
    core::Millis used_ms = 0;
  };
  struct Consumer {
    std::uint64_t nonce = 0;
    std::uint64_t stream = 0;
    std::uint64_t snapshot = 0;
    std::uint64_t begin = 0;  // Of the stream.
    std::uint64_t next = 0;   // The next byte to send.
    std::uint64_t limit = 0;  // The first byte not to be sent.
    bool answered = false;    // Something was sent in this stream.
    std::uint64_t taken = 0;  // Bytes of it, as the consumer has said.
    core::Millis asked_ms = 0;
  };
  using Files = std::map<std::uint64_t, File>;

  // The state of a consumer, a new one if it is not remembered.
  Consumer& consumer_of(core::Origin peer);
  // The answer to a consumer that gets no snapshot; nullopt when it may have one.
  [[nodiscard]] std::optional<SnapshotRefusal> refusal(const SnapshotRequest& wanted) const;
  // The snapshot to go on with, or a recent one with something new, or a new one; if there is no
  // room for that an older one, or null.
  File* file_for(const SnapshotRequest& wanted, core::Millis now);
  // Returns the spool that has been unused for longest, of those that are not sent any more; end()
  // if there is none.
  Files::iterator longest_unused(core::Millis now);
  // Returns whether a spool is still being sent.
  [[nodiscard]] bool in_use(const File& file, core::Millis now) const;
  core::Result<File*> begin(core::Millis now);
  // Writes a slice of the rows; the file is complete when the reader is gone. Throws
  // Error{kCorrupt}.
  core::Result<void> spool(File& file, std::size_t rows_max);
  void serve(core::Origin peer, Consumer& consumer, core::Millis now);
  void give_up(Files::iterator file, const core::Failure& why, bool passing = false);

  CommittedState& state_;
  const SnapshotLimits& limits_;
  SendTo send_;
  Asking asking_;  // Null: never.
  Room room_;      // Null: always.
  std::uint64_t last_id_;
  Files files_;
  std::map<core::Origin, Consumer> consumers_;
};

}  // namespace anabranch::regions
