// Passwords: their hashes in the form of Redis, and random ones. Only password.cc includes the
// library behind it, OpenSSL.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace anabranch::server {

inline constexpr std::size_t kHashDigits = 64;
// A longer text is no password of anybody: it need not be hashed to be wrong. A client that has to
// log in cannot send more (strangers.h).
inline constexpr std::size_t kPasswordMax = (std::size_t{16} << 10U) - 1;

// Returns the SHA-256 of a password, as 64 hexadecimal digits in lower case.
std::string hash_of(std::string_view password);
// Whether a text has the form of such a hash.
bool is_hash(std::string_view text);
// Compares two hashes; the time does not depend on where they differ.
bool same_hash(std::string_view a, std::string_view b);
// Returns random hexadecimal digits that nobody can guess. Throws Error{kIo} if the system has no
// randomness.
std::string random_password(std::size_t digits);

}  // namespace anabranch::server
