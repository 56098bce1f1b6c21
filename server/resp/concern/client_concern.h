// The concern of a connection, and its last write under it.
#pragma once

#include <cstdint>

#include "server/resp/concern/concerns.h"

namespace anabranch::server {

struct ClientConcern {
  enum class Outcome : std::uint8_t { kNone, kWaits, kMet, kDegraded, kMissed };

  SharedConcern concern;
  bool executes_writes = false;  // The EXEC that runs has commands that write.
  // Of its last write whose answer was held:
  Outcome outcome = Outcome::kNone;
  WritePlace write = {};
};

}  // namespace anabranch::server
