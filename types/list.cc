// Lists over a scope.

#include <anabranch/list.h>

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
  scope_->atomically([&](Scope& txn) {
    expect_type(txn, key_, kType);
    function(txn);
  });
}

void ByteList::look(const std::function<void(const Scope&)>& function) const {
  scope_->at_once([&](const Scope& txn) {
    expect_type(txn, key_, kType);
    function(txn);
  });
}

std::uint64_t ByteList::size() const {
  expect_type(*scope_, key_, kType);
  return scope_->count(key_.of(kType));
}

std::optional<std::string> ByteList::get(std::uint64_t index) const {
  std::optional<std::string> value;
  look([&](const Scope& txn) {
    std::vector<ListItem> found = ListRows(txn, key_, kType).slice(index, 1);
    if (!found.empty()) value = std::move(found.front().value);
  });
  return value;
}

std::vector<std::string> ByteList::elements() const {
  std::vector<std::string> values;
  look([&](const Scope& txn) { values = types::list_elements(txn, key_); });
  return values;
}

void ByteList::insert(std::uint64_t index, std::string_view value) {
  run([&](Scope& txn) {
    const std::uint64_t size = txn.count(key_.of(kType));
    if (index != size) expect_index(key_, index, size);
    types::insert_row(txn, key_, kType, index, value);
  });
}

void ByteList::push(std::string_view value, bool back) {
  run([&](Scope& txn) {
    types::insert_row(txn, key_, kType, back ? txn.count(key_.of(kType)) : 0, value);
  });
}

std::optional<std::string> ByteList::pop(bool back) {
  std::optional<std::string> value;
  run([&](Scope& txn) {
    const ListRows items(txn, key_, kType);
    const std::uint64_t size = items.size();
    if (size == 0) return;
    ListItem item = items.at(back ? size - 1 : 0);
    erase_item(txn, key_, items, item);
    value = std::move(item.value);
  });
  return value;
}

void ByteList::erase(std::uint64_t index) {
  run([&](Scope& txn) {
    const ListRows items(txn, key_, kType);
    erase_item(txn, key_, items, items.at(index));
  });
}

void ByteList::set(std::uint64_t index, std::string_view value) {
  run([&](Scope& txn) {
    const ListRows items(txn, key_, kType);
    txn.put(key_.element(items.at(index).id, kType), value);
  });
}

void ByteList::move(std::uint64_t from, std::uint64_t to) {
  run([&](Scope& txn) { types::move_row(txn, key_, kType, from, to); });
}

void ByteList::clear() {
  run([&](Scope& txn) { txn.clear(key_.of(kType)); });
}

}  // namespace anabranch::detail
