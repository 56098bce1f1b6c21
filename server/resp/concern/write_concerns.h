// The concerns of a write: that of its connection; else that of its user; else those of the keys
// that it may change. Of these all must be met, so the write has the strongest.
#pragma once

#include <vector>

#include "server/resp/client.h"
#include "server/resp/command.h"
#include "server/resp/host.h"

namespace anabranch::server {

// Returns those that wait, each once; none for a command, or an EXEC, that cannot write. A command
// that changes keys which it does not name has the concerns of all keys, and so has a request of
// more than 10,000 words: to look at each would hold up the others.
[[nodiscard]] std::vector<SharedConcern> concerns_of_write(const Host& host, const Client& client,
                                                           const Command& command, Arguments words);

// The concern of a connection, and of the key that it would write, if one is given; and where it
// comes from.
struct ConcernInForce {
  enum class From : std::uint8_t { kNobody, kConnection, kUser, kPrefix, kMesh };

  From from = From::kNobody;
  SharedConcern concern = {};  // Null for kNobody, and for a rule that this version cannot read.
  const ConcernRules::Rule* rule = nullptr;  // Of kPrefix and kMesh.
};
[[nodiscard]] ConcernInForce concern_in_force(const Host& host, const Client& client,
                                              const std::string_view* key);

}  // namespace anabranch::server
