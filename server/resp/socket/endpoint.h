// Listening on an address of this machine, and socket addresses as text.
#pragma once

#include <sys/socket.h>

#include <string>
#include <string_view>

#include "control/resp/file.h"
#include "core/result.h"

namespace anabranch::server {

using control::File;

// "127.0.0.1:6400" or "[::1]:6400".
std::string to_string(const sockaddr_storage& address);
// Whether an address is one of this machine's own: 127.0.0.0/8, ::1.
bool is_loopback(const sockaddr_storage& address);

// Fails with kInvalid if the text is not HOST:PORT, if the host is no address (localhost is one),
// or not this machine's own unless it may be `anywhere`.
core::Result<void> check_address(std::string_view address, bool anywhere);
// Returns a non-blocking listening socket. Fails as check_address() does, with kBusy if the port is
// taken, and with kIo.
core::Result<File> listen_on(std::string_view address, bool anywhere);
// Whether an address that can be listened on is one of this machine's own.
bool is_local_address(std::string_view address);

// Returns the address of a listening socket, with the port it got for port 0.
std::string endpoint_of(const File& listener);

}  // namespace anabranch::server
