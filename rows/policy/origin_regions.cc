#include "rows/policy/origin_regions.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "core/codec.h"
#include "core/space.h"
#include "storage/layout.h"

namespace anabranch::rows {

using core::Origin;
using core::Path;

namespace {

constexpr std::string_view kRegions = "region";
constexpr std::string_view kOriginTag = "o";

// The places of the components of such a path.
constexpr std::size_t kRegionAt = 2;
constexpr std::size_t kTagAt = 3;
constexpr std::size_t kOriginAt = 4;

}  // namespace

const Path& regions_path() {
  static const auto* const kept = new Path{core::kMeshSpace, kRegions};
  return *kept;
}

Path origin_path(std::string_view region, Origin origin) {
  return regions_path().child(region).append(kOriginTag).append(storage::big_endian(origin));
}

std::optional<OriginRow> read_origin_path(const Path& path) {
  if (!regions_path().is_prefix_of(path)) return std::nullopt;
  core::Components parts = path.components();
  const bool is_origin = parts.size() == kOriginAt + 1 && parts[kTagAt] == kOriginTag &&
                         parts[kOriginAt].size() == sizeof(Origin);
  if (!is_origin) return std::nullopt;
  return OriginRow{std::move(parts[kRegionAt]), storage::from_big_endian(parts[kOriginAt])};
}

std::optional<Origin> read_previous_origin(std::string_view value) {
  core::Reader in(value);
  const std::size_t newer = in.array_of(1);
  const Origin previous = in.uint64();
  in.skip(newer);
  return in.done() ? std::optional(previous) : std::nullopt;
}

void OriginRegions::add(const Path& path, const crdt::Cell& cell) {
  const auto names_one = [](const crdt::Sibling& each) {
    return read_previous_origin(each.value).has_value();
  };
  if (std::ranges::none_of(cell.siblings, names_one)) return;
  auto row = read_origin_path(path);
  if (row && row->origin != 0) regions_.insert_or_assign(row->origin, std::move(row->region));
}

std::string_view OriginRegions::find(Origin origin) const {
  const auto found = regions_.find(origin);
  return found == regions_.end() ? std::string_view() : found->second;
}

}  // namespace anabranch::rows
