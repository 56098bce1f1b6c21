// A verb of ANABRANCH: one row of a table each. The row feeds dispatch, the check of arity, HELP,
// and the table of commands of the Redis port (docs/commands.md).
//
// A row that has verbs is a container: PEER of PEER PAUSE. HELP of a container is no row: each
// front lists what it takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <anabranch/key.h>
#include <anabranch/scope.h>
#include <anabranch/status.h>

#include <nlohmann/json_fwd.hpp>

#include "control/resp/writer.h"
#include "leader/leader.h"

namespace anabranch::control {

// The owner of a leader, at which a request came in: the Redis port of a server, or the control
// socket of an embedded store.
class Front {
 public:
  virtual ~Front() = default;
  // Returns the status of the leader, with the figures of its owner.
  [[nodiscard]] virtual StoreStatus status() = 0;
  // Adds fields of its own to the status.
  virtual void describe(nlohmann::ordered_json& status) = 0;
  // Notes that the answer contains all concurrent values of a row.
  virtual void note_shown(const Key& row) = 0;
};

using Words = std::span<const std::string_view>;

// One request, as passed to its function.
struct Call {
  leader::Leader& leader;
  Scope* scope;  // Of a verb with kReads; else it may be null.
  Front& front;
  Words words;  // Of the request; ANABRANCH is the first.
  std::uint8_t database;
  Writer& writer;

  [[nodiscard]] Writer& reply() const { return writer; }
  [[nodiscard]] std::size_t size() const { return words.size(); }
  [[nodiscard]] std::string_view operator[](std::size_t i) const { return words[i]; }
};

// The part of a leader that a verb uses, and so when it may run.
enum class Access : std::uint8_t {
  kNone,     // Containers.
  kReads,    // One committed state, by its scope, and thread-safe functions of the leader.
  kBeside,   // Thread-safe functions of the leader, and the status of its front.
  kBetween,  // The leader, between two groups: nothing may be staged.
  kWrites,  // Stages a transaction in the open group, which is committed before the answer is sent.
};

// It gives one reply, or throws Error, which becomes one.
struct Verb {
  std::string_view name;  // In lower case.
  int arity = 0;          // Words, ANABRANCH included; negative: the minimum.
  Access access = Access::kNone;
  int key = 0;             // The position of a key among the words; 0: none.
  bool acts = false;       // Changes the leader, its peers or the mesh: leaves a line in the log.
  bool all_keys = false;   // Tells or changes keys that its words do not name.
  bool at_socket = false;  // At the control socket alone, whoever a client is.
  void (*run)(Call& call) = nullptr;
  std::span<const Verb> (*verbs)() = nullptr;

  // ---- Documentation.

  std::string_view usage = {};  // The arguments.
  std::string_view help = {};   // One sentence.
  std::string_view complexity = "O(1)";
  // What concurrent use in several regions gives; of a verb that writes never empty.
  std::string_view merging = {};

  [[nodiscard]] constexpr bool takes(std::size_t words) const {
    const auto count = static_cast<std::size_t>(arity < 0 ? -arity : arity);
    return arity < 0 ? words >= count : words == count;
  }
};

// The container of all of them: ANABRANCH.
const Verb& anabranch();

}  // namespace anabranch::control
