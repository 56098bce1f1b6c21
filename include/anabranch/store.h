// Start here. A Store is one region's leader inside this process.
//
//   anabranch::Store store = anabranch::Store::open({.path = "data", .region = "eu-west"});
//   anabranch::Counter{store, "visits"}.add(1);
//
// A write commits on the local disk and returns without waiting for another region. In the
// background a thread of the store exchanges writes with the peers, and all regions arrive at the
// same state. All functions are thread-safe. Concurrent writers share commits.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/backup.h>
#include <anabranch/event.h>
#include <anabranch/loser.h>
#include <anabranch/options.h>
#include <anabranch/plugin.h>
#include <anabranch/policy.h>
#include <anabranch/presence.h>
#include <anabranch/scope.h>
#include <anabranch/session.h>
#include <anabranch/status.h>
#include <anabranch/transaction.h>
#include <anabranch/watch.h>

namespace anabranch {

// How a region is gone (Store::retire).
enum class Loss : std::uint8_t {
  kNone,     // It may come back at any time with all its writes.
  kForGood,  // Writes that only it had are given up.
};

// Whose writes a region takes over as its own when it gives way to another history
// (Store::resolve_fork).
enum class Adopt : std::uint8_t {
  kNone,    // Nobody's: refused for an origin of a region whose leader has the other history.
  kOthers,  // Those of such a region.
};

// A scope: each write is a transaction of its own, each read sees one consistent state.
//
// Movable, as into a map: its handles, sessions, watches and open documents stay valid. While it is
// moved no other thread may use it, its sessions or their handles. One that was moved from throws
// Error{kInvalid}. The destructor closes the store, waits for calls in progress, and writes what
// only the log has to the tables (Options::close_flush_ms); no acknowledged write is lost, whether
// the store was closed cleanly or not. Within the function of a transaction, scan or watch of the
// same store, as by std::exit() there, it cannot do so: then the store stays open until the process
// ends, which the log says; a transaction that goes on is committed.
//
// A store belongs to the process that opened it: in a forked child every call throws
// Error{kInvalid} and the destructor closes nothing. Its data directory stays in use until the
// child has ended, too, or has executed another program.
//
// When the files of the data directory are removed or replaced, the store closes for writes within
// a second, and before it acknowledges another write (Error{kIo}, then kClosed).
class Store final : public Scope {
 public:
  // Opens or creates a store. Throws Error: kInvalid (options, a foreign directory, another
  // region's directory), kBusy (directory or port in use), kIo, kCorrupt.
  [[nodiscard]] static Store open(const Options& options);
  ~Store() override;
  Store(Store&& other) noexcept;
  // Closes the store that it was before.
  Store& operator=(Store&& other) noexcept;

  // Runs the function as one transaction on the caller's thread and commits it durably. Rethrows an
  // exception of the function (no write is kept then); throws the errors of a commit.
  void transact(const std::function<void(Transaction&)>& function);
  // The same, and returns the result of the function. A commit that fails throws, and drops it.
  template <typename Function>
  requires(detail::Answers<Function, Transaction>) auto transact(Function&& function) {
    return *detail::answer_of<Transaction>(
        function, [&](const std::function<void(Transaction&)>& run) { transact(run); });
  }
  // Runs the function as transact, but on a thread of the store, and returns at once. The future
  // gets the token of a session that has seen the writes (session()) when they are on the disk, or
  // the exception of the function or of the commit. Calls of one thread are carried out in their
  // order, many in one commit; the destructor of the store carries out those that still wait. At
  // most 10,000 wait: then the call waits for room, or within a transaction of the store throws
  // Error{kBusy}. The function must not wait for another write of the store.
  [[nodiscard]] std::future<std::string> transact_async(std::function<void(Transaction&)> function);
  // Runs the function as transact if the keys of `seen` are unchanged; else returns false without a
  // call.
  [[nodiscard]] bool transact_if(const Unchanged& seen,
                                 const std::function<void(Transaction&)>& function);
  // The same; returns the result of the function, or nullopt without a call.
  template <typename Function>
  requires(detail::Answers<Function, Transaction>)
      [[nodiscard]] auto transact_if(const Unchanged& seen, Function&& function) {
    return detail::answer_of<Transaction>(
        function,
        [&](const std::function<void(Transaction&)>& run) { (void)transact_if(seen, run); });
  }
  // Runs the function on one consistent state, on the caller's thread. Blocks no writer and waits
  // for none. Rethrows an exception of the function. When the function has been running for longer
  // than Options::read_ms_max, the calls of its transaction throw Error{kTimeout}. A read beside
  // 1024 others waits for one of them, and throws Error{kTimeout} after 10 s; one within a read
  // does not.
  void read(const std::function<void(ReadTransaction&)>& function) const;
  // The same, and returns the result of the function.
  template <typename Function>
  requires(detail::Answers<Function, ReadTransaction>) auto read(Function&& function) const {
    return *detail::answer_of<ReadTransaction>(
        function, [&](const std::function<void(ReadTransaction&)>& run) { read(run); });
  }

