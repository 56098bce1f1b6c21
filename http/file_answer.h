// The answer with a file, to a browser that may have it already.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "core/hash.h"
#include "http/request.h"

namespace anabranch::http {

// Returns the media type of a file, by the end of its name.
inline std::string type_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kTypes{
      {{".html", "text/html; charset=utf-8"},
       {".js", "text/javascript; charset=utf-8"},
       {".css", "text/css; charset=utf-8"},
       {".svg", "image/svg+xml"},
       {".png", "image/png"}}};
  const auto* const row =
      std::ranges::find_if(kTypes, [&](const auto& each) { return name.ends_with(each.first); });
  return row == kTypes.end() ? "application/octet-stream" : std::string(row->second);
}

// Returns the answer with these bytes, or that the browser has them.
inline Answer file_answer(std::string_view name, std::string bytes, const Request& request) {
  Answer answer{.type = type_of(name), .tag = '"' + core::to_string(core::digest128(bytes)) + '"'};
  if (request.known_tag == answer.tag) {
    answer.status = 304;
  } else {
    answer.body = std::move(bytes);
  }
  return answer;
}

}  // namespace anabranch::http
