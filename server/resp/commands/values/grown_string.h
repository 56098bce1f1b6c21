// The string at a key, to be made longer: of many megabytes each copy counts.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "server/resp/command.h"

namespace anabranch::server {

// Returns a copy of the string at a key, with room for so many bytes as `grown` makes of its size;
// an absent one is empty. Throws kTooLarge, before it copies anything, if so many are over the
// limit of a value; kWrongType if the key holds another type.
std::string copy_to_grow(const Call& call, const Key& key,
                         const std::function<std::size_t(std::size_t)>& grown);

}  // namespace anabranch::server
