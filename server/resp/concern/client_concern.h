// The concern of a connection, the concerns of the write that it runs, and its last held write.
#pragma once

#include <cstdint>
#include <vector>

#include "server/resp/concern/concern.h"

namespace anabranch::server {

struct ClientConcern {
  // kWaits: it waits, or somebody has ended the wait without an answer of its own.
  enum class Outcome : std::uint8_t { kNone, kWaits, kMet, kDegraded, kMissed, kEnded };

  SharedConcern own;                // Set by the connection; null: none.
  std::vector<SharedConcern> next;  // Of the command that runs; each waits.
  // Of its last write whose answer was held:
  Outcome outcome = Outcome::kNone;
  std::vector<SharedConcern> concerns;
  std::vector<SharedConcern> unmet;  // Of these, while it waits.
  bool degraded = false;             // One of them.
  SteadyTime begun = {};
  SteadyTime until = {};  // The end of the first of `unmet`.
  WritePlace write = {};
};

}  // namespace anabranch::server
