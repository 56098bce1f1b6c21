#include "examples/board/files.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <functional>
#include <sstream>
#include <string_view>
#include <utility>

#include "examples/board/limits.h"

namespace board {
namespace {

// Returns the type of a file by the end of its name; empty if it is none of these.
std::string_view type_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kTypes{{
      {".html", "text/html; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
  }};
  for (const auto& [ending, type] : kTypes) {
    if (name.ends_with(ending)) return type;
  }
  return {};
}

bool is_plain(std::string_view name) {
  return !name.starts_with('.') && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

}  // namespace

Answer read_file(const std::string& folder, const Request& request) {
  std::string name = request.path.substr(1);
  if (name.empty()) name = "index.html";
  if (name == "three") name = "three.html";
  const std::string_view type = type_of(name);
  std::ifstream file;
  if (is_plain(name) && !type.empty()) file.open(folder + '/' + name, std::ios::binary);
  if (!file.is_open()) throw Refused(404, "There is no such page.");
  std::ostringstream bytes;
  bytes << file.rdbuf();
  Answer answer{.type = std::string(type), .body = bytes.str()};
  answer.tag = '"' + std::to_string(std::hash<std::string>{}(answer.body)) + '"';
  if (answer.tag != request.known_tag) return answer;
  answer.status = 304;
  answer.body.clear();
  return answer;
}

}  // namespace board
