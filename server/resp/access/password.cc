#include "server/resp/access/password.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <climits>

#include <anabranch/error.h>

#include "core/text.h"

namespace anabranch::server {

std::string hash_of(std::string_view password) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  ::SHA256(reinterpret_cast<const unsigned char*>(password.data()), password.size(), digest.data());
  return core::to_hex(
      std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

bool is_hash(std::string_view text) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == kHashDigits && std::ranges::all_of(text, is_digit);
}

bool same_hash(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_password(std::size_t digits) {
  std::string bytes((digits + 1) / 2, '\0');
  if (bytes.size() > INT_MAX || ::RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()),
                                             static_cast<int>(bytes.size())) != 1) {
    throw Error(ErrorCode::kIo, "the system has no randomness for a password");
  }
  return core::to_hex(std::string_view(bytes)).substr(0, digits);
}

}  // namespace anabranch::server
