// What the kernel knows of a connection of ZeroMQ, by its descriptor. ZeroMQ's thread may close
// it at any moment, and another connection get the number: so nothing here does harm to another.
#pragma once

#include <cstdint>

namespace anabranch::transport {

// Bytes of a connection since its begin; all 0 where they are not known.
struct TcpBytes {
  std::uint64_t received = 0;
  std::uint64_t acknowledged = 0;  // Sent, and known to have come.
  bool are_under_way = false;      // Some were sent that are not known to have come.
};
[[nodiscard]] TcpBytes bytes_of(int descriptor);

// Has the kernel take no more than a few frames that it has not sent yet: what it has cannot be
// overtaken. What it has sent, and must keep until it has come, is not bounded by that, so a long
// line is as fast as before.
void limit_unsent(int descriptor);

}  // namespace anabranch::transport
