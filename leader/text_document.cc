#include <anabranch/text_document.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <mutex>
#include <utility>
#include <vector>

#include "core/path.h"
#include "leader/edit_turn.h"
#include "leader/store_impl.h"
#include "leader/text_editor.h"

namespace anabranch {

using leader::EditTurn;
using leader::LockRank;
using leader::OrderedMutex;
using leader::TextEditor;
using leader::TextRows;

class TextDocument::Impl {
 public:
  Impl(Store& store, Key key, TextUnit unit)
      : store_(store),
        key_(std::move(key)),
        unit_(unit),
        turn_(id()),
        mutex_(LockRank::kDocument, id()),
        inbox_mutex_(LockRank::kInbox, id()) {
    const auto path = core::Path::trusted(key_.of(Type::kText).encoded()).components();
    if (path.size() < 2 || path.front() != std::string(1, '\1')) {
      throw Error(ErrorCode::kInvalid, "only texts of database 0 can be opened as documents");
    }
    user_key_ = path[1];
    place_.assign(path.begin() + 2, path.end());
    const std::string token = store_.token();
    {
      const std::lock_guard lock(mutex_);
      read_anew();
    }
    // What came between the two is told once more, in order, and ends as it was read.
    watch_.emplace(
        store_.watch(user_key_, token, [this](const Changes& changes) { take(changes); }));
  }

  // Calls function(order) on the newest text that is committed, or, within a transaction of the
  // store, that is staged.
  template <typename Function>
  auto read(const Function& function) {
    refuse_within_own_edit();
    if (store_.impl_->in_transaction()) {
      const std::lock_guard lock(mutex_);
      take_in();
      // An edit that is staged would be missing in what is read anew.
      if (!stale() || !turn_.taken()) return function(newest());
      return read_committed(function);
    }
    if (const EditTurn::Guard turn(turn_, kPatience); turn) {
      const std::lock_guard lock(mutex_);
      return function(newest());
    }
    return read_committed(function);
  }

  void edit(const std::function<void(TextEdit&)>& function) {
    if (!function) throw Error(ErrorCode::kInvalid, "an edit needs a function to call");
    change([&](Scope& txn) {
      const Loan loan(*this);
      TextEditor editor(rows_, txn, key_, unit_);
      function(editor);
      editor.finish();
    });
  }

  void clear() {
    change([&](Scope& txn) {
      txn.clear(key_.of(Type::kText));
      set_stale();
    });
  }

  [[nodiscard]] TextUnit unit() const { return unit_; }
  [[nodiscard]] const Key& key() const { return key_; }

 private:
  // How long a reader waits for an edit of another thread, before it reads the text from the store.
  static constexpr std::chrono::milliseconds kPatience{200};
  // How much is kept of what nobody takes in; then the text is read anew.
  static constexpr std::size_t kInboxBytesMax = std::size_t{1} << 20U;

  // The rows are an editor's, whose function may take long: nobody waits for it under the mutex.
  class Loan {
   public:
    explicit Loan(Impl& document) : document_(document) {
      const std::lock_guard lock(document_.mutex_);
      document_.take_in();
      document_.lent_ = true;
    }
    ~Loan() {
      const std::lock_guard lock(document_.mutex_);
      document_.lent_ = false;
      if (std::uncaught_exceptions() > exceptions_) document_.set_stale();
    }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;

   private:
    Impl& document_;
    const int exceptions_ = std::uncaught_exceptions();
  };

  template <typename Function>
  auto read_committed(const Function& function) const {
    const TextRows rows = committed();
    return function(rows.order());
  }

  [[nodiscard]] leader::StoreId id() const { return &store_.impl_->leader(); }

  void refuse_within_own_edit() const {
    if (!turn_.mine()) return;
    throw Error(ErrorCode::kInvalid,
                "an open document is used from within its own edit: use the TextEdit that the "
                "function was given");
  }

