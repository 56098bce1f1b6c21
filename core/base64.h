// Base64 for URLs, without padding (RFC 4648, section 5).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace anabranch::core {

[[nodiscard]] std::string to_base64(std::string_view bytes);
// Returns nullopt for what to_base64() does not make.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace anabranch::core
