#include "rows/policy/module_rows.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/assert.h"
#include "core/hash.h"
#include "core/space.h"
#include "core/text.h"

namespace anabranch::rows {

using core::Path;

namespace {

constexpr std::string_view kModules = "module";
constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kHashAt = 2;  // The place of the component in such a path.

std::string hash_of(std::string_view module) {
  const auto hash = core::content_hash(module);
  return {hash.begin(), hash.end()};
}

std::string bytes_of(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(
        static_cast<char>(core::parse_number<std::uint8_t, 16>(digits.substr(i, 2)).value_or(0)));
  }
  return bytes;
}

}  // namespace

std::string module_name(std::string_view module) { return core::to_hex(hash_of(module)); }

bool is_module_name(std::string_view text) {
  return text.size() == 2 * kHashBytes && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

const Path& modules_path() {
  static const auto* const kept = new Path{core::kMeshSpace, kModules};
  return *kept;
}

Path module_path(std::string_view name) {
  ANABRANCH_ASSERT(is_module_name(name));
  return modules_path().child(bytes_of(name));
}

std::optional<std::string> module_at(const Path& path) {
  if (!modules_path().is_prefix_of(path)) return std::nullopt;
  const core::Components parts = path.components();
  const bool is_one = parts.size() == kHashAt + 1 && parts[kHashAt].size() == kHashBytes;
  return is_one ? std::optional(core::to_hex(parts[kHashAt])) : std::nullopt;
}

std::optional<std::string> read_module(const crdt::Cell& cell, std::string_view name) {
  for (const crdt::Sibling& each : cell.siblings) {
    if (module_name(each.value) == name) return each.value;
  }
  return std::nullopt;
}

}  // namespace anabranch::rows