  // As transact, for functions that work on any scope.
  void atomically(const std::function<void(Scope&)>& function) override;

  // ---- Sessions (session.h).

  // Returns a session that has seen no writes yet.
  [[nodiscard]] Session session();
  // Continues a session that began in any region of the mesh, as soon as every write that it has
  // seen is applied here. Throws Error: kTimeout when that takes longer than `timeout`, naming the
  // missing writes; kInvalid when the token is not of this mesh, or names writes that are gone.
  [[nodiscard]] Session session(std::string_view token, std::chrono::milliseconds timeout,
                                LostWrites gone = LostWrites::kFail);
  // Returns the token of a session that has seen all writes visible here now.
  [[nodiscard]] std::string token() const;
  // As Session::wait, for the writes that a token names. Throws Error{kInvalid} for a token of
  // another mesh, and for an unknown region.
  [[nodiscard]] ReplicationProgress wait(std::string_view token, const WriteConcern& concern,
                                         std::chrono::milliseconds timeout);

  // ---- Watches (watch.h).

  // Calls the function with all changes from now on at keys of database 0 that begin with `prefix`.
  // Throws Error{kInvalid} when the function is empty.
  [[nodiscard]] Watch watch(std::string_view prefix, OnChanges function);
  // The same for all changes that a session has not seen, by its token, or that came after
  // Changes::token, as far as the log reaches back; a resync comes first when the log is shorter.
  // Throws Error{kInvalid} when the token is not of this mesh.
  [[nodiscard]] Watch watch(std::string_view prefix, std::string_view since, OnChanges function);
  // The same for another database, 0 to 15 (Key). Throws Error{kInvalid} for other numbers.
  [[nodiscard]] Watch watch(std::uint8_t database, std::string_view prefix, OnChanges function);
  [[nodiscard]] Watch watch(std::uint8_t database, std::string_view prefix, std::string_view since,
                            OnChanges function);

  // ---- Presence (presence.h).

  // Sends a message to all listeners of the mesh that can be reached now, those of this store
  // included. Returns at once: it waits neither for the disk nor for a transaction, and is no part
  // of one. At most 1000 messages, or 4 MiB, wait to be sent; beyond, messages are dropped and
  // counted (status().presence). Throws Error: kInvalid for a channel that is empty or over 256
  // bytes, kTooLarge for a body over 64 KiB.
  void publish(std::string_view channel, std::string_view body);
  // Calls the function with all messages from now on on channels that begin with `prefix`. Throws
  // Error{kInvalid} when the function is empty.
  [[nodiscard]] PresenceWatch listen(std::string_view prefix, OnPresence function);

  // ---- Policies (policy.h).
  //
  // Within a transaction of the same store set_policy and remove_policy throw Error{kInvalid}, like
  // every other write that bypasses the transaction, which is undone if its function lets that
  // pass. Within read() and within the function of a watch they may be called; the state that is
  // being read keeps its policies.

  // Sets the policy for the keys of database 0, or another one (0 to 15), that begin with `prefix`.
  // It is a transaction of its own, and in force here on return. Writes nothing if it is set
  // already. Throws Error: kInvalid for a database out of range, a kind that can only be listed, or
  // a native policy without a function of that name in Options::functions; kTooLarge for a prefix
  // over 1024 bytes, or one policy too many (1000 in force, 10,000 prefixes that ever had one);
  // kReadOnly on a follower.
  void set_policy(std::string_view prefix, const Policy& policy);
  void set_policy(std::uint8_t database, std::string_view prefix, const Policy& policy);
  // Removes the policy with exactly this prefix in all regions: the policy with the next shorter
  // prefix decides, or `lww`. It also makes proposals for this prefix void, for good. Throws
  // Error: kInvalid when no policy is set or proposed there, otherwise as set_policy.
  void remove_policy(std::string_view prefix);
  void remove_policy(std::uint8_t database, std::string_view prefix);
  // Returns all policies ever set or proposed, by database, prefix and region; of each whether it
  // decides. Waits for no writer; within a transaction it returns the policies as committed.
  [[nodiscard]] std::vector<PolicyAt> policies() const;

  // ---- Plugins (plugin.h). As policies, within transactions too.

  // Stores a WebAssembly module for policies in all regions, and returns its name for
  // Policy::wasm1. Writes nothing if it is there. Throws Error: kInvalid, with the reason, for one
  // that the rule wasm1 does not admit; kTooLarge for one too many (256); kReadOnly on a follower.
  std::string add_plugin(std::string_view module);
  // Removes a module. Throws Error: kInvalid if there is none of this name, or a policy in force
  // names it; kReadOnly on a follower. Where another region sets such a policy meanwhile, the last
  // written is shown until the module is added again.
  void remove_plugin(std::string_view name);
  // Returns all modules, and the policies in force that name them. Waits for no writer.
  [[nodiscard]] std::vector<PluginAt> plugins() const;

