// The order of values for the policies `max` and `min`: one total order of all byte strings, alike
// in every region and on every machine.
//
//   numbers  by their value, exactly; equal numbers that are written differently ("1", "1.0") by
//            their bytes. A number is an integer of 64 bits by Redis' rule, or a finite double.
//   others   after all numbers, by their bytes.
//
// A mixed comparison by bytes would be no order: "9" < "10" as numbers, "10" < "1x" < "9" as bytes.
#pragma once

#include <string_view>

namespace anabranch::crdt {

// Returns whether `a` is before `b`. Equal strings only are neither before nor after each other.
[[nodiscard]] bool value_less(std::string_view a, std::string_view b);

}  // namespace anabranch::crdt
