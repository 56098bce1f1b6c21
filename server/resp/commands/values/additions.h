// INCR, INCRBYFLOAT and their kin: additions to the number in a string.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/resp/command.h"

namespace anabranch::server {

// Adds to the string at a place, a key or a field of a map, and replies with the sum. Replies with
// `not_an_integer` if the string is none. Throws kWrongType if the place holds another type.
void add_integer(Call& call, const Key& place, std::int64_t amount,
                 std::string_view not_an_integer);

// Returns a finite number in the form of Redis: "1.5e3", without spaces; nullopt if there is none.
std::optional<double> parse_double(std::string_view text);
// Returns the number in an argument; nullopt after an error reply.
std::optional<double> take_double(Call& call, std::size_t position);

// Adds to the string in a row, which shows `before`, and replies with the sum: as decimals, with at
// most 17 digits behind the point. `amount` is a text that parse_double() reads. An integer, or a
// sum of additions, gets one more addition, and a tiny one where doubles have lost a part. Another
// number was put there as text and cannot be added to: the sum replaces it. Replies with
// `not_a_number` if the string is none.
void add_double(Call& call, const Key& row, const std::optional<std::string>& before,
                std::string_view amount, std::string_view not_a_number);

}  // namespace anabranch::server
