// Where the HTTP port listens: an address, or a socket on a path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace anabranch::http {

struct Address {
  std::string host;  // As given, without brackets; empty for a socket on a path.
  std::uint16_t port = 0;
  std::string path;  // Of the socket; else empty.

  [[nodiscard]] bool is_path() const { return !path.empty(); }
  // The number of the host: "127.0.0.1" for "localhost".
  [[nodiscard]] std::string number() const { return host == "localhost" ? "127.0.0.1" : host; }
  // The host as it stands in an address of a page: "[::1]".
  [[nodiscard]] std::string shown_host() const;
  // Whether it is that of all interfaces: 0.0.0.0, [::].
  [[nodiscard]] bool is_any() const;
  // Whether only this machine reaches it.
  [[nodiscard]] bool is_local() const;
};

// Parses HOST:PORT or unix:PATH. Fails with kInvalid, and a sentence, for other forms, and for
// addresses that other machines reach unless it may be `anywhere`.
core::Result<Address> parse_address(std::string_view text, bool anywhere = false);

// Whether a text is an address without its port: "192.0.2.1", "::1".
bool is_number(std::string_view text);
// Whether both are, and are the same one: "::1", "0::1".
bool same_number(std::string_view a, std::string_view b);

// Returns whether a name in a Host header is one of this machine: "localhost", "127.0.0.1:8080".
bool is_loopback_host(std::string_view host);

// Fails with kBusy if somebody listens at the address, with kInvalid if a file at the path is no
// socket, with kIo. Removes a socket that nobody listens at any more.
core::Result<void> check_free(const Address& address);

}  // namespace anabranch::http
