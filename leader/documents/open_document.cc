#include "leader/documents/open_document.h"

#include <algorithm>
#include <utility>

#include "core/path.h"
#include "leader/scopes/lent_scope.h"
#include "leader/threads/after_transaction.h"

namespace anabranch {

using leader::EditTurn;
using leader::LentRead;
using leader::LentTransaction;
using leader::LockRank;
using leader::ShownChange;
using leader::Told;
using types::TextEditor;
using types::TextRecorder;
using types::TextRows;

std::function<void(TextEditor&)> leader::editing(const std::function<void(TextEdit&)>& function) {
  if (!function) throw Error(ErrorCode::kInvalid, "an edit needs a function to call");
  return [&function](TextEditor& editor) { function(editor); };
}

TextDocument::Impl::Impl(Store::Impl& store, Key key, TextUnit unit)
    : store_(store),
      key_(std::move(key)),
      unit_(unit),
      prefix_(key_.of(Type::kText).encoded()),
      depth_(core::Path::trusted(prefix_).components().size() - 2),
      turn_(id()),
      mutex_(LockRank::kDocument, id()),
      inbox_mutex_(LockRank::kInbox, id()) {
  listening_.emplace(store_.log_reader(), *this);
  const std::lock_guard lock(mutex_);
  read_anew();
}

TextDocument::Impl::~Impl() { listening_.reset(); }

// ---- Edits.

// Lends the rows to an editor, whose function may take long: no thread waits for it under the
// mutex. Notes what it changes until the transaction is over.
class TextDocument::Impl::Loan {
 public:
  Loan(Impl& document, const Scope& txn, TextRecorder::Parts parts) : document_(document) {
    const std::lock_guard lock(document_.mutex_);
    const std::uint64_t edit = ++document_.last_edit_;
    if (!document_.take_in_unless_stale()) document_.read_staged(txn, edit);
    change_.edit = edit;
    change_.own = true;
    change_.region = document_.store_.leader().region();
    document_.edits_.emplace(edit, nullptr);
    const auto self = document_.shared_from_this();
    document_.store_.writer_here().on_undo([self, edit] {
      const std::lock_guard undo_lock(self->mutex_);
      self->undo(edit);
    });
    leader::AfterTransaction::defer(
        self->id(), [self, edit](bool committed) { self->settle(edit, committed); });
    recorder_.emplace(document_.rows_.order(), document_.unit_, parts);
    document_.lent_ = true;
    document_.editor_ = std::this_thread::get_id();
  }
  ~Loan() {
    const std::lock_guard lock(document_.mutex_);
    document_.lent_ = false;
    document_.editor_ = std::thread::id();
    change_.replacements = recorder_->take();
    recorder_.reset();
    change_.size = types::size_of(document_.order(), document_.unit_);
    document_.shown_.add(std::move(change_));
  }
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;

  // The editor has finished.
  void done(const TextEditor& editor, const OnStep& on_step) {
    change_.note = editor.noted();
    if (!on_step) return;
    const std::lock_guard lock(document_.mutex_);
    document_.edits_[change_.edit] =
        [on_step, step = types::step_of(editor, recorder_->recorded())] { on_step(step); };
  }

