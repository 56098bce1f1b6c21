// HOST:PORT, in the form that Redis clients use.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace anabranch::server {

struct Address {
  std::string host;  // A name, an IPv4 address, or an IPv6 address without its brackets.
  std::uint16_t port = 0;
};

// Fails with kInvalid and one line that names the text. "[::1]:6400" is an IPv6 address.
core::Result<Address> parse_address(std::string_view text);

}  // namespace anabranch::server
