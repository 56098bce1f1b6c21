// Texts over a scope: the rows are read for each call.

#include <anabranch/text.h>

#include <utility>

#include "types/text_anchor.h"
#include "types/text_editor.h"

namespace anabranch {

namespace {

// Returns function(order) of a text.
template <typename Function>
auto look(const Scope& scope, const Key& key, const Function& function) {
  decltype(function(std::declval<const crdt::TextOrder&>())) found{};
  scope.at_once([&](const Scope& txn) {
    expect_type(txn, key, Type::kText);
    const types::TextRows rows(txn, key);
    found = function(rows.order());
  });
  return found;
}

}  // namespace

std::uint64_t TextReader::size() const {
  return look(scope(), key(),
              [&](const crdt::TextOrder& order) { return types::size_of(order, unit_); });
}

std::string TextReader::str() const {
  return look(scope(), key(),
              [](const crdt::TextOrder& order) { return order.text(0, UINT32_MAX); });
}

std::string TextReader::read(std::uint64_t position, std::uint64_t count) const {
  return look(scope(), key(), [&](const crdt::TextOrder& order) {
    return types::read(order, key(), unit_, position, count);
  });
}

std::string TextReader::anchor(std::uint64_t position, TextSide side) const {
  return look(scope(), key(), [&](const crdt::TextOrder& order) {
    return types::anchor_at(order, types::index_of(order, key(), unit_, position), side);
  });
}

std::uint64_t TextReader::position(std::string_view anchor) const {
  return look(scope(), key(), [&](const crdt::TextOrder& order) {
    return types::units_before(order, types::index_of_anchor(order, anchor), unit_);
  });
}

void Text::replace(std::string_view whole) {
  edit([&](TextEdit& text) { text.replace(whole); });
}

void Text::insert(std::uint64_t position, std::string_view utf8) {
  edit([&](TextEdit& text) { text.insert(position, utf8); });
}

void Text::erase(std::uint64_t position, std::uint64_t count) {
  edit([&](TextEdit& text) { text.erase(position, count); });
}

void Text::edit(const std::function<void(TextEdit&)>& function) {
  writable().atomically([&](Scope& txn) {
    expect_type(txn, key(), Type::kText);
    types::TextRows rows(txn, key());
    types::TextEditor editor(rows, txn, key(), unit());
    function(editor);
    editor.finish();
  });
}

void Text::clear() {
  writable().atomically([&](Scope& txn) {
    expect_type(txn, key(), Type::kText);
    txn.clear(key().of(Type::kText));
  });
}

}  // namespace anabranch
