// Start here. A Store is one region's leader inside this process.
//
//   anabranch::Store store = anabranch::Store::open({.path = "data", .region = "eu-west"});
//   anabranch::Counter{store, "visits"}.add(1);
//
// A write commits on the local disk and returns; no other region is ever waited for. Meanwhile a
// thread of the store exchanges writes with the peers, and all regions arrive at the same state.
// All functions are thread-safe. Concurrent writers share commits.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <anabranch/options.h>
#include <anabranch/scope.h>
#include <anabranch/session.h>
#include <anabranch/status.h>
#include <anabranch/transaction.h>
#include <anabranch/watch.h>

namespace anabranch {

// A scope: each write is a transaction of its own, each read sees one consistent state.
//
// Not movable, since handles point at it. Closing (the destructor) waits for calls that are in
// progress; nothing acknowledged is lost, closed cleanly or not.
//
// It belongs to the process that opened it: in one that was forked from that, every call throws
// Error{kInvalid} and the destructor closes nothing. Its data directory is in use until that
// process has ended, too, or has executed another program.
//
// When the files of the data directory are removed or replaced meanwhile, the store closes for
// writes within a second, and before it acknowledges another one (Error{kIo}, then kClosed).
class Store final : public Scope {
 public:
  // Opens or creates. Throws Error: kInvalid (options, a foreign directory, another region's
  // directory), kBusy (directory or port in use), kIo, kCorrupt.
  [[nodiscard]] static Store open(Options options);
  ~Store() override;

  // Runs the function as one transaction on its caller's thread and commits it durably. Throws what
  // the function throws (nothing is written then) and what a commit throws.
  void transact(const std::function<void(Transaction&)>& function);
  // The same if what was seen is unchanged; else does nothing and returns false.
  [[nodiscard]] bool transact_if(const Unchanged& seen,
                                 const std::function<void(Transaction&)>& function);
  // Runs the function on one consistent state, on its caller's thread. Waits for nobody, and nobody
  // waits for it. Throws what the function throws.
  void read(const std::function<void(ReadTransaction&)>& function) const;

  // As transact, for what works on any scope.
  void atomically(const std::function<void(Scope&)>& function) override;

  // ---- Sessions (session.h).

  // A session that has seen nothing yet.
  [[nodiscard]] Session session();
  // Goes on with a session that began anywhere in the mesh, at this or at another region, as soon
  // as everything that it has seen is here. Throws Error: kTimeout when that takes longer, naming
  // what lacks; kInvalid when the token is none of this mesh, or names writes that are gone.
  [[nodiscard]] Session session(std::string_view token, std::chrono::milliseconds timeout,
                                Gone gone = Gone::kRefuse);
  // The token of who has seen everything that is visible here now.
  [[nodiscard]] std::string token() const;
  // As Session::wait, for what a token names. Throws Error{kInvalid} for a token that is none of
  // this mesh, and for a region that nobody has heard of.
  [[nodiscard]] Reach wait(std::string_view token, const Concern& concern,
                           std::chrono::milliseconds timeout);

  // ---- Watches (watch.h).

  // Tells the function what changes from now on at the keys of database 0 that begin so. Throws
  // Error{kInvalid} when there is no function.
  [[nodiscard]] Watch watch(std::string_view prefix, OnChanges function);
  // The same for all changes that a session has not seen, by its token, or that came after
  // Changes::token; as far as the log reaches back, else a resync comes first. Throws
  // Error{kInvalid} when the token is none of this mesh.
  [[nodiscard]] Watch watch(std::string_view prefix, std::string_view since, OnChanges function);
  // The same for another database, 0 to 15 (Key). Throws Error{kInvalid} when there is none such.
  [[nodiscard]] Watch watch(std::uint8_t database, std::string_view prefix, OnChanges function);
  [[nodiscard]] Watch watch(std::uint8_t database, std::string_view prefix, std::string_view since,
                            OnChanges function);

  // ---- The leader.

  // What is known now. While a transaction runs for over 10 s it says so, and is otherwise what it
  // was when it was last asked for: it waits for no transaction that does not end.
  [[nodiscard]] StoreStatus status() const;
  // Stops the exchange with a peer (its region or its address), in both directions, until resume or
  // until the store is closed, which a pause does not survive. Returns whether there is such a
  // peer.
  bool pause(std::string_view peer);
  bool resume(std::string_view peer);
  // Gives way to the other history of an origin that has two (status().forks, 16 digits): takes
  // over what the others have, and writes again, as new, what only this side has. Returns when that
  // has begun; status().rejoin says how far it is. With `adopt` also what another region wrote
  // under that origin, although its leader has the other history. Throws Error{kInvalid}, naming
  // the reason, when that cannot be, and nothing was changed.
  void resolve_fork(std::string_view origin, bool adopt = false);
  // Makes a follower a leader of its region, with a new origin: it may be written from now on. For
  // when the leader is gone, or is to be replaced. If both write, nothing is lost: they are two
  // leaders of one region and converge as any two. Nothing happens when it is a leader. What the
  // gone leader alone had is not here; it comes when that returns.
  void promote();
  // Says, to all regions, that nobody waits for a region any more: logs are not kept for it. It may
  // come back at any time with all that it has; restore() has it waited for again. With `lost` it
  // is gone for good: what only it had is given up. Should it come back with its old data all the
  // same, it takes the others' state and writes again, as new, what only it has. Throws
  // Error{kInvalid} when there is no such region, or when it cannot be lost since it is connected.
  void retire(std::string_view region, bool lost = false);
  void restore(std::string_view region);
  // Reads the files of keys again: added keys work at once, links of removed or expired ones are
  // cut. Throws Error: kInvalid or kIo, and all stays as it was.
  void reload_keys();

 private:
  friend class Session;
  friend class TextDocument;
  class Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  void look(const std::function<void(const leader::View&)>& function) const override;
  void change(const std::function<void(leader::GroupWriter&)>& function) override;

  std::unique_ptr<Impl> impl_;
};

}  // namespace anabranch
