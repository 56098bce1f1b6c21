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

// A flush that has begun, and not ended: the tables may have a part of the log up to here.
struct BegunFlush {
  Ticket to;
  std::uint64_t opening = 0;  // Of the log, when that was noted.
};

}  // namespace anabranch::storage
