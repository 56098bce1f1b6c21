// The leader on another thread, for a piece of its work that takes long: the commit of a large
// group, or a turn with much to apply. The loop goes on meanwhile, with reads of the committed
// state and all that needs no leader.
//
//   aside.begin_commit();               // From now on the leader is away.
//   ...                                 // Functions of it that are thread-safe, and no others.
//   const auto done = aside.end();      // When fd() is readable, or before: then it waits.
//
// Unlike the work of a strand it needs no place to stop at, since readers never wait for the
// leader (leader.h). Where the system has no thread for it, it is done before begin_ returns.
#pragma once

#include <chrono>
#include <optional>

#include "core/result.h"
#include "leader/leader.h"
#include "rows/published_vector.h"
#include "server/resp/slices/strand.h"
#include "server/resp/watched_keys.h"
#include "storage/engine/side_thread.h"

namespace anabranch::server {

class LeaderAside {
 public:
  // The result of the work.
  struct Done {
    // Of a commit, as by Leader::commit().
    core::Result<void> committed = {};
    // Of a turn, the time until the next one; nothing after a commit.
    std::optional<std::chrono::milliseconds> rest = {};
  };

  // Both must outlive it. `waited` counts the nanoseconds that end() waits; it may be null, else it
  // must outlive this.
  LeaderAside(leader::Leader& leader, WatchedKeys& watched, Strand::Spent* waited = nullptr)
      : leader_(leader), watched_(watched), waited_(waited) {}

  // Begins Leader::commit(), or Leader::turn(), and follows the log to its end. The leader must not
  // be away.
  void begin_commit();
  void begin_turn();
  // Whether the leader is away, up to end().
  [[nodiscard]] bool away() const { return run_.has_value(); }
  // Waits for the work; throws what it has thrown. The leader is back.
  Done end();
  // Readable when end() need not wait, also where the work was done before begin_ returned.
  [[nodiscard]] int fd() const { return thread_.fd(); }

  // Returns a vector that covers all states that were read so far, and nothing that was not shown.
  [[nodiscard]] rows::PublishedVector::Shared committed() const;

 private:
  leader::Leader& leader_;
  WatchedKeys& watched_;
  Strand::Spent* const waited_;
  storage::SideThread thread_;
  std::optional<std::chrono::milliseconds> rest_;  // Of the turn.
  std::optional<storage::SideThread::Run> run_;    // The last one: it ends before what it uses.
};

}  // namespace anabranch::server
