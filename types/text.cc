// Texts over a scope: the rows are read for each call.

#include <anabranch/text.h>

#include "types/text_editor.h"

namespace anabranch {

std::uint64_t Text::size() const {
  std::uint64_t size = 0;
  scope_->at_once([&](const Scope& txn) {
    expect_type(txn, key_, Type::kText);
    size = types::size_of(types::TextRows(txn, key_).order(), unit_);
  });
  return size;
}

std::string Text::str() const {
  std::string text;
  scope_->at_once([&](const Scope& txn) {
    expect_type(txn, key_, Type::kText);
    text = types::TextRows(txn, key_).order().text(0, UINT32_MAX);
  });
  return text;
}

void Text::insert(std::uint64_t position, std::string_view utf8) {
  edit([&](TextEdit& text) { text.insert(position, utf8); });
}

void Text::erase(std::uint64_t position, std::uint64_t count) {
  edit([&](TextEdit& text) { text.erase(position, count); });
}

void Text::edit(const std::function<void(TextEdit&)>& function) {
  scope_->atomically([&](Scope& txn) {
    expect_type(txn, key_, Type::kText);
    types::TextRows rows(txn, key_);
    types::TextEditor editor(rows, txn, key_, unit_);
    function(editor);
    editor.finish();
  });
}

void Text::clear() {
  scope_->atomically([&](Scope& txn) {
    expect_type(txn, key_, Type::kText);
    txn.clear(key_.of(Type::kText));
  });
}

}  // namespace anabranch
