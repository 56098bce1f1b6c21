// Texts over a scope: the rows are read for each call.

#include <anabranch/text.h>

#include "regions/text_editor.h"

namespace anabranch {

std::uint64_t Text::size() const {
  expect_type(*scope_, key_, Type::kText);
  return regions::size_of(regions::TextRows(*scope_, key_).order(), unit_);
}

std::string Text::str() const {
  expect_type(*scope_, key_, Type::kText);
  return regions::TextRows(*scope_, key_).order().text(0, UINT32_MAX);
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
    regions::TextRows rows(txn, key_);
    regions::TextEditor editor(rows, txn, key_, unit_);
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
