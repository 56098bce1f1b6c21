// The bytes of clients and of other leaders as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/text.h"

namespace anabranch::control {

// Returns a string if they are UTF-8, else {"hex": "00ff..."}.
inline nlohmann::ordered_json bytes_json(std::string_view bytes) {
  if (core::is_utf8(bytes)) return std::string(bytes);
  return {{"hex", core::to_hex(bytes)}};
}

}  // namespace anabranch::control
