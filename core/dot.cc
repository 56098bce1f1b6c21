#include "core/dot.h"

namespace anabranch::core {

std::string to_string(Origin origin) {
  constexpr std::size_t kDigits = 16;
  std::string text(kDigits, '0');
  for (std::size_t i = kDigits; i > 0 && origin != 0; --i, origin >>= 4U) {
    text[i - 1] = "0123456789abcdef"[origin & 0xFU];
  }
  return text;
}

}  // namespace anabranch::core
