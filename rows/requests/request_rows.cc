#include "rows/requests/request_rows.h"

#include "core/codec.h"
#include "core/space.h"
#include "core/varint.h"

namespace anabranch::rows {

using core::Path;

namespace {

constexpr std::string_view kOnce = "once";

// The components of the path of a request, and of marks.
constexpr std::size_t kRequestSize = 3;
constexpr std::size_t kMarkSize = 4;

}  // namespace

const Path& requests_path() {
  static const auto* const kept = new Path{core::kMeshSpace, kOnce};
  return *kept;
}

Path request_path(std::string_view id) { return requests_path().child(id); }

Path mark_path(const Path& request, std::size_t number) {
  std::string bytes;
  core::put_varint(bytes, number);
  return request.child(bytes);
}

std::string encode_execution() {
  std::string value;
  core::Writer(value).array(0);
  return value;
}

bool is_of_request(const Path& path) {
  // Nearly no row is in the mesh's own space, whose paths begin so.
  return path.encoded().starts_with('\0') && requests_path().is_prefix_of(path) &&
         path != requests_path();
}

bool is_mark(const Path& path) {
  return is_of_request(path) && path.components().size() == kMarkSize;
}

Path request_of(const Path& path) {
  core::Components parts = path.components();
  parts.resize(kRequestSize);
  return Path::of(parts);
}

}  // namespace anabranch::rows
