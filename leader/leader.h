// The leader: one region's replica with real storage, transport and clock around it.
//
// It has no thread of its own and is not thread-safe, but for read(): whoever owns it calls it from
// one thread at a time. The server's event loop owns one directly; Store owns one behind a lock,
// with a thread that calls turn(). A round goes: write through scope(), commit(), turn(), then
// sleep until wake_fd() is readable or the time that turn() gave is over.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/options.h>
#include <anabranch/session.h>
#include <anabranch/status.h>
#include <anabranch/transaction.h>

#include "core/result.h"
#include "core/version_vector.h"
#include "leader/expiry_counts.h"
#include "leader/scopes/view.h"
#include "leader/session_gate.h"
#include "leader/watch/log_cursor.h"
#include "regions/members/region_list.h"
#include "regions/wire/verdict.h"
#include "rows/vector_board.h"

namespace anabranch::leader {

class GroupWriter;
class KeptView;

class Leader {
 public:
  // Checks the options, opens directory and port and starts dialling. Fails as Store::open throws.
  static core::Result<std::unique_ptr<Leader>> open(const Options& options);
  ~Leader();
  Leader(const Leader&) = delete;
  Leader& operator=(const Leader&) = delete;

  // The open group: reads see all that it holds, atomically() stages a transaction in it, each
  // other write is a transaction of its own. Nothing is durable, visible outside or sent before
  // commit().
  [[nodiscard]] Transaction& scope();
  // What writes for that scope, for others that stand for it.
  [[nodiscard]] GroupWriter& writer();
  // Whether anything is staged that is not committed.
  [[nodiscard]] bool dirty() const;
  // Whether the group has reached its size and should be committed before more is staged.
  [[nodiscard]] bool group_full() const;
  // Commits the open group as one batch; nothing to do when nothing was written. After a failure
  // every transaction of the group is undone and the leader takes no more writes.
  core::Result<void> commit();

  // Calls the function with a view on the newest committed state. Thread-safe: readers wait for
  // nobody. Keep it short.
  void read(const std::function<void(const View&)>& function) const;
  // The same, with all that is applied in that state, and nothing else.
  void read(const std::function<void(const View&, const core::VersionVector&)>& function) const;

  // A view on the newest committed state, to be looked at several times. The leader must outlive
  // it.
  [[nodiscard]] std::unique_ptr<KeptView> keep() const;

  // ---- What sessions have seen.

  // Covers all that a read has shown which was over before this call. Thread-safe.
  [[nodiscard]] rows::VectorBoard::Shared seen() const;
  // A token of this mesh, and what it says; see core/token.h. Thread-safe.
  [[nodiscard]] std::string encode_token(const core::VersionVector& seen) const;
  [[nodiscard]] core::Result<core::VersionVector> decode_token(std::string_view token) const;
  // What a session has seen that is not here.
  [[nodiscard]] std::vector<Lack> lacking(const core::VersionVector& seen) const;
  // See reach.h.
  [[nodiscard]] core::Result<Reach> reach(const core::VersionVector& seen,
                                          const Concern& concern) const;

  // The region's name. Thread-safe.
  [[nodiscard]] const std::string& region() const;

  // The log, for those who tell what changes. Thread-safe.
  [[nodiscard]] LogSource log_source() const;

  // ---- The exchange.

  // Takes what peers have sent, applies one slice of it, sends what is due. Nothing may be staged.
  // Returns how long the owner may sleep when wake_fd() stays silent.
  std::chrono::milliseconds turn();
  // Readable while messages wait. Owned by the leader.
  [[nodiscard]] int wake_fd() const;

  [[nodiscard]] StoreStatus status() const;
  // How many deadlines are stored for the keys of each database, about.
  [[nodiscard]] ExpiryCounts expiries() const;
  // Stages in the open group what Store::retire and Store::restore say; see Replica::retire.
  core::Result<void> retire(std::string_view region, regions::Retirement retirement);
  // See Store::promote. Nothing may be staged.
  core::Result<void> promote();
  // Gives way to the other history of an origin (16 hexadecimal digits) that has two; see
  // Replica::resolve_fork. Nothing may be staged.
  core::Result<void> resolve_fork(std::string_view origin, bool adopt);
  // See Store::pause and Store::resume.
  bool pause(std::string_view peer);
  bool resume(std::string_view peer);
  // Begins to compare rows with these regions, or, when none is named, with all peers, while
  // everything else goes on; verdicts() tells how that stands.
  void verify(std::vector<std::string> regions);
  [[nodiscard]] std::vector<regions::Verdict> verdicts() const;
  // A hash over all rows that are committed, as 32 hexadecimal digits: equal in regions that have
  // applied the same. Kept with every commit, so asking costs nothing.
  [[nodiscard]] std::string digest() const;
  // See Store::reload_keys. Fails when a file cannot be read or this region's own keys are others
  // than before, which takes a restart.
  core::Result<void> reload_keys();

 private:
  class Impl;
  explicit Leader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace anabranch::leader
