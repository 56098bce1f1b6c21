// INCRBYFLOAT and HINCRBYFLOAT: additions of doubles.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/resp/command.h"

namespace anabranch::server {

// Returns a finite number in the form of Redis: "1.5e3", without spaces; nullopt if there is none.
std::optional<double> parse_double(std::string_view text);
// Returns the number in an argument; nullopt after an error reply.
std::optional<double> take_double(Call& call, std::size_t position);

// Adds to the string in a row, which shows `before`, and replies with the sum. An integer, or a sum
// of additions, gets one more addition. Another number was put there as text and cannot be added
// to: the sum replaces it. Replies with `not_a_number` if the string is none.
void add_double(Call& call, const Key& row, const std::optional<std::string>& before, double amount,
                std::string_view not_a_number);

}  // namespace anabranch::server
