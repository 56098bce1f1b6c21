// Addresses of leaders: tcp://HOST:PORT.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace anabranch::transport {

enum class AddressUse { kListen, kDial };

// Checks an address. Fails with kInvalid and one line that names it. HOST is a name, an IPv4
// address or an IPv6 address in brackets; to listen, HOST may also be "*" or an interface, and PORT
// "*" or 0.
core::Result<void> check_address(std::string_view address, AddressUse use);

// A peer to dial: "tcp://HOST:PORT", or "REGION@tcp://HOST:PORT" where the region must prove its
// key.
struct PeerAddress {
  std::string region;  // Empty when not given.
  std::string address;
};
// Fails with kInvalid and one line that names the text.
core::Result<PeerAddress> parse_peer(std::string_view text);

// Returns whether HOST is an IPv6 address in brackets. The address must be a checked one.
bool is_ipv6(std::string_view address);
// Returns whether HOST of a checked address is a number, IPv4 or IPv6, and so need not be looked
// up.
bool is_numeric(std::string_view address);

// Return whether a host, or the HOST of a checked address, is this machine: 127.0.0.0/8 or [::1].
bool is_loopback_host(std::string_view host);
bool is_loopback(std::string_view address);

}  // namespace anabranch::transport
