#include <anabranch/text_document.h>

#include <algorithm>
#include <utility>

#include "leader/documents/open_document.h"

namespace anabranch {

namespace {

// The function of an application as one of an editor.
auto editing(const std::function<void(TextEdit&)>& function) {
  if (!function) throw Error(ErrorCode::kInvalid, "an edit needs a function to call");
  return [&function](types::TextEditor& editor) { function(editor); };
}

}  // namespace

TextDocument::TextDocument(Store& store, Key key, TextUnit unit)
    : impl_(std::make_shared<Impl>(store, std::move(key), unit)) {}
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
