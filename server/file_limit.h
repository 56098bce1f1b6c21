// How many descriptors the process may have open: each client takes one.
#pragma once

#include <cstddef>

namespace anabranch::server {

// Has the system allow so many clients, and returns the number that it allows; fewer if its hard
// limit is below. The limit is never lowered.
std::size_t raise_file_limit(std::size_t clients);

}  // namespace anabranch::server
