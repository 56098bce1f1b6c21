// How the descriptors of a process are shared out, so that crowds at a port take none from its
// files: each port takes so many connections and no more.
#pragma once

#include <cstddef>

namespace anabranch::core {

// Returns how many descriptors the process may have (RLIMIT_NOFILE, the soft one).
std::size_t descriptor_limit();

// The most connections that a port for peers, or for HTTP, accepts: 16, and an eighth of what the
// limit has beyond 256; 256 at most.
std::size_t port_share(std::size_t limit);

}  // namespace anabranch::core
