#include "server/cli/printable.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "core/text.h"

namespace anabranch::server::cli {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// Returns the length of the printable UTF-8 character at the front; 0 if there is none.
std::size_t character_at(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (byte(0) < 0x20 || byte(0) == 0x7F) return 0;
  const std::size_t length = core::code_point_size(bytes);
  const bool latin_1_control = length == 2 && byte(0) == 0xC2 && byte(1) < 0xA0;
  return latin_1_control ? 0 : length;
}

std::string escape(char c) {
  switch (c) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      break;
  }
  return core::escaped(c);
}

std::string shown(std::string_view bytes, std::string_view with_backslash) {
  std::string text;
  while (!bytes.empty()) {
    const std::size_t length = character_at(bytes);
    if (length == 0) {
      text += escape(bytes.front());
    } else {
      if (with_backslash.find(bytes.front()) != with_backslash.npos) text += '\\';
      text += bytes.substr(0, length);
    }
    bytes.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return text;
}

}  // namespace

std::string printable(std::string_view bytes) { return shown(bytes, ""); }

std::string in_quotes(std::string_view bytes) { return '"' + shown(bytes, "\"\\") + '"'; }

std::string utc_time(std::int64_t time_ms) {
  const std::int64_t below = ((time_ms % 1000) + 1000) % 1000;
  const std::time_t seconds = (time_ms - below) / 1000;
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) return std::to_string(time_ms) + " ms";
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  const std::string millis = std::to_string(1000 + below);
  return std::string(text.data(), size) + '.' + millis.substr(1);
}

std::size_t columns_of(std::string_view text) {
  return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, continues));
}

}  // namespace anabranch::server::cli
