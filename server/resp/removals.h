// Removals of many keys: a DEL of a hundred thousand keys takes a second or more, so it goes in
// slices, and others are let in between.
//
// Nobody sees half of it: from its begin on all of its keys are gone for every command of this
// port. What is left of it is removed, slice by slice; a command that names a key of it has that
// key removed before it runs, and one that looks at a whole database waits for the end. The DEL is
// answered when all is removed and committed.
//
// Each slice is a transaction of its own: other regions see the keys go in slices, and so does this
// one after a crash in the middle, when the DEL was not answered. A DEL within MULTI is a part of
// that transaction, and never sliced.
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
  // More keys than this in one command are removed in slices.
  static constexpr std::size_t kDirectMax = 1000;

  // A client's DEL. It waits from now on for the end.
  void begin(Client& client, Arguments names);
  [[nodiscard]] bool any() const { return !removals_.empty(); }

  // Before a command runs: removes the keys that it names, or, for EXEC, that its queue names.
  // Returns false when the command looks at a whole database and must wait until there are none.
  [[nodiscard]] bool make_way(const Command& command, Client& client, Arguments arguments,
                              Scope& scope);
  // Removes some more keys of the oldest, as one transaction. Returns whether it wrote.
  bool slice(Scope& scope, SteadyTime until);
  // What was removed so far is committed, or, with an error, undone: then all are over.
  void committed();
  void failed(std::string_view error);  // As clients see it: "MISCONF ...".

 private:
  struct Removal {
    std::uint8_t database = 0;
    std::vector<std::string> names;
    std::size_t next = 0;  // Those before are removed.
    std::int64_t removed = 0;
    std::string error;
    bool over = false;

    [[nodiscard]] bool done() const { return next == names.size(); }
  };
  using Shared = std::shared_ptr<Removal>;

  // Removes a key, and counts it if it was there.
  static void remove(Scope& scope, std::string_view name, Removal& removal);
  // Removes the keys that a command names, as far as they are condemned.
  void make_way(const Command& command, std::uint8_t database, Arguments arguments, Scope& scope);

  std::vector<Shared> removals_;  // The oldest first, until they are over.
  // What is still to be removed, by database and name.
  std::unordered_map<std::string, Shared> condemned_;
};

}  // namespace anabranch::server
