// How much work a request may be: by its words before it is run, and by what it turns out to be.
// One unit is a row that is looked at or written.
#pragma once

#include <cstddef>
#include <string>

#include "server/resp/client.h"
#include "server/resp/command.h"
#include "server/resp/slices/strand.h"

namespace anabranch::server {

// Whether a request may turn out to be long: a write of more than a few rows, or among many.
[[nodiscard]] bool may_be_long(const Command& command, Arguments arguments);
// Whether a request that runs in a transaction has so many words that it goes in slices, untried.
[[nodiscard]] bool is_large(const Client& client, const Command& command, Arguments arguments);
// The most units that a large request may turn out to be; a transaction that looks at much more
// than it was sent would hold up all writers.
[[nodiscard]] std::size_t work_max(const Client& client, Arguments arguments);
// The error of one that has come to be more.
[[nodiscard]] std::string too_much(const Strand::TooMuch& much);

}  // namespace anabranch::server
