// Addresses of leaders: tcp://HOST:PORT.
#pragma once

#include <string_view>

#include "core/result.h"

namespace anabranch::transport {

enum class AddressUse { kListen, kDial };

// Fails with kInvalid and one line that names the address. HOST is a name, an IPv4 address or an
// IPv6 address in brackets; to listen, it may also be "*" or an interface, and PORT "*" or 0.
core::Result<void> check_address(std::string_view address, AddressUse use);

// Whether HOST is an IPv6 address in brackets. The address must be a checked one.
bool is_ipv6(std::string_view address);

}  // namespace anabranch::transport