 private:
  Impl& document_;
  ShownChange change_;
  std::optional<TextRecorder> recorder_;
};

void TextDocument::Impl::refuse_within_own_edit() const {
  process_.check();
  rows::check_outside_hooks();
  if (editor_.load() != std::this_thread::get_id()) return;
  throw Error(ErrorCode::kInvalid,
              "an open document is used from within its own edit: use the TextEdit that the "
              "function was given");
}

void TextDocument::Impl::edit(const Editing& editing, const History& history) {
  change([&](Scope& txn) { stage(txn, editing, adding_to(history)); });
}

TextDocument::Impl::OnStep TextDocument::Impl::adding_to(const History& history) {
  if (!history) return nullptr;
  return [history](types::TextStep step) { history->add(std::move(step)); };
}

void TextDocument::Impl::edit(Scope& txn, const Editing& editing, const History& history) {
  refuse_within_own_edit();
  const auto* const lent = dynamic_cast<const LentTransaction*>(&txn);
  if (lent == nullptr || !store_.in_transaction() || !lent->writes(store_.writer_here())) {
    throw Error(ErrorCode::kInvalid,
                "an open document is edited in a transaction of its store: give edit() the scope "
                "that the function of the transaction was given");
  }
  store_.log_reader()->reach_now();
  stage(txn, editing, adding_to(history));
}

void TextDocument::Impl::clear() {
  change([&](Scope& txn) {
    expect_type(txn, key_, Type::kText);
    txn.clear(key_.of(Type::kText));
  });
  set_stale();
}

void TextDocument::Impl::change(const std::function<void(Scope&)>& function) {
  refuse_within_own_edit();
  if (store_.in_transaction()) {
    throw Error(ErrorCode::kInvalid,
                "an open document is edited from within a transaction: give edit() the scope that "
                "the function was given");
  }
  const EditTurn::Guard turn(turn_);
  store_.log_reader()->reach_now();
  {
    const std::lock_guard lock(mutex_);
    if (idle()) (void)newest();  // Before the writer is taken: reading may take long.
  }
  store_.atomically(function);
}

// An exception of the function undoes the edit, also where the transaction goes on.
void TextDocument::Impl::stage(Scope& txn, const Editing& editing, const OnStep& on_step) {
  txn.atomically([&](Scope& scope) {
    expect_type(scope, key_, Type::kText);
    using Parts = TextRecorder::Parts;
    Loan loan(*this, scope, on_step ? Parts::kRecorded : Parts::kLeftOut);
    TextEditor editor(rows_, scope, key_, unit_);
    editing(editor);
    editor.finish();
    loan.done(editor, on_step);
  });
}

void TextDocument::Impl::undo(std::uint64_t edit) {
  if (const auto found = edits_.find(edit); found != edits_.end()) found->second = nullptr;
  if (shown_.undo(edit)) set_stale();
}

// Called once more by settle() where a part of a transaction was undone.
void TextDocument::Impl::settle(std::uint64_t edit, bool committed) {
  {
    const std::lock_guard lock(mutex_);
    if (committed) {
      if (const auto& kept = edits_.at(edit)) kept();
      shown_.keep(edit);
    } else {
      undo(edit);
    }
    edits_.erase(edit);
    tell_observers();
    settled_.notify_all();
  }
  wake_observers();
}

std::vector<TextAuthor> TextDocument::Impl::authors(std::uint64_t position, std::uint64_t count) {
  const auto source = store_.leader().log_source();
  return read([&](const crdt::TextOrder& order) {
    const crdt::TextOrder::Index from = types::index_of(order, key_, unit_, position);
    const std::uint64_t size = types::size_of(order, unit_);
    const std::uint64_t end = std::min(size, count > size ? size : position + count);
    crdt::TextOrder::Index at = from;
    std::vector<TextAuthor> authors;
    for (const auto& part : order.parts(from, types::index_of(order, key_, unit_, end) - from)) {
      const std::uint64_t begin = types::units_before(order, at, unit_);
      at += part.count;
      const std::uint64_t units = types::units_before(order, at, unit_) - begin;
      std::string region = source.names.region(crdt::origin_of(part.run));
      if (!authors.empty() && authors.back().region == region) {
        authors.back().count += units;
      } else {
        authors.push_back({begin, units, std::move(region)});
      }
    }
    return authors;
  });
}

// ---- Undo.

TextDocument::Impl::History TextDocument::Impl::make_history() {
  process_.check();
  const std::lock_guard lock(mutex_);
  (void)histories();
  auto history = std::make_shared<types::TextHistory>();
  histories_.push_back(history);
  return history;
}

std::vector<TextDocument::Impl::History> TextDocument::Impl::histories() {
  std::erase_if(histories_, [](const auto& each) { return each.expired(); });
  std::vector<History> all;
  for (const auto& each : histories_) {
    if (auto history = each.lock()) all.push_back(std::move(history));
  }
  return all;
}

bool TextDocument::Impl::undo(const History& history, types::TextHistory::Kind kind) {
  for (;;) {
    // Needed until the transaction is over.
    std::optional<types::TextStep> step;
    std::vector<types::Restored> restored;
    bool changed = false;
    change([&](Scope& txn) {
      std::vector<types::TextPart> erased;
      {
        const std::lock_guard lock(mutex_);
        const types::TextStep* const next = history->next(kind);
        if (next == nullptr) return;
        step = *next;
        for (const History& each : histories()) each->add_erased(erased, next);
      }
      const auto editing = [&](TextEditor& editor) {
        restored = types::undo(editor, *step, std::move(erased));
      };
      stage(txn, editing, [&](types::TextStep inverse) {
        changed = !inverse.empty();
        history->move(kind, std::move(inverse));
        for (const History& each : histories()) each->follow(restored);
      });
    });
    if (!step || changed) return changed;
  }
}

// ---- Reading the rows.

TextRows TextDocument::Impl::committed() const {
  TextRows rows;
  store_.leader().read([&](const leader::View& view) {
    const leader::Loan<LentRead> txn(view);
    expect_type(*txn, key_, Type::kText);
    rows = TextRows(*txn, key_);
  });
  return rows;
}

TextRows TextDocument::Impl::staged() const {
  const leader::View view = store_.writer_here().view();
  const leader::Loan<LentRead> txn(view);
  expect_type(*txn, key_, Type::kText);
  return {*txn, key_};
}

const crdt::TextOrder& TextDocument::Impl::newest() {
  if (!take_in_unless_stale()) read_anew();
  return order();
}

bool TextDocument::Impl::take_in_unless_stale() {
  take_in();
  return !stale();
}

void TextDocument::Impl::read_anew() {
  {
    const std::lock_guard lock(inbox_mutex_);
    stale_ = false;
  }
  try {
    store_.leader().read([&](const leader::View& view, const core::VersionVector& applied) {
      const leader::Loan<LentRead> txn(view);
      expect_type(*txn, key_, Type::kText);
      replace_rows(TextRows(*txn, key_), 0);
      seen_ = applied;
    });
  } catch (...) {
    set_stale();
    throw;
  }
}

// The staged state has all that is committed, and perhaps more: changes told later are then
// repeated, which does no harm.
void TextDocument::Impl::read_staged(const Scope& txn, std::uint64_t edit) {
  const core::VersionVector applied = *store_.leader().seen();
  replace_rows(TextRows(txn, key_), edit);
  seen_ = applied;
  const std::lock_guard lock(inbox_mutex_);
  stale_ = false;
}

void TextDocument::Impl::replace_rows(TextRows rows, std::uint64_t edit) {
  ShownChange change;
  change.edit = edit;
  change.read = true;
  change.anew = true;
  change.size = types::size_of(rows.order(), unit_);
  if (is_observed()) {
    const std::u32string after = crdt::utf8_decoded(rows.order().text(0, UINT32_MAX));
    change.replacements = types::difference(committed_text(), after, unit_);
  }
  shown_.clear();
  shown_.add(std::move(change));
  rows_ = std::move(rows);
}

std::u32string TextDocument::Impl::committed_text() const {
  std::u32string text = crdt::utf8_decoded(order().text(0, UINT32_MAX));
  shown_.revert(text);
  return text;
}

// ---- The inbox.

bool TextDocument::Impl::take(std::vector<Told>& told) {
  put_into_inbox(told);
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (lock && !lent_ && !stale()) {
    take_in();
  } else {
    // The thread that has the rows takes it in later; a text to be read anew is read by observers.
    wake_observers();
  }
  return true;
}

void TextDocument::Impl::put_into_inbox(std::vector<Told>& told) {
  const std::lock_guard lock(inbox_mutex_);
  if (stale_) return;
  for (Told& each : told) {
    inbox_bytes_ += leader::bytes_of(each.changes);
    inbox_.push_back(std::move(each));
  }
  if (inbox_bytes_ > kInboxBytesMax) forget_inbox();
}

bool TextDocument::Impl::stale() const {
  const std::lock_guard lock(inbox_mutex_);
  return stale_;
}

void TextDocument::Impl::set_stale() {
  {
    const std::lock_guard lock(inbox_mutex_);
    forget_inbox();
  }
  wake_observers();
}

void TextDocument::Impl::forget_inbox() {
  stale_ = true;
  inbox_.clear();
  inbox_bytes_ = 0;
}

void TextDocument::Impl::take_in() {
  std::vector<Told> told;
  {
    const std::lock_guard lock(inbox_mutex_);
    told.swap(inbox_);
    inbox_bytes_ = 0;
  }
  if (told.empty()) return;
  const bool sound = std::ranges::all_of(told, [&](const Told& each) { return take_in(each); });
  if (!sound) set_stale();
  tell_observers();
}

bool TextDocument::Impl::take_in(const Told& told) {
  if (told.last <= seen_.at(told.origin)) return true;
  if (!is_observed() && shown_.empty() && edits_.empty()) return apply(told.changes);
  ShownChange change;
  TextRecorder recorder(rows_.order(), unit_);
  const bool sound = apply(told.changes);
  change.replacements = recorder.take();
  change.size = types::size_of(order(), unit_);
  change.region = store_.leader().log_source().names.region(told.origin);
  change.remote = change.region != store_.leader().region();
  shown_.add(std::move(change));
  return sound;
}

bool TextDocument::Impl::apply(const Changes& changes) {
  try {
    for (const Change& each : changes.all) {
      if (each.path.size() <= depth_) return false;
      const auto below = each.path.begin() + static_cast<std::ptrdiff_t>(depth_);
      rows_.apply(each.kind, {below, each.path.end()}, each.value);
    }
    return true;
  } catch (const Error& /*corrupt*/) {
    return false;
  }
}

// ---- Observers.

bool TextDocument::Impl::is_observed() const {
  const std::lock_guard lock(inbox_mutex_);
  return !observers_.empty();
}

void TextDocument::Impl::wake_observers() const {
  const std::lock_guard lock(inbox_mutex_);
  for (TextWatch::Impl* const each : observers_) each->wake();
}

void TextDocument::Impl::tell_observers() {
  if (shown_.empty()) return;
  const leader::Leader& leader = store_.leader();
  const bool observed = is_observed();
  while (auto change = shown_.take_committed()) {
    if (!observed || change->replacements.empty()) continue;
    TextChange told = leader::told_of(*std::move(change), unit_);
    told.token = leader.encode_token(*leader.seen());
    const std::lock_guard lock(inbox_mutex_);
    for (TextWatch::Impl* const each : observers_) each->put(told);
  }
}

TextView TextDocument::Impl::observe(OnTextChange function) {
  refuse_within_own_edit();
  if (!function) throw Error(ErrorCode::kInvalid, "an observer needs a function to call");
  if (store_.in_transaction()) {
    throw Error(ErrorCode::kInvalid,
                "an observer begins with what is committed: not within a transaction");
  }
  const auto& watches = store_.watches();
  watches->threads.begin();
  auto observer = std::make_shared<TextWatch::Impl>(watches, weak_from_this(), std::move(function));
  TextView view{{}, {}, TextWatch(observer)};
  // Nobody has the rows while this thread has the writer.
  (void)store_.ask([&](const leader::Leader& leader) {
    store_.log_reader()->reach_now();
    const std::lock_guard lock(mutex_);
    (void)newest();
    tell_observers();
    view.text = crdt::utf8_encoded(committed_text());
    view.token = leader.encode_token(*leader.seen());
    observer->begin(types::units_of(view.text, unit_));
    const std::lock_guard inbox_lock(inbox_mutex_);
    observers_.push_back(observer.get());
    return true;
  });
  return view;
}

void TextDocument::Impl::leave(const TextWatch::Impl& observer) {
  const std::lock_guard lock(inbox_mutex_);
  std::erase(observers_, &observer);
}

void TextDocument::Impl::catch_up(TextWatch::Impl& observer) {
  const std::lock_guard lock(mutex_);
  if (lent_) return;  // The end of the edit wakes all observers.
  take_in();
  if (stale() && idle()) {
    try {
      read_anew();
    } catch (const Error& /*not a text now*/) {
      return;  // Tried again with the next change.
    }
  }
  tell_observers();
  if (!observer.wants_text()) return;
  const std::u32string text = committed_text();
  std::string bytes = crdt::utf8_encoded(text);
  const std::uint64_t size = types::units_of(bytes, unit_);
  const leader::Leader& leader = store_.leader();
  observer.restart(std::move(bytes), size, leader.encode_token(*leader.seen()));
}

}  // namespace anabranch
