// Lists over a scope.

#include <anabranch/list.h>

#include <utility>

#include "types/list_rows.h"

namespace anabranch::detail {

namespace {

using types::expect_index;
using types::ListItem;
using types::ListRows;

constexpr Type kType = Type::kList;

void erase_item(Scope& txn, const Key& key, const ListRows& rows, const ListItem& item) {
  txn.remove(key.element(item.id, kType));
  types::remove_positions(txn, key, kType, rows, item.id);
}

}  // namespace

void ByteList::run(const std::function<void(Scope&)>& function) {
  writable().atomically([&](Scope& txn) {
    expect_type(txn, key(), kType);
    function(txn);
  });
}

void ByteList::look(const std::function<void(const Scope&)>& function) const {
  scope().at_once([&](const Scope& txn) {
    expect_type(txn, key(), kType);
    function(txn);
  });
}

std::uint64_t ByteList::size() const {
  expect_type(scope(), key(), kType);
  return scope().count(key().of(kType));
}

std::optional<std::string> ByteList::get(std::uint64_t index) const {
  std::optional<std::string> value;
  look([&](const Scope& txn) {
    std::vector<ListItem> found = ListRows(txn, key(), kType).slice(index, 1);
    if (!found.empty()) value = std::move(found.front().value);
  });
  return value;
}

std::vector<std::string> ByteList::elements(std::uint64_t first, std::uint64_t at_most) const {
  std::vector<std::string> values;
  look([&](const Scope& txn) {
    for (ListItem& each : ListRows(txn, key(), kType).slice(first, at_most)) {
      values.push_back(std::move(each.value));
    }
  });
  return values;
}

ListPage<std::string> ByteList::page(std::string_view after, std::size_t at_most) const {
  ListPage<std::string> page;
  look([&](const Scope& txn) {
    types::RowPage rows = types::page_of(txn, key(), kType, after, at_most);
    for (ListItem& each : rows.items) page.elements.push_back(std::move(each.value));
    page.place = std::move(rows.place);
    page.more = rows.more;
  });
  return page;
}

void ByteList::insert(std::uint64_t index, std::string_view value) {
  run([&](Scope& txn) {
    const std::uint64_t size = txn.count(key().of(kType));
    if (index != size) expect_index(key(), index, size);
    types::insert_row(txn, key(), kType, index, value);
  });
}

void ByteList::push(std::string_view value, bool back) {
  run([&](Scope& txn) {
    types::insert_row(txn, key(), kType, back ? txn.count(key().of(kType)) : 0, value);
  });
}

std::optional<std::string> ByteList::pop(bool back) {
  std::optional<std::string> value;
  run([&](Scope& txn) {
    const ListRows items(txn, key(), kType);
    const std::uint64_t size = items.size();
    if (size == 0) return;
    ListItem item = items.at(back ? size - 1 : 0);
    erase_item(txn, key(), items, item);
    value = std::move(item.value);
  });
  return value;
}

void ByteList::erase(std::uint64_t index) {
  run([&](Scope& txn) {
    const ListRows items(txn, key(), kType);
    erase_item(txn, key(), items, items.at(index));
  });
}

void ByteList::set(std::uint64_t index, std::string_view value) {
  run([&](Scope& txn) {
    const ListRows items(txn, key(), kType);
    txn.put(key().element(items.at(index).id, kType), value);
  });
}

void ByteList::move(std::uint64_t from, std::uint64_t to) {
  run([&](Scope& txn) { types::move_row(txn, key(), kType, from, to); });
}

void ByteList::clear() {
  run([&](Scope& txn) { txn.clear(key().of(kType)); });
}

}  // namespace anabranch::detail
