// Contents of types that do not exist here, in a file that Redis saved.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/cli/import/rdb_bytes.h"

namespace anabranch::server::cli {

// Returns the name of a type that cannot be imported: "list"; empty if there is none with this
// number.
std::string_view foreign_type(std::uint8_t type);
// Passes over the contents of a key of such a type. A failure is left in `bytes`.
void skip_contents(RdbBytes& bytes, std::uint8_t type);
// Passes over the values that a module saved.
void skip_module_values(RdbBytes& bytes);

}  // namespace anabranch::server::cli
