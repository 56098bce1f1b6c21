// An open document: the rows of a text in memory, kept up to date by its own edits and by the
// changes that the reader of the log tells. Each call first lets the reader tell all that was
// committed before: a document never shows less than its store.
//
// Own edits change the rows while they are staged, under the writer's lock; so the rows may be
// ahead of what is committed, by edits that may still be undone. Outside of transactions the text
// is read only when there are none. An edit that was undone leaves the rows *stale*: they are read
// again.
//
// Observers are told changes in the order in which the rows came to have them, each when it and all
// before it are committed (shown_changes.h). When stale rows are read again, they are told the
// difference.
//
// The writer's lock is taken before the document's; the document's is held for moments, never while
// a function of the application runs.
#pragma once

#include <anabranch/text_document.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "leader/documents/shown_changes.h"
#include "leader/documents/text_watch.h"
#include "leader/store_impl.h"
#include "leader/threads/edit_turn.h"
#include "leader/threads/opening_process.h"
#include "types/text_editor.h"
#include "types/text_history.h"

namespace anabranch {

namespace leader {

// Returns the function of an application as one of an editor; it must outlive that. Throws
// Error{kInvalid} if there is none.
[[nodiscard]] std::function<void(types::TextEditor&)> editing(
    const std::function<void(TextEdit&)>& function);

}  // namespace leader

// Thread-safe.
class TextDocument::Impl final : public leader::LogListener,
                                 public leader::Observed,
                                 public std::enable_shared_from_this<Impl> {
 public:
  using Editing = std::function<void(types::TextEditor&)>;
  using History = std::shared_ptr<types::TextHistory>;

  Impl(Store::Impl& store, Key key, TextUnit unit);
  // Waits at most for the reader of the log, never for a user function.
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // Whether this is the opening process: a forked one has no reader of the log.
  [[nodiscard]] bool here() const { return process_.here(); }
  [[nodiscard]] TextUnit unit() const { return unit_; }
  [[nodiscard]] const Key& key() const { return key_; }

  // ---- For the reader of the log.
  [[nodiscard]] const std::string& prefix() const override { return prefix_; }
  [[nodiscard]] bool is_document() const override { return true; }
  [[nodiscard]] bool take(std::vector<leader::Told>& told) override;
  void fall_behind(leader::LogCursor /*cursor*/) override { set_stale(); }
  void lose(const std::string& /*token*/) override { set_stale(); }

  // ---- For the observers.
  TextView observe(OnTextChange function);
  void catch_up(TextWatch::Impl& observer) override;
  void leave(const TextWatch::Impl& observer) override;

  // ---- For the user.

  // Calls function(order) on the newest committed text, or, inside a transaction of the store, on
  // the staged text.
  template <typename Function>
  auto read(const Function& function) {
    refuse_within_own_edit();
    store_.log_reader()->reach_now();
    if (store_.in_transaction()) {
      if (const std::lock_guard lock(mutex_); take_in_unless_stale()) return function(order());
      const types::TextRows rows = staged();
      return function(rows.order());
    }
    if (const leader::EditTurn::Guard turn(turn_, kTimeout); turn) {
      std::unique_lock lock(mutex_);
      if (settled_.wait_for(lock, kTimeout, [&] { return idle(); })) return function(newest());
    }
    const types::TextRows rows = committed();
    return function(rows.order());
  }

  // Edits in a transaction of its own, or in the given one. The step becomes part of the history,
  // if there is one.
  void edit(const Editing& editing, const History& history = nullptr);
  void edit(Scope& txn, const Editing& editing, const History& history = nullptr);
  void clear();
  [[nodiscard]] std::vector<TextAuthor> authors(std::uint64_t position, std::uint64_t count);

  // The document follows a history as long as that lives.
  [[nodiscard]] History make_history();
  // Undoes or redoes the next step that changes anything; returns whether there was one.
  bool undo(const History& history, types::TextHistory::Kind kind);
  // Returns function(history), called under the mutex.
  template <typename Function>
  auto with(const History& history, const Function& function) {
    process_.check();
    const std::lock_guard lock(mutex_);
    return function(*history);
  }

 private:
  // The time a reader waits for the edits of other threads, before it reads the text from the
  // store.
  static constexpr std::chrono::milliseconds kTimeout{200};
  // The limit of the inbox; beyond it, the text is read anew.
  static constexpr std::size_t kInboxBytesMax = std::size_t{1} << 20U;

  class Loan;

  [[nodiscard]] leader::StoreId id() const { return &store_.leader(); }
  void refuse_within_own_edit() const;
  // Runs a function in a transaction of its own. After a failure, even of the commit, the text is
  // read anew.
  void change(const std::function<void(Scope&)>& function);
  // Called with the step of an edit under the mutex, once the edit is committed.
  using OnStep = std::function<void(types::TextStep step)>;
  void stage(Scope& txn, const Editing& editing, const OnStep& on_step);
  [[nodiscard]] static OnStep adding_to(const History& history);
  // Return the committed text, and the text of the transaction that this thread is inside of, each
  // read from the store.
  [[nodiscard]] types::TextRows committed() const;
  [[nodiscard]] types::TextRows staged() const;

  // ---- All of these are called under the mutex.

  [[nodiscard]] const crdt::TextOrder& order() const { return rows_.order(); }
  [[nodiscard]] bool idle() const { return edits_.empty() && !lent_; }
  // Returns the text with all received changes.
  const crdt::TextOrder& newest();
  // Returns whether the rows can be used.
  [[nodiscard]] bool take_in_unless_stale();
  // The text read here contains all changes received before; later ones may be contained as well,
  // and are then skipped.
  void read_anew();
  // The same within a transaction, for an edit with a number.
  void read_staged(const Scope& txn, std::uint64_t edit);
  void replace_rows(types::TextRows rows, std::uint64_t edit);
  // Returns the text before all changes that are not committed.
  [[nodiscard]] std::u32string committed_text() const;
  // Applies the changes in the inbox. If one cannot be applied, the text is read anew.
  void take_in();
  [[nodiscard]] bool take_in(const leader::Told& told);
  // Applies the changes of a transaction; returns false if the text must be read anew, since all of
  // it was cleared, and perhaps more.
  bool apply(const Changes& changes);
  // Tells the observers all committed changes.
  void tell_observers();
  void undo(std::uint64_t edit);
  // The histories, without those that are gone.
  [[nodiscard]] std::vector<History> histories();

  // The transaction of an edit is over.
  void settle(std::uint64_t edit, bool committed);

  // ---- The inbox.

  void put_into_inbox(std::vector<leader::Told>& told);
  [[nodiscard]] bool stale() const;
  // Marks the text to be read anew.
  void set_stale();
  // Call under the mutex of the inbox.
  void forget_inbox();
  [[nodiscard]] bool is_observed() const;
  void wake_observers() const;

  leader::OpeningProcess process_;
  Store::Impl& store_;
  Key key_;
  TextUnit unit_;
  const std::string prefix_;  // Of the encoded paths of the text's rows.
  const std::size_t depth_;   // Of the text, below its key: of {"t"} 1, of {"h", FIELD, "t"} 3.
  leader::EditTurn turn_;     // To edit in a transaction of its own.
  std::atomic<std::thread::id> editor_;  // The thread inside the function of an edit.
  leader::OrderedMutex mutex_;           // Guards the rows.
  std::condition_variable_any settled_;
  types::TextRows rows_;
  core::VersionVector seen_;     // The vector applied when the rows were read.
  bool lent_ = false;            // An editor has the rows.
  std::uint64_t last_edit_ = 0;  // The number of the last edit.
  // The edits whose transaction is not over; is called when they are committed.
  std::map<std::uint64_t, std::function<void()>> edits_;
  leader::ShownChanges shown_;
  std::vector<std::weak_ptr<types::TextHistory>> histories_;
  mutable leader::OrderedMutex inbox_mutex_;
  std::vector<leader::Told> inbox_;
  std::size_t inbox_bytes_ = 0;
  bool stale_ = true;  // To be read anew; the inbox takes no changes meanwhile.
  std::vector<TextWatch::Impl*> observers_;
  std::optional<leader::Listening> listening_;
};

}  // namespace anabranch
