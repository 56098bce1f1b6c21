// The secret that acting requests need: the file http-token of a data directory. Its contents are
// made once and stay; reading the file is the right to act.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace anabranch::http {

// Thread-safe.
class Token {
 public:
  static constexpr std::string_view kFile = "http-token";

  // Reads DIR/http-token, or makes it with mode 0600: 64 hexadecimal digits of 256 random bits.
  // Fails with kInvalid, and a sentence, for a file that others may read or with other contents;
  // kIo.
  static core::Result<Token> open(const std::string& directory);

  // Returns whether the value of an Authorization header is "Bearer TOKEN". The time that it takes
  // depends on the length of the header alone.
  [[nodiscard]] bool is_in(std::string_view authorization) const;

 private:
  explicit Token(std::string digits) : digits_(std::move(digits)) {}

  std::string digits_;
};

}  // namespace anabranch::http
