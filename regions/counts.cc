#include "regions/counts.h"

#include <span>
#include <string_view>
#include <vector>

#include <anabranch/key.h>

namespace anabranch::regions {

namespace {

using core::Components;
using core::Path;

constexpr std::size_t kSpaceDepth = 1;
constexpr std::size_t kKeyDepth = 2;

std::string tag(Type type) { return std::string(1, static_cast<char>(type)); }

Path prefix(const Components& components, std::size_t depth) {
  Path path;
  for (std::size_t i = 0; i < depth; ++i) path.append(components[i]);
  return path;
}

// The depths of the places on the way to a row, outermost first; empty for rows of another shape.
std::vector<std::size_t> places_above(const Components& components) {
  if (components.size() <= kKeyDepth || components.front() == std::string(1, '\0')) return {};
  std::vector<std::size_t> places{kKeyDepth};
  while (components[places.back()] == tag(Type::kMap)) {
    const std::size_t field = places.back() + 2;
    if (field >= components.size()) return {};
    places.push_back(field);
  }
  const std::string& last_tag = components[places.back()];
  const std::size_t below = components.size() - places.back();
  const bool is_string = last_tag == tag(Type::kString) && below == 1;
  const bool is_element = last_tag == tag(Type::kSet) && below == 2;
  return is_string || is_element ? places : std::vector<std::size_t>{};
}

// Whether a place shows anything besides its value of type `except`.
bool shows_other(const Path& place, Type except, const CountTable& table) {
  if (except != Type::kString && table.row_present(place.child(tag(Type::kString)))) return true;
  for (const Type type : {Type::kSet, Type::kMap}) {
    if (type != except && table.count(place.child(tag(type))) > 0) return true;
  }
  return false;
}

// Counts one more or one fewer; returns whether the collection began or ceased to be shown.
bool step_count(const Path& collection, bool up, CountTable& table) {
  const std::uint64_t before = table.count(collection);
  ANABRANCH_ASSERT(up || before > 0);
  table.set_count(collection, up ? before + 1 : before - 1);
  return before == (up ? 0U : 1U);
}

}  // namespace

void count_presence(const Path& row, bool present, CountTable& table) {
  const Components components = row.components();
  const std::vector<std::size_t> places = places_above(components);
  if (places.empty()) return;
  auto place = places.rbegin();
  Type changed = static_cast<Type>(components[*place].front());
  if (changed == Type::kSet && !step_count(prefix(components, *place + 1), present, table)) return;
  // From the innermost place outwards, as long as each begins or ceases to be shown.
  for (; place != places.rend(); ++place) {
    if (shows_other(prefix(components, *place), changed, table)) return;
    const std::size_t above = *place == kKeyDepth ? kSpaceDepth : *place - 1;
    if (!step_count(prefix(components, above), present, table)) return;
    changed = Type::kMap;
  }
}

}  // namespace anabranch::regions
