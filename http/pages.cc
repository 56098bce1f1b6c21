#include "http/pages.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/hash.h"
#include "http/files.h"

namespace anabranch::http {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kTypes{
    {{".html", "text/html; charset=utf-8"},
     {".js", "text/javascript; charset=utf-8"},
     {".css", "text/css; charset=utf-8"},
     {".svg", "image/svg+xml"}}};

std::string type_of(std::string_view name) {
  const auto* const row =
      std::ranges::find_if(kTypes, [&](const auto& each) { return name.ends_with(each.first); });
  return row == kTypes.end() ? "application/octet-stream" : std::string(row->second);
}

}  // namespace

std::optional<Answer> page_at(const Request& request) {
  const std::string_view name =
      request.path == "/" ? "index.html" : std::string_view(request.path).substr(1);
  const auto found = std::ranges::find(files(), name, &PageFile::name);
  if (found == files().end()) return std::nullopt;
  Answer answer{.type = type_of(name),
                .tag = '"' + core::to_string(core::digest128(found->bytes)) + '"'};
  if (request.known_tag == answer.tag) {
    answer.status = 304;
  } else {
    answer.body = found->bytes;
  }
  return answer;
}

}  // namespace anabranch::http
