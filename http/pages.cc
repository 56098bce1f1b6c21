#include "http/pages.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "http/file_answer.h"
#include "http/files.h"

namespace anabranch::http {

std::optional<Answer> page_at(const Request& request) {
  const std::string_view name =
      request.path == "/" ? "index.html" : std::string_view(request.path).substr(1);
  const auto found = std::ranges::find(files(), name, &PageFile::name);
  if (found == files().end()) return std::nullopt;
  return file_answer(name, std::string(found->bytes), request);
}

}  // namespace anabranch::http
