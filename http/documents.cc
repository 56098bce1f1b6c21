#include "http/documents.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "core/log.h"
#include "core/result.h"
#include "core/system/own_program.h"
#include "core/system/whole_file.h"
#include "http/file_answer.h"

namespace anabranch::http {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRoot = "/docs";
constexpr const char* kFirst = "index.html";
constexpr std::size_t kFileBytesMax = std::size_t{4} << 20U;
constexpr std::size_t kPathBytesMax = 256;

// Whether a path may be one of a site: names of plain characters, none of which begins with a dot.
bool is_plain(std::string_view path) {
  const auto is_part = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.' || c == '/';
  };
  return path.size() <= kPathBytesMax && std::ranges::all_of(path, is_part) &&
         ("/" + std::string(path)).find("/.") == std::string::npos;
}

// The real path of a file of the folder; empty if there is none, or if it lies elsewhere.
std::string place_of(const std::string& folder, const std::string& name) {
  std::error_code error;
  const fs::path top = fs::canonical(folder, error);
  if (error) return {};
  const fs::path place = fs::canonical(top / name, error);
  if (error || !fs::is_regular_file(place, error)) return {};
  const auto [end, unused] = std::ranges::mismatch(top, place);
  return end == top.end() ? place.string() : std::string();
}

Answer not_there(const char* why) {
  return {.status = 404, .body = std::string(R"({"error":")") + why + "\"}"};
}

}  // namespace

bool Documents::are_there() const { return !folder_.empty() && !place_of(folder_, kFirst).empty(); }

std::optional<Answer> Documents::at(const Request& request) const {
  const std::string_view path = request.path;
  if (path != kRoot && !path.starts_with(std::string(kRoot) + '/')) return std::nullopt;
  if (!are_there()) {
    return not_there(
        "the documents are not here: the package anabranch-doc has them, for the program of the "
        "package anabranch");
  }
  // Links of a page are relative to its folder.
  if (path == kRoot) return Answer{.status = 301, .body = "{}", .location = "docs/"};
  const std::string_view name = path.substr(kRoot.size() + 1);
  if (!is_plain(name)) return not_there("there is nothing at this address");
  return file(name.empty() ? kFirst : std::string(name), request);
}

Answer Documents::file(const std::string& name, const Request& request) const {
  const std::string place = place_of(folder_, name);
  if (place.empty()) return not_there("there is nothing at this address");
  core::Result<std::string> bytes = core::whole_file(place, kFileBytesMax);
  if (bytes.ok()) return file_answer(name, std::move(bytes).value(), request);
  core::log_debug({}, "HTTP: " + bytes.failure().message);
  return {.status = 503, .body = R"({"error":"this file of the documents cannot be read"})"};
}

std::string installed_documents() {
  return core::installed_with_program("share/doc/anabranch-doc/html");
}

}  // namespace anabranch::http