  // Runs a function in a transaction of its own. When that fails, also later, the text is read
  // anew.
  void change(const std::function<void(Scope&)>& function) {
    refuse_within_own_edit();
    if (store_.impl_->in_transaction()) {
      throw Error(ErrorCode::kInvalid,
                  "an open document is edited from within a transaction: use a Text with the scope "
                  "that the function was given");
    }
    const EditTurn::Guard turn(turn_);
    {
      const std::lock_guard lock(mutex_);
      (void)newest();
    }
    try {
      store_.atomically([&](Scope& txn) {
        expect_type(txn, key_, Type::kText);
        function(txn);
      });
    } catch (...) {
      set_stale();
      throw;
    }
  }

  // What the store has committed.
  [[nodiscard]] TextRows committed() const {
    TextRows rows;
    store_.at_once([&](const Scope& txn) {
      expect_type(txn, key_, Type::kText);
      rows = TextRows(txn, key_);
    });
    return rows;
  }

  // The text with all that was told so far. Under the mutex.
  const crdt::TextOrder& newest() {
    take_in();
    if (stale()) read_anew();
    return std::as_const(rows_).order();
  }

  // Under the mutex. What is told from now on may be in what is read: it ends as it was read.
  void read_anew() {
    {
      const std::lock_guard lock(inbox_mutex_);
      stale_ = false;
    }
    try {
      rows_ = committed();
    } catch (...) {
      set_stale();
      throw;
    }
  }

  // What the watch calls: waits for nobody who runs a function of the user.
  void take(const Changes& changes) {
    put_into_inbox(changes);
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (lock && !lent_) take_in();  // Else whoever has the rows does so, next time.
  }

  void put_into_inbox(const Changes& changes) {
    const std::lock_guard lock(inbox_mutex_);
    if (stale_) return;
    for (const Change& each : changes.all) inbox_bytes_ += sizeof(each) + each.value.size();
    inbox_.push_back(changes);
    if (changes.resync || inbox_bytes_ > kInboxBytesMax) forget_inbox();
  }

  [[nodiscard]] bool stale() const {
    const std::lock_guard lock(inbox_mutex_);
    return stale_;
  }

  // The text is to be read anew.
  void set_stale() {
    const std::lock_guard lock(inbox_mutex_);
    forget_inbox();
  }

  // Under the mutex of the inbox.
  void forget_inbox() {
    stale_ = true;
    inbox_.clear();
    inbox_bytes_ = 0;
  }

  // Applies what is in the inbox, under the mutex. What cannot be applied is read anew.
  void take_in() {
    std::vector<Changes> told;
    {
      const std::lock_guard lock(inbox_mutex_);
      told.swap(inbox_);
      inbox_bytes_ = 0;
    }
    try {
      for (const Changes& changes : told) {
        for (const Change& change : changes.all) {
          if (apply(change)) return set_stale();
        }
      }
    } catch (const Error& /*corrupt*/) {
      set_stale();
    }
  }

  // Takes in a change; returns whether the text must be read anew.
  bool apply(const Change& change) {
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
  EditTurn turn_;
  OrderedMutex mutex_;  // Of the rows.
  TextRows rows_;
  bool lent_ = false;  // An editor has them.
  mutable OrderedMutex inbox_mutex_;
  std::vector<Changes> inbox_;
  std::size_t inbox_bytes_ = 0;
  bool stale_ = true;           // To be read anew; nothing is put into the inbox meanwhile.
  std::optional<Watch> watch_;  // Gone before what it tells.
};

TextDocument::TextDocument(Store& store, Key key, TextUnit unit)
    : impl_(std::make_shared<Impl>(store, std::move(key), unit)) {}
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

// The function may destroy this object.
void TextDocument::edit(const std::function<void(TextEdit&)>& function) {
  const std::shared_ptr<Impl> impl = impl_;
  impl->edit(function);
}

void TextDocument::clear() { impl_->clear(); }

}  // namespace anabranch
