// The name of a commit in the write-ahead log: where the log's byte stream ends behind it.
#pragma once

#include <compare>
#include <cstdint>

namespace anabranch::storage {

// 0 is before the first commit. Tickets are ordered as the commits are.
struct Ticket {
  std::uint64_t end = 0;
  auto operator<=>(const Ticket&) const = default;
};

}  // namespace anabranch::storage
