// Lists of containers over a scope. An element is a member row at the position of its insertion;
// its contents lie below that row. Ids are positions in base64.

#include <anabranch/item_list.h>

#include <optional>
#include <utility>

#include <anabranch/error.h>

#include "core/base64.h"
#include "crdt/position.h"
#include "types/list_rows.h"

namespace anabranch {

namespace {

using types::ListItem;
using types::ListRows;

constexpr Type kType = Type::kItemList;

// Returns the position that an id names.
std::string position_of(const Key& key, std::string_view id) {
  auto position = core::from_base64(id);
  if (position && crdt::place_of(*position)) return *std::move(position);
  throw Error(ErrorCode::kInvalid, "\"" + std::string(id) +
                                       "\" is no id of an element of the list " + key.name() +
                                       ": give back what an insert has returned");
}

}  // namespace

void ItemList::run(const std::function<void(Scope&)>& function) {
  writable().atomically([&](Scope& txn) {
    expect_type(txn, key(), kType);
    function(txn);
  });
}

void ItemListReader::look(const std::function<void(const Scope&)>& function) const {
  scope().at_once([&](const Scope& txn) {
    expect_type(txn, key(), kType);
    function(txn);
  });
}

std::uint64_t ItemListReader::size() const {
  expect_type(scope(), key(), kType);
  return scope().count(key().of(kType));
}

std::vector<std::string> ItemListReader::ids(std::uint64_t first, std::uint64_t at_most) const {
  std::vector<std::string> ids;
  look([&](const Scope& txn) {
    for (const ListItem& each : ListRows(txn, key(), kType).slice(first, at_most)) {
      ids.push_back(core::to_base64(each.id));
    }
  });
  return ids;
}

ListPage<std::string> ItemListReader::page(std::string_view after, std::size_t at_most) const {
  ListPage<std::string> page;
  look([&](const Scope& txn) {
    types::RowPage rows = types::page_of(txn, key(), kType, after, at_most);
    for (const ListItem& each : rows.items) page.elements.push_back(core::to_base64(each.id));
    page.place = std::move(rows.place);
    page.more = rows.more;
  });
  return page;
}

Key ItemListReader::place(const detail::Name& id) const {
  return key().element(position_of(key(), id), kType);
}

bool ItemListReader::contains(const detail::Name& id) const {
  expect_type(scope(), key(), kType);
  return scope().contains(place(id));
}

std::string ItemList::insert(std::uint64_t index) {
  std::string id;
  run([&](Scope& txn) {
    const std::uint64_t size = txn.count(key().of(kType));
    if (index != size) types::expect_index(key(), index, size);
    id = core::to_base64(types::insert_row(txn, key(), kType, index, {}));
  });
  return id;
}

std::string ItemList::push_back() {
  std::string id;
  run([&](Scope& txn) {
    const std::uint64_t end = txn.count(key().of(kType));
    id = core::to_base64(types::insert_row(txn, key(), kType, end, {}));
  });
  return id;
}

std::string ItemList::push_front() { return insert(0); }

bool ItemList::move(const detail::Name& id, std::uint64_t to) {
  const std::string position = position_of(key(), id);
  bool found = false;
  run([&](Scope& txn) {
    if (!txn.contains(key().element(position, kType))) return;
    const auto from = ListRows(txn, key(), kType).index_of(position);
    if (!from) throw Error(ErrorCode::kCorrupt, "the list " + key().name() + " lacks an element");
    types::move_row(txn, key(), kType, *from, to);
    found = true;
  });
  return found;
}

bool ItemList::erase(const detail::Name& id) {
  const std::string position = position_of(key(), id);
  bool found = false;
  run([&](Scope& txn) {
    const Key place = key().element(position, kType);
    found = txn.contains(place);
    if (!found) return;
    const ListRows rows(txn, key(), kType);
    txn.clear(place);
    types::remove_positions(txn, key(), kType, rows, position);
  });
  return found;
}

void ItemList::clear() {
  run([&](Scope& txn) { txn.clear(key().of(kType)); });
}

}  // namespace anabranch
