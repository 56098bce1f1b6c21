// Origins and dots: the names of leaders' incarnations and of their ops.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace anabranch::core {

// 64 random bits that name one incarnation of one leader. Zero is no origin. Origins are ordered as
// numbers, the same in every region: their canonical order.
using Origin = std::uint64_t;

// Counts the ops of one origin, from 1.
using Seq = std::uint64_t;

// The name of an op.
struct Dot {
  Origin origin = 0;
  Seq seq = 0;

  auto operator<=>(const Dot&) const = default;
};

// Returns 16 hexadecimal digits, as shown to people.
std::string to_string(Origin origin);

}  // namespace anabranch::core
