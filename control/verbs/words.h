// Words of requests, and errors as answers.
#pragma once

#include <string>
#include <string_view>

#include <anabranch/error.h>

namespace anabranch::control {

// Returns whether a word equals this one, in any case.
bool same_word(std::string_view word, std::string_view lower_case);
// Returns a word of ASCII letters in upper case.
std::string in_upper_case(std::string_view word);
// Returns the form that Redis prints in its errors: up to a zero byte, at most 128 bytes.
std::string_view printable(std::string_view word);

// Returns an error of the store in the form sent to clients: "WRONGTYPE ...".
std::string error_text(const Error& error);
// "ERR wrong number of arguments for 'get' command".
std::string arity_error(std::string_view name);

}  // namespace anabranch::control
