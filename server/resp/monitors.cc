#include "server/resp/monitors.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/wall_clock.h"

namespace anabranch::server {
namespace {

// Appends a byte as in a C string.
void append_escaped(std::string& line, char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr std::string_view kNamed = "\\\"\n\r\t\a\b";
  constexpr std::string_view kNames = "\\\"nrtab";
  const auto byte = static_cast<unsigned char>(c);
  if (const auto named = kNamed.find(c); named != std::string_view::npos) {
    line.append("\\").push_back(kNames[named]);
  } else if (byte >= 0x20 && byte < 0x7F) {
    line.push_back(c);
  } else {
    line.append("\\x").push_back(kDigits[byte >> 4U]);
    line.push_back(kDigits[byte & 15U]);
  }
}

}  // namespace

bool Monitors::add(Client& client) {
  if (std::ranges::find(monitors_, &client) != monitors_.end()) return true;
  if (monitors_.size() >= kMax) return false;
  monitors_.push_back(&client);
  return true;
}

void Monitors::show(const Client& from, std::span<const std::string_view> words) {
  const core::Millis now = core::SystemClock().now_ms();
  std::string micros = std::to_string(now % 1000 * 1000);
  micros.insert(0, 6 - micros.size(), '0');
  std::string line = "+" + std::to_string(now / 1000) + "." + micros + " [" +
                     std::to_string(from.database) + " " + from.address + "]";
  for (const std::string_view word : words) {
    if (line.size() > options_.monitor_output_bytes_max) break;  // It closes them anyway.
    line.append(" \"");
    for (const char c : word.substr(0, kWordBytesMax)) append_escaped(line, c);
    if (word.size() > kWordBytesMax) line.append("...");
    line.append("\"");
  }
  line.append("\r\n");
  for (Client* each : monitors_) {
    // The output may begin with as many bytes that are sent already.
    if (each->output.size() / 2 <= options_.monitor_output_bytes_max) each->output.append(line);
  }
  shown_ = true;
}

}  // namespace anabranch::server
