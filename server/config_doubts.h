// What cannot be in a configuration that reads well: peers that are nobody or oneself, limits that
// a leader refuses, keys that do not fit. For `anabranch config check`; asks the network.
#pragma once

#include <string>
#include <vector>

#include "server/config.h"

namespace anabranch::server {

// A sentence for each; empty when a leader would start and could be part of its mesh. Looks up the
// names of peers, and dials them when the region listens nowhere: some seconds for each that does
// not answer. Region and data directory may be missing still.
std::vector<std::string> doubts(const Config& config);

}  // namespace anabranch::server