  // ---- Losers (loser.h).

  // Returns the losers in the conflict log of this leader, the newest first. A value that stands in
  // several entries comes once in a call. Waits for no writer. Throws Error: kInvalid for an id
  // that is none, kCorrupt.
  [[nodiscard]] std::vector<Loser> losers(const LoserFilter& filter = {}) const;
  // Calls the function with each entry of the log from now on that has losers for the filter; its
  // `before` and `limit` do not count. Throws Error{kInvalid} when the function is empty.
  [[nodiscard]] LoserWatch watch_losers(LoserFilter filter, OnLosers function);
  // Writes the value of a loser again: an ordinary write that reaches all regions. The values that
  // it replaces become losers here, so that it can be undone. Of a value that is shown
  // (Loser::is_shown) it settles the row: the values beside it are replaced. Writes nothing if the
  // value is the only one of its row. Throws Error: kInvalid when the log has no such loser, or no
  // longer, and for values that cannot be written alone (parts of a text); kWrongType when the key
  // holds another type now; else as a put.
  void put_back(std::string_view loser);

  // ---- The leader.

  // Calls the function with each event from now on (event.h). Waits as status() does. Throws
  // Error{kInvalid} when the function is empty.
  [[nodiscard]] EventWatch events(OnEvent function);
  // Returns the status now. While a transaction has been running for over 10 s, status reports that
  // transaction and otherwise the values of the previous call: it does not wait for the
  // transaction.
  [[nodiscard]] StoreStatus status() const;
  // Returns the name of the region (Options::region). Waits for nobody.
  [[nodiscard]] std::string region() const;
  // Writes a backup of the newest state to a folder that is absent, empty, or has an unfinished
  // backup; reads it back, and returns when it is verified. A thread of the store does the
  // work, at a low priority; writers do not wait for it. When the same backup is being made
  // already, as by a command, waits for that one. Throws Error: kInvalid for a path that cannot be
  // one, a folder with other files, and within a transaction of the store, kBusy when another
  // backup is being made, kClosed when it is stopped by a command or the end of the store, kIo,
  // kCorrupt when the files read back differ.
  Backup backup_to(const std::string& folder);
  // Returns the figures of status().statistics. Waits for nobody.
  [[nodiscard]] Statistics statistics() const;
  // Stops the exchange with a peer (its region or its address), in both directions, until resume or
  // until the store is closed; a pause is not stored. Returns whether there is such a peer.
  bool pause(std::string_view peer);
  bool resume(std::string_view peer);
  // Gives way to the other history of an origin that has two (status().forks, 16 digits): takes
  // over the others' state, and writes again, as new, the ops that only this side has. Returns when
  // that has begun; status().rejoin shows the progress. Throws Error{kInvalid} with the reason, and
  // changes nothing, when giving way is impossible.
  void resolve_fork(std::string_view origin, Adopt adopt = Adopt::kNone);
  void resolve_fork(std::string_view origin, bool adopt) = delete;  // Adopt::kOthers for true.
  // Makes a follower a leader of its region, with a new origin: it may be written from now on. For
  // when the leader is gone, or is to be replaced. If both write, nothing is lost: they are two
  // leaders of one region and converge like any two. No effect on a leader. Writes that only the
  // missing leader had are absent here until it returns.
  void promote();
  // Tells all regions not to wait for a region any more: logs are not kept for it. restore() makes
  // the others wait for it again. If a region that is gone for good comes back with its old data
  // all the same, it takes the others' state and writes again, as new, the ops that only it has.
  // Throws Error{kInvalid} when there is no such region, or when one that is gone for good is
  // connected.
  void retire(std::string_view region, Loss loss = Loss::kNone);
  void retire(std::string_view region, bool lost) = delete;  // Loss::kForGood for true.
  void restore(std::string_view region);
  // Returns when all writes that have returned before are on the disk, whatever Options::durability
  // is. Throws Error: kIo when the disk fails; the store takes no more writes then.
  void sync();
  // Reads the key files again: added keys work at once, links of removed or expired keys are cut.
  // Throws Error: kInvalid or kIo; the old keys then stay in use.
  void reload_keys();

 private:
  friend class Session;
  friend class TextDocument;
  class Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  // Throws Error{kInvalid} if it was moved from.
  [[nodiscard]] Impl& impl() const;
  void end() noexcept;
  void look(const std::function<void(const leader::View&)>& function) const override;
  void change(const std::function<void(leader::GroupWriter&)>& function) override;

  std::unique_ptr<Impl> impl_;
};

}  // namespace anabranch
