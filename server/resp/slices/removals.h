// Removals of many keys: a DEL of a hundred thousand keys takes a second or more, so it is executed
// in slices, with other clients' commands in between.
//
// No client sees a half-done removal: from its beginning on all its keys are gone for every command
// of this port. The keys are removed slice by slice; a command that names one of them first removes
// that key, and a command that reads a whole database waits for the end. The DEL is answered when
// all keys are removed and committed.
//
// Each slice is a transaction of its own: other regions see the keys disappear in slices, and so
// does this one after a crash in the middle, when the DEL was not answered. A DEL inside MULTI is a
// part of that transaction, and never sliced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <anabranch/scope.h>

#include "server/resp/client.h"
#include "server/resp/command.h"
#include "server/steady_clock.h"

namespace anabranch::server {

class Removals {
 public:
  // A command with more keys than this is executed in slices.
  static constexpr std::size_t kDirectMax = 1000;

  // Begins a client's DEL. The client waits for its end.
  void begin(Client& client, Arguments names);
  [[nodiscard]] bool any() const { return !removals_.empty(); }

  // Call before a command runs: removes the condemned keys that the command names, or, for EXEC,
  // that its queue names. Returns false if the command reads a whole database and must wait for the
  // end of all removals.
  [[nodiscard]] bool make_way(const Command& command, Client& client, Arguments arguments,
                              Scope& scope);
  // Removes some more keys of the oldest removal, as one transaction. Returns whether it wrote.
  bool slice(Scope& scope, SteadyTime until);
  // Reports that the removed keys are committed, or, with an error, undone: then all removals end.
  void committed();
  void failed(std::string_view error);  // In the form sent to clients: "MISCONF ...".

 private:
  struct Removal {
    std::uint8_t database = 0;
    std::vector<std::string> names;
    std::size_t next = 0;  // The names before it are done.
    std::int64_t removed = 0;
    std::string error;
    bool over = false;

    [[nodiscard]] bool done() const { return next == names.size(); }
  };
  using Shared = std::shared_ptr<Removal>;

  // Removes a key, and counts it if it existed.
  static void remove(Scope& scope, std::string_view name, Removal& removal);
  // Removes the condemned ones of the keys that a command names.
  void make_way(const Command& command, std::uint8_t database, Arguments arguments, Scope& scope);

  std::vector<Shared> removals_;  // The oldest first, until they are over.
  // Keys still to be removed, by database and name.
  std::unordered_map<std::string, Shared> condemned_;
};

}  // namespace anabranch::server
