// What the kernel knows of a connection of ZeroMQ, by its descriptor. ZeroMQ's thread may close
// it at any moment, and another connection get the number: so nothing here does harm to another.
#pragma once

#include <cstdint>

namespace anabranch::transport {

// The bytes received so far; 0 where that is not known.
[[nodiscard]] std::uint64_t bytes_received(int descriptor);

// Has the kernel take no more than a few frames that it has not sent yet: what it has cannot be
// overtaken. What it has sent, and must keep until it has come, is not bounded by that, so a long
// line is as fast as before.
void limit_unsent(int descriptor);

}  // namespace anabranch::transport
