#include <anabranch/text_document.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <mutex>
#include <utility>
#include <vector>

#include "core/path.h"
#include "leader/scopes/lent_scope.h"
#include "leader/store_impl.h"
#include "leader/threads/edit_turn.h"
#include "leader/threads/opening_process.h"
#include "types/text_editor.h"

namespace anabranch {

using leader::EditTurn;
using leader::LockRank;
using leader::OrderedMutex;
using leader::Told;
using types::TextEditor;
using types::TextRows;

class TextDocument::Impl final : public leader::LogListener {
 public:
  Impl(Store& store, Key key, TextUnit unit)
      : store_(store),
        key_(std::move(key)),
        unit_(unit),
        prefix_(key_.of(Type::kText).encoded()),
        depth_(core::Path::trusted(prefix_).components().size() - 2),
        turn_(id()),
        mutex_(LockRank::kDocument, id()),
        inbox_mutex_(LockRank::kInbox, id()) {
    listening_.emplace(store_.impl_->log_reader(), *this);
    const std::lock_guard lock(mutex_);
    read_anew();
  }
  // Waits at most for the reader of the log, never for a user function.
  ~Impl() { listening_.reset(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // Whether this is the opening process: a forked one has no reader of the log.
  [[nodiscard]] bool here() const { return process_.here(); }

  // ---- For the reader of the log.
  [[nodiscard]] const std::string& prefix() const override { return prefix_; }
  [[nodiscard]] bool is_document() const override { return true; }
  [[nodiscard]] bool take(std::vector<Told>& told) override {
    put_into_inbox(told);
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (lock && !lent_) take_in();  // Else the thread that has the rows takes it in later.
    return true;
  }
  void fall_behind(leader::LogCursor /*cursor*/) override { set_stale(); }
  void lose(const std::string& /*token*/) override { set_stale(); }

  // ---- For the user.

  // Calls function(order) on the newest committed text, or, inside a transaction of the store, on
  // the staged text.
  template <typename Function>
  auto read(const Function& function) {
    refuse_within_own_edit();
    if (store_.impl_->in_transaction()) {
      const std::lock_guard lock(mutex_);
      take_in();
      // A fresh read would lack the staged edit.
      if (!stale() || !turn_.taken()) return function(newest());
      return read_committed(function);
    }
    if (const EditTurn::Guard turn(turn_, kTimeout); turn) {
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
  // The time a reader waits for an edit of another thread, before it reads the text from the store.
  static constexpr std::chrono::milliseconds kTimeout{200};
  // The limit of the inbox; beyond it, the text is read anew.
  static constexpr std::size_t kInboxBytesMax = std::size_t{1} << 20U;

  // Lends the rows to an editor, whose function may take long: no thread waits for it under the
  // mutex.
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
    process_.check();
    rows::check_outside_hooks();
    if (!turn_.mine()) return;
    throw Error(ErrorCode::kInvalid,
                "an open document is used from within its own edit: use the TextEdit that the "
                "function was given");
  }

  // Runs a function in a transaction of its own. After a failure, even of the commit, the text is
  // read anew.
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

  // Returns the committed text.
  [[nodiscard]] TextRows committed() const {
    TextRows rows;
    store_.at_once([&](const Scope& txn) {
      expect_type(txn, key_, Type::kText);
      rows = TextRows(txn, key_);
    });
    return rows;
  }

  // Returns the text with all received changes. Call under the mutex.
  const crdt::TextOrder& newest() {
    take_in();
    if (stale()) read_anew();
    return std::as_const(rows_).order();
  }

  // Call under the mutex. The text read here contains all changes received before; later ones may
  // be contained as well, and are then skipped.
  void read_anew() {
    {
      const std::lock_guard lock(inbox_mutex_);
      stale_ = false;
    }
    try {
      store_.impl_->leader().read(
          [&](const leader::View& view, const core::VersionVector& applied) {
            const leader::Loan<leader::LentRead> txn(view);
            expect_type(*txn, key_, Type::kText);
            rows_ = TextRows(*txn, key_);
            seen_ = applied;
          });
    } catch (...) {
      set_stale();
      throw;
    }
  }

  void put_into_inbox(std::vector<Told>& told) {
    const std::lock_guard lock(inbox_mutex_);
    if (stale_) return;
    for (Told& each : told) {
      inbox_bytes_ += leader::bytes_of(each.changes);
      inbox_.push_back(std::move(each));
    }
    if (inbox_bytes_ > kInboxBytesMax) forget_inbox();
  }

  [[nodiscard]] bool stale() const {
    const std::lock_guard lock(inbox_mutex_);
    return stale_;
  }

  // Marks the text to be read anew.
  void set_stale() {
    const std::lock_guard lock(inbox_mutex_);
    forget_inbox();
  }

  // Call under the mutex of the inbox.
  void forget_inbox() {
    stale_ = true;
    inbox_.clear();
    inbox_bytes_ = 0;
  }

  // Applies the changes in the inbox, under the mutex. If one cannot be applied, the text is read
  // anew.
  void take_in() {
    std::vector<Told> told;
    {
      const std::lock_guard lock(inbox_mutex_);
      told.swap(inbox_);
      inbox_bytes_ = 0;
    }
    try {
      for (const Told& each : told) {
        if (each.last > seen_.at(each.origin) && !apply(each.changes)) return set_stale();
      }
    } catch (const Error& /*corrupt*/) {
      set_stale();
    }
  }

  // Applies the changes of a transaction; returns false if the text must be read anew, since all of
  // it was cleared, and perhaps more.
  bool apply(const Changes& changes) {
    for (const Change& each : changes.all) {
      if (each.path.size() <= depth_) return false;
      const auto below = each.path.begin() + static_cast<std::ptrdiff_t>(depth_);
      rows_.apply(each.kind, {below, each.path.end()}, each.value);
    }
    return true;
  }

  leader::OpeningProcess process_;
  Store& store_;
  Key key_;
  TextUnit unit_;
  const std::string prefix_;  // Of the encoded paths of the text's rows.
  const std::size_t depth_;   // Of the text, below its key: of {"t"} 1, of {"h", FIELD, "t"} 3.
  EditTurn turn_;
  OrderedMutex mutex_;  // Guards the rows.
  TextRows rows_;
  core::VersionVector seen_;  // The vector applied when the rows were read.
  bool lent_ = false;         // An editor has the rows.
  mutable OrderedMutex inbox_mutex_;
  std::vector<Told> inbox_;
  std::size_t inbox_bytes_ = 0;
  bool stale_ = true;  // To be read anew; the inbox takes no changes meanwhile.
  std::optional<leader::Listening> listening_;
};

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
    const std::uint64_t size = types::size_of(order, impl_->unit());
    const std::uint64_t end = count > size - std::min(position, size) ? size : position + count;
    const auto index = [&](std::uint64_t at) {
      return types::index_of(order, impl_->key(), impl_->unit(), at);
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
