#include <anabranch/text_undo.h>

#include <utility>

#include "leader/documents/open_document.h"

namespace anabranch {

using Kind = types::TextHistory::Kind;

// The document stays open for the undo, and the history for edits that are not committed yet.
class TextUndo::Impl {
 public:
  explicit Impl(std::shared_ptr<TextDocument::Impl> document)
      : document_(std::move(document)), history_(document_->make_history()) {}
  ~Impl() {
    if (!document_->here()) leader::OpeningProcess::keep(std::move(document_));
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void edit(const std::function<void(TextEdit&)>& function) {
    document_->edit(leader::editing(function), history_);
  }
  void edit(Scope& txn, const std::function<void(TextEdit&)>& function) {
    document_->edit(txn, leader::editing(function), history_);
  }
  bool undo(Kind kind) { return document_->undo(history_, kind); }
  void join() {
    document_->with(history_, [](types::TextHistory& history) { history.join(); });
  }
  [[nodiscard]] bool can(Kind kind) const {
    return document_->with(
        history_, [&](const types::TextHistory& history) { return history.next(kind) != nullptr; });
  }

 private:
  std::shared_ptr<TextDocument::Impl> document_;
  const TextDocument::Impl::History history_;
};

TextUndo::TextUndo(TextDocument& document) : impl_(std::make_shared<Impl>(document.impl_)) {}
TextUndo::~TextUndo() = default;
TextUndo::TextUndo(TextUndo&&) noexcept = default;
TextUndo& TextUndo::operator=(TextUndo&&) noexcept = default;

void TextUndo::insert(std::uint64_t position, std::string_view utf8) {
  edit([&](TextEdit& text) { text.insert(position, utf8); });
}

void TextUndo::erase(std::uint64_t position, std::uint64_t count) {
  edit([&](TextEdit& text) { text.erase(position, count); });
}

void TextUndo::replace(std::string_view whole) {
  edit([&](TextEdit& text) { text.replace(whole); });
}

// The function may destroy this object.
void TextUndo::edit(const std::function<void(TextEdit&)>& function) {
  const std::shared_ptr<Impl> impl = impl_;
  impl->edit(function);
}

void TextUndo::edit(Scope& transaction, const std::function<void(TextEdit&)>& function) {
  const std::shared_ptr<Impl> impl = impl_;
  impl->edit(transaction, function);
}

void TextUndo::join_next() { impl_->join(); }

bool TextUndo::undo() { return impl_->undo(Kind::kUndo); }
bool TextUndo::redo() { return impl_->undo(Kind::kRedo); }
bool TextUndo::can_undo() const { return impl_->can(Kind::kUndo); }
bool TextUndo::can_redo() const { return impl_->can(Kind::kRedo); }

}  // namespace anabranch
