// The place of a change in the words of handles, out of its path as stored (docs/formats.md): pairs
// of a tag and a name lead through maps and lists of containers, and then come the tag of the value
// and its element.

#include <anabranch/watch.h>

#include <cstddef>
#include <string>

#include "core/base64.h"
#include "crdt/type_table.h"

namespace anabranch {

namespace {

Type type_of(const std::string& tag) {
  const crdt::TypeEntry* const entry = crdt::find_type(tag);
  return entry == nullptr ? Type::kNone : entry->type;
}

bool names_its_elements(Type type) {
  return type == Type::kSet || type == Type::kRemoveWinsSet || type == Type::kSortedSet;
}

}  // namespace

ChangedPlace Change::place() const {
  ChangedPlace place{
      .at = Key(database, key), .fields = {}, .type = Type::kNone, .element = std::nullopt};
  for (std::size_t i = 0; i < path.size(); ++i) {
    place.type = type_of(path[i]);
    const bool leads = place.type == Type::kMap || place.type == Type::kItemList;
    if (!leads || i + 1 == path.size()) {
      if (names_its_elements(place.type) && i + 1 < path.size()) place.element = path[i + 1];
      break;
    }
    ++i;
    if (place.type == Type::kMap) {
      place.at = place.at.field(path[i]);
      place.fields.push_back(path[i]);
    } else {
      if (path[i] == crdt::kMoved && i + 1 < path.size()) ++i;
      place.at = place.at.element(path[i], Type::kItemList);
      place.fields.push_back(core::to_base64(path[i]));
    }
    place.type = Type::kNone;
  }
  return place;
}

}  // namespace anabranch
