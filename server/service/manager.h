// The service manager that has started this process: systemd, or another one that gives it a socket
// in NOTIFY_SOCKET, by the protocol of sd_notify(3).
#pragma once

#include <string_view>

#include "core/result.h"

namespace anabranch::server {

// Sends a state, such as "READY=1\nSTATUS=leads eu", to the socket of that address: a path, or a
// name that begins with @ (abstract). Does nothing for a null or empty address. Fails with kIo if
// nobody takes it, kInvalid for another kind of address.
core::Result<void> tell_manager(const char* address, std::string_view state);

}  // namespace anabranch::server
