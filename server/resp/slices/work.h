// About how much work a request is before it is run: what its words, the sizes of the values at its
// keys and its numbers say. One unit is a row that is looked at or written.
#pragma once

#include <cstddef>
#include <string>

#include <anabranch/scope.h>

#include "server/resp/client.h"
#include "server/resp/command.h"
#include "server/resp/slices/strand.h"

namespace anabranch::server {

// A request of more units is large: it goes in slices, wherever it is called.
inline constexpr std::size_t kWorkDirectMax = 1'000;

// Whether a request that runs in a transaction is large. The scope is that which it would run in.
[[nodiscard]] bool is_large(const Client& client, const Command& command, Arguments arguments,
                            const Scope& scope);
// The most units that a large request may turn out to be; a transaction that looks at much more
// than it was sent would hold up all writers.
[[nodiscard]] std::size_t work_max(const Client& client, Arguments arguments);
// The error of one that has come to be more.
[[nodiscard]] std::string too_much(const Strand::TooMuch& much);

}  // namespace anabranch::server
