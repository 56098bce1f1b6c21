// A user and a password in the header of a request: HTTP Basic authentication (RFC 7617).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace anabranch::http {

struct Credentials {
  std::string user;  // "default" if none is named, as in AUTH with a password only.
  std::string password;
};

// Returns those in the value of an Authorization header; none if it is of another kind.
std::optional<Credentials> credentials_in(std::string_view authorization);

}  // namespace anabranch::http
