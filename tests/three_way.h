// The function between concurrent values that the regions of a simulation are given, for policies
// of the kind "native three-way". It merges values that were written over one base, declines
// otherwise, and throws at times; its answer depends on all that a function gets.
#pragma once

#include <cstddef>
#include <string_view>

#include <anabranch/conflict.h>

namespace anabranch::test {

inline constexpr std::string_view kThreeWay = "three-way";
inline constexpr std::size_t kThreeWayMax = 3;  // It throws for more values.

[[nodiscard]] Resolver three_way();

}  // namespace anabranch::test
