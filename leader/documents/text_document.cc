#include <anabranch/text_document.h>

#include <algorithm>
#include <utility>

#include "leader/documents/open_document.h"
#include "types/text_anchor.h"

namespace anabranch {

using leader::editing;

TextDocument::TextDocument(Store& store, Key key, TextUnit unit)
    : impl_(std::make_shared<Impl>(store.impl(), std::move(key), unit)) {}
TextDocument::~TextDocument() {
  if (impl_ && !impl_->here()) leader::OpeningProcess::keep(std::move(impl_));
}

TextDocument::TextDocument(TextDocument&&) noexcept = default;

TextDocument& TextDocument::operator=(TextDocument&& other) noexcept {
  const TextDocument before(std::move(*this));
  impl_ = std::move(other.impl_);
  return *this;
}

std::uint64_t TextDocument::size() const {
  return impl_->read(
      [&](const crdt::TextOrder& order) { return types::size_of(order, impl_->unit()); });
}

std::string TextDocument::str() const {
  return impl_->read([](const crdt::TextOrder& order) { return order.text(0, UINT32_MAX); });
}

std::string TextDocument::read(std::uint64_t position, std::uint64_t count) const {
  return impl_->read([&](const crdt::TextOrder& order) {
    return types::read(order, impl_->key(), impl_->unit(), position, count);
  });
}

std::string TextDocument::anchor(std::uint64_t position, TextSide side) const {
  return impl_->read([&](const crdt::TextOrder& order) {
    return types::anchor_at(order, types::index_of(order, impl_->key(), impl_->unit(), position),
                            side);
  });
}

std::uint64_t TextDocument::position(std::string_view anchor) const {
  return impl_->read([&](const crdt::TextOrder& order) {
    return types::units_before(order, types::index_of_anchor(order, anchor), impl_->unit());
  });
}

std::vector<TextAuthor> TextDocument::authors(std::uint64_t position, std::uint64_t count) const {
  return impl_->authors(position, count);
}

void TextDocument::replace(std::string_view whole) {
  edit([&](TextEdit& text) { text.replace(whole); });
}

void TextDocument::insert(std::uint64_t position, std::string_view utf8) {
  edit([&](TextEdit& text) { text.insert(position, utf8); });
}

void TextDocument::erase(std::uint64_t position, std::uint64_t count) {
  edit([&](TextEdit& text) { text.erase(position, count); });
}

// The function may destroy this object.
void TextDocument::edit(const std::function<void(TextEdit&)>& function) {
  const std::shared_ptr<Impl> impl = impl_;
  impl->edit(editing(function));
}

void TextDocument::edit(Scope& transaction, const std::function<void(TextEdit&)>& function) {
  const std::shared_ptr<Impl> impl = impl_;
  impl->edit(transaction, editing(function));
}

void TextDocument::clear() { impl_->clear(); }

TextView TextDocument::observe(OnTextChange function) {
  return impl_->observe(std::move(function));
}

}  // namespace anabranch
