#include "server/service/json_lines.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/system/standard_error.h"
#include "core/text.h"
#include "server/service/journal.h"
#include "transport/log_peer.h"

namespace anabranch::server {
namespace {

// Bytes that are no UTF-8, which JSON cannot hold, become escapes.
std::string as_utf8(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const std::size_t size = core::code_point_size(bytes);
    text += size == 0 ? core::escaped(bytes.front()) : std::string(bytes.substr(0, size));
    bytes.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return text;
}

// As RFC 3339 has it, with milliseconds.
std::string utc_time(std::int64_t time_ms) {
  const std::int64_t below = ((time_ms % 1000) + 1000) % 1000;
  const std::time_t seconds = (time_ms - below) / 1000;
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) return {};
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  return std::string(text.data(), size) + '.' + std::to_string(1000 + below).substr(1) + 'Z';
}

std::int64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

std::string json_line(const LogLine& line) {
  nlohmann::ordered_json object{{"time", utc_time(line.time_ms)},
                                {"level", to_string(line.level)},
                                {"region", as_utf8(line.region)}};
  if (!line.peer.empty()) object["peer"] = as_utf8(line.peer);
  object["text"] = as_utf8(line.text);
  return object.dump(-1, ' ', true) + '\n';
}

void log_as_json(std::string region, LogLevel level, bool to_journal) {
  const auto write = [own = std::move(region), to_journal](LogLevel each, std::string_view about,
                                                           std::string_view text) {
    const std::string line = json_line({.time_ms = now_ms(),
                                        .level = each,
                                        .region = about.empty() ? own : about,
                                        .peer = transport::LogPeer::current(),
                                        .text = text});
    core::StandardError::write(to_journal ? journal_priority(each) + line : line);
  };
  set_log_sink(write, level);
}

}  // namespace anabranch::server
