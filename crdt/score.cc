#include "crdt/score.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/path_parts.h"
#include "core/text.h"
#include "crdt/type_table.h"

namespace anabranch::crdt {

namespace {

using core::kComponentEnd;

constexpr char kTag = static_cast<char>(Type::kSortedSet);

// Takes the first component off an encoding, still encoded; nullopt when there is none.
std::optional<std::string_view> take_component(std::string_view& encoded) {
  const std::size_t behind = core::behind_component(encoded, 0);
  if (behind == std::string_view::npos) return std::nullopt;
  const std::string_view component = encoded.substr(0, behind - kComponentEnd.size());
  encoded.remove_prefix(behind);
  return component;
}

// Returns the path below the tag of a sorted set; nullopt when the path has no such tag. Called for
// every row that changes, so it decodes no path.
std::optional<std::string_view> below_sorted_set(std::string_view encoded) {
  const auto space = take_component(encoded);
  if (!space || *space == std::string_view("\0\xFF", 2)) return std::nullopt;  // The mesh's own.
  for (;;) {  // From place to place: a key, a field of a map, or an element of a list.
    if (!take_component(encoded)) return std::nullopt;
    const auto tag = take_component(encoded);
    if (!tag || tag->size() != 1) return std::nullopt;
    if (tag->front() == kTag) return encoded;
    const bool leads_on = tag->front() == static_cast<char>(Type::kMap) ||
                          tag->front() == static_cast<char>(Type::kItemList);
    if (!leads_on) return std::nullopt;
  }
}

}  // namespace

double score(const std::optional<std::string>& resolved, const Tally& tally) {
  double sum = resolved ? core::parse_finite(*resolved).value_or(0) : 0;
  if (tally.live()) sum += tally.sum().as_real();
  if (std::isnan(sum)) return 0;  // Only foreign bytes contain infinities of both signs.
  constexpr double kMax = std::numeric_limits<double>::max();
  return std::clamp(sum, -kMax, kMax) + 0.0;
}

std::optional<Membership> membership(const core::Path& row) {
  const std::string_view encoded = row.encoded();
  if (!core::may_lead_through(encoded, kTag)) return std::nullopt;
  const auto below = below_sorted_set(encoded);
  if (!below || below->find(kComponentEnd) != below->size() - kComponentEnd.size()) {
    return std::nullopt;
  }
  const std::size_t size = encoded.size() - below->size();
  return Membership{core::Path::trusted(encoded.substr(0, size)), row.last()};
}

bool is_sorted_set(const core::Path& path) {
  const auto below = below_sorted_set(path.encoded());
  return below && below->empty();
}

}  // namespace anabranch::crdt
