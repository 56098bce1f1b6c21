// How the descriptors of the process are shared out by the program: so many for files and for what
// the leader needs itself, so many for each port that listens, and the rest for clients. So no
// crowd at a port takes the descriptors of the files.
#pragma once

#include <cstddef>

#include "core/result.h"

namespace anabranch::server {

// Those that want descriptors.
struct DescriptorNeeds {
  std::size_t dialled = 0;  // Peers to which the leader dials.
  bool peer_port = false;   // Whether it listens for others...
  bool http_port = false;   // ...and for browsers and monitors.
  std::size_t clients = 0;  // At most; 0: there is no port for clients.
};

struct DescriptorShares {
  std::size_t limit = 0;
  std::size_t files = 0;
  std::size_t peers = 0;
  std::size_t http = 0;
  std::size_t clients = 0;
};

// Has the system allow as many descriptors as there are needs for, as far as its hard limit goes,
// and shares them out. The limit is never lowered. Fails with kInvalid, and says the numbers, when
// it is below what the leader needs with a few clients.
core::Result<DescriptorShares> share_descriptors(const DescriptorNeeds& needs);

// The same for a limit that cannot be changed.
core::Result<DescriptorShares> share_descriptors(const DescriptorNeeds& needs, std::size_t limit);

}  // namespace anabranch::server
