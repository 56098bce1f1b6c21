// docs/commands.md: all commands, from their rows.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "server/resp/table/row.h"

namespace anabranch::server {

// Returns the page. `name` gives the full name of a row: "client|id".
std::string commands_page(std::span<const Command> commands,
                          const std::function<std::string_view(const Command&)>& name);

}  // namespace anabranch::server
