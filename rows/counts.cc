#include "rows/counts.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/path_parts.h"
#include "core/planted_bug.h"
#include "crdt/expiry.h"
#include "crdt/type_table.h"

namespace anabranch::rows {

namespace {

using core::Components;
using core::Path;

using crdt::find_type;
using crdt::kKeyDepth;
using crdt::kTypes;
using crdt::Layout;
using crdt::TypeEntry;

constexpr std::size_t kSpaceDepth = 1;

// Returns the layout of the type with this tag; nullopt if no type has it.
std::optional<Layout> layout(const std::string& tag) {
  const TypeEntry* type = find_type(tag);
  return type == nullptr ? std::nullopt : std::optional(type->layout);
}

// Returns whether places lie below the names behind this tag.
bool holds_places(const std::string& tag) {
  const std::optional<Layout> found = layout(tag);
  return found == Layout::kFields || found == Layout::kItems;
}

// Returns whether a place is an element of a list of containers: its member row makes it one.
bool is_element(const Components& components, std::size_t place) {
  return place > kKeyDepth && layout(components[place - 2]) == Layout::kItems;
}

Path prefix(const Components& components, std::size_t depth) {
  Path path;
  for (std::size_t i = 0; i < depth; ++i) path.append(components[i]);
  return path;
}

// Returns the depths of the places on the way to a row, outermost first; empty for rows of other
// shapes.
std::vector<std::size_t> places_above(const Components& components) {
  if (crdt::type_at(components) == nullptr) return {};
  std::vector<std::size_t> places{kKeyDepth};
  while (places.back() + 2 < components.size() && holds_places(components[places.back()])) {
    places.push_back(places.back() + 2);
  }
  return places;
}

// Whether a place shows anything besides its value of type `except`.
bool shows_other(const Path& place, Type except, const CountTable& table) {
  const StoredTags tags = table.stored_tags(place);
  return std::ranges::any_of(kTypes, [&](const TypeEntry& type) {
    if (type.type == except || !tags.may_have(type.type)) return false;
    const Path at = place.child(type.tag());
    return type.layout == Layout::kRow ? table.row_present(at) : table.count(at) > 0;
  });
}

// Adds or subtracts one; returns whether the collection began or ceased to be shown. Beside damaged
// rows, which are as absent for the writer, a count may be too small, until all are taken again.
bool step_count(const Path& collection, bool up, CountTable& table) {
  const std::uint64_t before = table.count(collection);
  if (!up && before == 0) return false;
  table.set_count(collection, up ? before + 1 : before - 1);
  return before == (up ? 0U : 1U);
}

// Returns the collection that counts this place.
Path collection_above(const Components& components, std::size_t place) {
  return prefix(components, place == kKeyDepth ? kSpaceDepth : place - 1);
}

// A row of a value at a key, not in a map or an element: nearly all rows are, and their paths need
// not be taken apart.
struct KeyRow {
  const TypeEntry* type = nullptr;  // Null for other rows.
  std::size_t above = 0;            // The size of the path of the type's rows at this key.
};

// The row is all of its type's value at the key, or one element of it.
KeyRow key_row(const Path& row, std::string_view key) {
  constexpr std::size_t kTagBytes = 3;  // A tag as a component of an encoded path.
  const std::string_view encoded = row.encoded();
  const std::size_t above = key.size() + kTagBytes;
  if (key.empty() || encoded.size() < above) return {};
  if (encoded.substr(key.size() + 1, core::kComponentEnd.size()) != core::kComponentEnd) return {};
  const TypeEntry* const type = find_type(encoded.substr(key.size(), 1));
  if (type == nullptr) return {};
  const bool whole = type->layout == Layout::kRow && encoded.size() == above;
  const bool element = type->layout == Layout::kElements && encoded.size() > above &&
                       core::behind_component(encoded, above) == encoded.size();
  return whole || element ? KeyRow{type, above} : KeyRow{};
}

// As count_presence(), for such a row.
void count_key_row(const Path& row, std::string_view key, const KeyRow& found, bool present,
                   CountTable& table) {
  if (planted(core::Bug::kSkipCount) && !present) return;
  if (found.type->layout == Layout::kElements) {
    const Path collection = Path::trusted(row.encoded().substr(0, found.above));
    if (!step_count(collection, present, table)) return;
  }
  const Path place = Path::trusted(key);
  if (!shows_other(place, found.type->type, table)) {
    const Path space = Path::trusted(key.substr(0, core::behind_component(key, 0)));
    (void)step_count(space, present, table);
  } else if (present) {
    table.share_place(place, found.type->type);
  }
}

// Updates the counts after a value of type `changed` began or ceased to be shown in the innermost
// of these places: from there outwards, as long as each place begins or ceases to be shown as well.
// Ends at an element of a list of containers.
void step_places(const Components& components, const std::vector<std::size_t>& places, Type changed,
                 bool up, CountTable& table) {
  for (auto place = places.rbegin(); place != places.rend(); ++place) {
    const Path at = prefix(components, *place);
    if (shows_other(at, changed, table)) {
      if (up) table.share_place(at, changed);
      return;
    }
    if (is_element(components, *place)) return;
    if (!step_count(collection_above(components, *place), up, table)) return;
    changed = Type::kMap;
  }
}

// Updates the counts after the collection of these components began or ceased to show a place.
// Forgets the places from that one on.
void step_place(const Components& components, std::vector<std::size_t>& places, bool up,
                CountTable& table) {
  const Path above = collection_above(components, places.back());
  places.pop_back();
  if (step_count(above, up, table)) step_places(components, places, Type::kMap, up, table);
}

// As count_presence(), for a deep row beside its own collection.
void count_deep_row(const Components& components, std::vector<std::size_t> places, bool present,
                    CountTable& table) {
  const auto at = std::ranges::lower_bound(places, kCountedDepth);
  const auto in_element = [&](std::size_t place) { return is_element(components, place); };
  if (std::any_of(at, places.end(), in_element)) return;
  places.erase(at + 1, places.end());
  if (!step_count(prefix(components, kCountedDepth), present, table)) return;
  step_place(components, places, present, table);
}

// Returns the depths of the places above a prefix, outermost first, as far as maps and lists of
// containers lead: the last place is the prefix itself or contains it.
std::vector<std::size_t> places_to(const Components& components) {
  std::vector<std::size_t> places;
  for (std::size_t place = kKeyDepth; place <= components.size(); place += 2) {
    places.push_back(place);
    if (place == components.size() || !holds_places(components[place])) break;
  }
  return places;
}

}  // namespace

bool counts_at_all(const Path& row) {
  return key_row(row, crdt::key_part(row)).type != nullptr ||
         !places_above(row.components()).empty();
}

void count_presence(const Path& row, bool present, CountTable& table) {
  const std::string_view key = crdt::key_part(row);
  if (const KeyRow found = key_row(row, key); found.type != nullptr) {
    return count_key_row(row, key, found, present, table);
  }
  const Components components = row.components();
  const std::vector<std::size_t> places = places_above(components);
  if (places.empty() || (planted(core::Bug::kSkipCount) && !present)) return;
  const std::size_t place = places.back();
  const TypeEntry& changed = *find_type(components[place]);
  const bool is_member = changed.layout == Layout::kElements || changed.layout == Layout::kItems;
  const bool steps = !is_member || step_count(prefix(components, place + 1), present, table);
  if (place >= kCountedDepth) return count_deep_row(components, places, present, table);
  if (steps) step_places(components, places, changed.type, present, table);
}

void count_prefix(const Path& path, bool up, CountTable& table) {
  const Components components = path.components();
  if (components.size() < kKeyDepth || components.front() == std::string(1, '\0')) return;
  std::vector<std::size_t> places = places_to(components);
  const std::size_t below = components.size() - places.back();
  if (below == 0 && is_element(components, places.back())) {
    if (table.row_present(path)) count_presence(path, up, table);
    return;
  }
  if (below == 0) {  // The prefix is a whole place.
    const bool shown = components.size() == kCountedDepth ? table.count(path) > 0
                                                          : shows_other(path, Type::kNone, table);
    if (shown) step_place(components, places, up, table);
    return;
  }
  const TypeEntry* const type = below == 1 ? find_type(components.back()) : nullptr;
  if (type != nullptr && type->layout != Layout::kRow) {  // The prefix is a whole collection.
    if (table.count(path) > 0) step_places(components, places, type->type, up, table);
    return;
  }
  if (table.row_present(path)) count_presence(path, up, table);  // At most this row counts.
}

std::string_view counted_part(std::string_view encoded) {
  constexpr std::size_t kBytesMin = kCountedDepth * core::kComponentEnd.size();
  if (encoded.size() <= kBytesMin) return encoded;
  std::size_t end = 0;
  for (std::size_t left = kCountedDepth; left > 0 && end < encoded.size(); --left) {
    end = core::behind_component(encoded, end);
  }
  return encoded.substr(0, end);
}

bool is_counted_level(const Path& path) {
  const std::string_view encoded = path.encoded();
  if (encoded.size() < kCountedDepth * core::kComponentEnd.size()) return false;
  std::size_t components = 0;
  for (std::size_t at = 0; at < encoded.size() && components <= kCountedDepth; ++components) {
    at = core::behind_component(encoded, at);
  }
  return components == kCountedDepth;
}

bool is_deep_map(const Path& path) {
  const std::string_view encoded = path.encoded();
  if (!encoded.ends_with(std::string_view("\0\1h\0\1", 5)) || !is_deep(path)) return false;
  const Components components = path.components();
  const std::vector<std::size_t> places = places_to(components);
  return places.back() + 1 == components.size() && layout(components.back()) == Layout::kFields;
}

bool counts_in(const Path& row, const Path& map) {
  const Components components = row.components();
  const std::size_t depth = map.components().size();
  const std::vector<std::size_t> places = places_above(components);
  return !places.empty() && std::ranges::none_of(places, [&](std::size_t place) {
    return place > depth && is_element(components, place);
  });
}

std::vector<Counted> counted_in(const Path& row, std::size_t levels) {
  const Components components = row.components();
  const std::vector<std::size_t> places = places_above(components);
  std::vector<Counted> counted;
  const auto add = [&](Path collection, std::string member) {
    counted.push_back({std::move(collection), std::move(member)});
  };
  for (const std::size_t place : places) {
    if (place <= levels) add(collection_above(components, place), components[place - 1]);
    if (place == levels) {
      Path at = prefix(components, place);
      std::string rest(row.encoded().substr(at.encoded().size()));
      add(std::move(at), std::move(rest));
    }
    if (!is_element(components, place)) continue;
    for (Counted& each : counted) each.counts = false;
  }
  if (places.empty()) return counted;
  const std::size_t last = places.back();
  if (layout(components[last]) != Layout::kRow) {
    add(prefix(components, last + 1), components[last + 1]);
  }
  return counted;
}

}  // namespace anabranch::rows
