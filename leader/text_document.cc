#include <anabranch/text_document.h>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "core/path.h"
#include "leader/text_editor.h"

namespace anabranch {

using leader::TextEditor;
using leader::TextRows;

class TextDocument::Impl {
 public:
  Impl(Store& store, Key key, TextUnit unit) : store_(store), key_(std::move(key)), unit_(unit) {
    const auto path = core::Path::trusted(key_.of(Type::kText).encoded()).components();
    if (path.size() < 2 || path.front() != std::string(1, '\1')) {
      throw Error(ErrorCode::kInvalid, "only texts of database 0 can be opened as documents");
    }
    user_key_ = path[1];
    place_.assign(path.begin() + 2, path.end());
    open();
  }

  // Calls function(order) on the newest text.
  template <typename Function>
  auto read(const Function& function) {
    const std::lock_guard lock(mutex_);
    catch_up();
    return function(std::as_const(rows_).order());
  }

  void edit(const std::function<void(TextEdit&)>& function) {
    const std::lock_guard lock(mutex_);
    catch_up();
    stale_ = true;  // Until it has been committed.
    store_.atomically([&](Scope& txn) {
      expect_type(txn, key_, Type::kText);
      TextEditor editor(rows_, txn, key_, unit_);
      function(editor);
      editor.finish();
    });
    stale_ = false;
  }

  void clear() {
    const std::lock_guard lock(mutex_);
    stale_ = true;
    Text(store_, key_).clear();
  }

  [[nodiscard]] TextUnit unit() const { return unit_; }
  [[nodiscard]] const Key& key() const { return key_; }

 private:
  // Reads the text and follows it from that moment on.
  void open() {
    stale_ = true;
    watch_.reset();
    inbox_.clear();
    // What comes between the two is told once more, in order, and ends as it was read.
    const std::string token = store_.token();
    store_.at_once([&](const Scope& txn) {
      expect_type(txn, key_, Type::kText);
      rows_ = TextRows(txn, key_);
    });
    watch_.emplace(store_.watch(user_key_, token, [this](const Changes& changes) {
      const std::lock_guard lock(inbox_mutex_);
      inbox_.push_back(changes);
    }));
    stale_ = false;
  }

  // Takes in what the watch has told.
  void catch_up() {
    std::vector<Changes> told;
    {
      const std::lock_guard lock(inbox_mutex_);
      told.swap(inbox_);
    }
    bool anew = std::exchange(stale_, true);  // What throws has lost some of it.
    for (const Changes& changes : told) {
      anew = anew || changes.resync;
      for (const Change& change : changes.all) anew = take(change) || anew;
    }
    stale_ = false;
    if (anew) open();
  }

  // Takes in a change; returns whether the text must be read anew.
  bool take(const Change& change) {
    if (change.key != user_key_ && !change.key.empty()) return false;  // One that begins so.
    const std::size_t common = std::min(place_.size(), change.path.size());
    if (!std::equal(place_.begin(), place_.begin() + static_cast<std::ptrdiff_t>(common),
                    change.path.begin())) {
      return false;
    }
    if (change.path.size() <= place_.size()) return true;  // All of it, and perhaps more.
    rows_.apply(change.kind,
                {change.path.begin() + static_cast<std::ptrdiff_t>(common), change.path.end()},
                change.value);
    return false;
  }

  Store& store_;
  Key key_;
  TextUnit unit_;
  std::string user_key_;
  std::vector<std::string> place_;  // Of the text below that key: {"t"}, {"h", FIELD, "t"}, ...
  std::mutex mutex_;                // Of all but the inbox.
  TextRows rows_;
  bool stale_ = false;  // To be read anew.
  std::mutex inbox_mutex_;
  std::vector<Changes> inbox_;
  std::optional<Watch> watch_;  // Gone before what it tells.
};

TextDocument::TextDocument(Store& store, Key key, TextUnit unit)
    : impl_(std::make_unique<Impl>(store, std::move(key), unit)) {}
TextDocument::~TextDocument() = default;
TextDocument::TextDocument(TextDocument&&) noexcept = default;
TextDocument& TextDocument::operator=(TextDocument&&) noexcept = default;

std::uint64_t TextDocument::size() const {
  return impl_->read(
      [&](const crdt::TextOrder& order) { return leader::size_of(order, impl_->unit()); });
}

std::string TextDocument::str() const {
  return impl_->read([](const crdt::TextOrder& order) { return order.text(0, UINT32_MAX); });
}

std::string TextDocument::read(std::uint64_t position, std::uint64_t count) const {
  return impl_->read([&](const crdt::TextOrder& order) {
    const std::uint64_t size = leader::size_of(order, impl_->unit());
    const std::uint64_t end = count > size - std::min(position, size) ? size : position + count;
    const auto index = [&](std::uint64_t at) {
      return leader::index_of(order, impl_->key(), impl_->unit(), at);
    };
    const auto from = index(position);
    return order.text(from, index(std::max(position, end)) - from);
  });
}

void TextDocument::insert(std::uint64_t position, std::string_view utf8) {
  edit([&](TextEdit& text) { text.insert(position, utf8); });
}

void TextDocument::erase(std::uint64_t position, std::uint64_t count) {
  edit([&](TextEdit& text) { text.erase(position, count); });
}

void TextDocument::edit(const std::function<void(TextEdit&)>& function) { impl_->edit(function); }

void TextDocument::clear() { impl_->clear(); }

}  // namespace anabranch
