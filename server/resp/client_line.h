// A line of CLIENT LIST.
#pragma once

#include <string>

#include "server/resp/host.h"

namespace anabranch::server {

// Returns "id=3 addr=127.0.0.1:4711 ... user=default", without a line end.
std::string client_line(const Client& client);

// Returns the part of an address before the port: "127.0.0.1", "control".
std::string_view host_of(std::string_view address);

}  // namespace anabranch::server
