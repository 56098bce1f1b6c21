// Removals of many keys: a DEL of a hundred thousand keys takes a second or more, so it is executed
// in slices, with other clients' commands in between.
//
// They act one after the other. No client sees a half-done removal: from the moment on when one
// acts all its keys are gone for every command of this port. The keys are removed slice by slice; a
// command that names one of them first removes that key, and a command that reads a whole database
// waits for the end. The DEL is answered when all keys are removed and committed.
//
//   removals.begin(client, names);
//   while (!removals.prepare(until)) ...    // Other work.
//   removals.act();                         // The keys are gone.
//   while (...) removals.slice(scope, until);
//
// Each slice is a transaction of its own: other regions see the keys disappear in slices, and so
// does this one after a crash in the middle, when the DEL was not answered. A DEL inside MULTI is a
// part of that transaction, and never sliced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <anabranch/scope.h>

#include "server/resp/client.h"
#include "server/resp/command.h"
#include "server/resp/watched_keys.h"
#include "server/steady_clock.h"

namespace anabranch::server {

class Removals {
 public:
  // A command with more keys than this is executed in slices.
  static constexpr std::size_t kDirectMax = 1000;

  // The watched keys must outlive it.
  explicit Removals(WatchedKeys& watched) : watched_(watched) {}

  // Begins a client's DEL, unless full(). The client waits for its end.
  void begin(Client& client, Arguments names);
  [[nodiscard]] bool any() const { return !removals_.empty(); }
  // Whether no more may begin: as many have as have room for their names, or a client waits for the
  // end of all.
  [[nodiscard]] bool full() const { return removals_.size() >= kAtOnce || is_waited_for_; }
  // Holds a client back until all have ended: no more begin until then.
  void hold_back(Client& client);

  // Whether the oldest one acts.
  [[nodiscard]] bool acts() const { return acts_; }
  // Looks at some more names of the oldest one, which does not act yet. Returns whether it can.
  [[nodiscard]] bool prepare(SteadyTime until);
  // From now on the keys of the oldest one, which can act, are gone.
  void act() { acts_ = true; }

  // Call before a command runs: removes the condemned keys that the command names, or, for EXEC,
  // that its queue names. Returns false if the command must wait for the end of all removals: one
  // that reads a whole database, or watches keys that were looked at already.
  [[nodiscard]] bool make_way(const Command& command, Client& client, Arguments arguments,
                              Scope& scope);
  // Removes some more keys of the one that acts, as one transaction.
  void slice(Scope& scope, SteadyTime until);
  // Reports that the removed keys are committed, or, with an error, undone: then all removals end.
  void committed();
  void failed(std::string_view error);  // In the form sent to clients: "MISCONF ...".

 private:
  static constexpr std::size_t kAtOnce = 16;

  struct Removal {
    std::uint8_t database = 0;
    std::string bytes;  // Of the names, one behind the other: a million strings are much work.
    std::vector<std::string_view> names = {};
    // Those to be removed: all but those that a command has named since it acts.
    std::unordered_set<std::string_view> condemned;
    std::size_t next = 0;   // The names before it were looked at, or, when it is ready, are done.
    bool is_ready = false;  // To act.
    std::int64_t removed = 0;
    std::string error;
    bool over = false;

    [[nodiscard]] bool done() const { return next == names.size(); }
  };

  // Removes a key, and counts it if it existed.
  static void remove(Scope& scope, std::string_view name, Removal& removal);
  // Removes the condemned ones of the keys that a command names.
  void make_way(const Command& command, std::uint8_t database, Arguments arguments, Scope& scope);
  // Ends the oldest one.
  void end();

  WatchedKeys& watched_;
  std::deque<std::shared_ptr<Removal>> removals_;  // The oldest first, until they are over.
  bool acts_ = false;                              // The oldest one.
  bool is_waited_for_ = false;
};

}  // namespace anabranch::server
