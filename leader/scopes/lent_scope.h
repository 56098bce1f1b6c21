// The scopes lent to user functions: Transaction and ReadTransaction. Each is lent for as long as
// the function runs, to the thread that runs it; used later, or by another thread, it throws
// Error{kInvalid}.
//
// A function may keep a reference and use it at any time, so a lent scope is never destroyed: each
// thread has several on a shelf and lends them in turn, so that the most recently lent one comes
// around again late. The shelf of a thread that has ended passes to the next new thread.
#pragma once

#include <anabranch/transaction.h>

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "core/mutex.h"
#include "core/system/per_thread.h"
#include "leader/scopes/group_writer.h"
#include "leader/scopes/read_limit.h"
#include "rows/hooks/hook_guard.h"

namespace anabranch::leader {

// The thread that borrows a scope. Thread-safe.
class Borrower {
 public:
  // Throws Error{kInvalid} unless the scope is lent to this thread, and inside a function between
  // concurrent values.
  void check() const {
    rows::check_outside_hooks();
    if (thread_.load(std::memory_order_relaxed) != std::this_thread::get_id()) refuse();
  }
  void begin() { thread_.store(std::this_thread::get_id(), std::memory_order_relaxed); }
  void end() { thread_.store({}, std::memory_order_relaxed); }
  [[nodiscard]] bool any() const {
    return thread_.load(std::memory_order_relaxed) != std::thread::id();
  }

 private:
  [[noreturn]] void refuse() const;
  std::atomic<std::thread::id> thread_;
};

// The scope over a replica's open group: reads see the staged writes of the group.
class LentTransaction final : public Transaction {
 public:
  void begin(GroupWriter& writer) {
    writer_ = &writer;
    borrower_.begin();
  }
  void end() {
    borrower_.end();
    end_life();
  }
  [[nodiscard]] bool lent() const { return borrower_.any(); }
  // Whether it is lent over this writer now, to this thread. Throws Error{kInvalid} if it is over.
  [[nodiscard]] bool writes(const GroupWriter& other) const { return &writer() == &other; }

  void atomically(const std::function<void(Scope&)>& function) override {
    writer().atomically([&] { function(*this); });
  }
  [[nodiscard]] WriteName next_write() const override { return writer().next_write(); }
  [[nodiscard]] Type type(const Key& key) const override { return writer().type(key); }

 private:
  [[nodiscard]] GroupWriter& writer() const {
    borrower_.check();
    return *writer_;
  }
  [[nodiscard]] Opened opened() const override { return {.writer = &writer()}; }

  Borrower borrower_;
  GroupWriter* writer_ = nullptr;
};

// The scope over one committed state, for a limited time. Every write throws Error{kInvalid}.
class LentRead final : public ReadTransaction {
 public:
  // Behind the limit each call throws Error{kTimeout}.
  void begin(const View& view, ReadLimit limit = {}) {
    view_ = &view;
    limit_ = std::move(limit);
    borrower_.begin();
  }
  void end() {
    borrower_.end();
    end_life();
  }
  [[nodiscard]] bool lent() const { return borrower_.any(); }

  void atomically(const std::function<void(Scope&)>& /*function*/) override { refuse(); }
  [[nodiscard]] WriteName next_write() const override { refuse(); }

 private:
  [[noreturn]] static void refuse();
  [[nodiscard]] Opened opened() const override {
    borrower_.check();
    if (limit_.is_over && limit_.is_over()) refuse_late();
    return {.view = view_};
  }
  [[noreturn]] void refuse_late() const;
  void change(const std::function<void(GroupWriter&)>& /*function*/) override { refuse(); }

  Borrower borrower_;
  const View* view_ = nullptr;
  ReadLimit limit_;
};

// The scopes of one kind that one thread lends.
template <typename Lent>
class Shelf {
 public:
  // This thread's shelf.
  static Shelf& mine() { return core::PerThread<Taken>::mine().shelf; }
  // Returns a scope that is not lent, and was not for some time.
  Lent& next() {
    if (scopes_.size() < kScopes) return scopes_.emplace_back();
    for (std::size_t i = 0; i < scopes_.size(); ++i) {
      next_ = (next_ + 1) % scopes_.size();
      if (!scopes_[next_].lent()) return scopes_[next_];
    }
    return scopes_.emplace_back();  // All are lent, one inside the other.
  }

 private:
  static constexpr std::size_t kScopes = 64;

  // Shelves of threads that have ended. Never destroyed.
  struct Spare {
    core::Mutex mutex;
    std::vector<Shelf*> shelves;
  };
  // Of a thread, until it ends.
  struct Taken {
    Taken() : shelf(take()) {}
    ~Taken() {
      Spare& all = spare();
      const std::lock_guard lock(all.mutex);
      all.shelves.push_back(&shelf);
    }
    Taken(const Taken&) = delete;
    Taken& operator=(const Taken&) = delete;
    Shelf& shelf;
  };

  static Spare& spare() {
    static auto* const kept = new Spare;
    return *kept;
  }
  static Shelf& take() {
    Spare& all = spare();
    const std::lock_guard lock(all.mutex);
    if (all.shelves.empty()) return *new Shelf;
    Shelf* const shelf = all.shelves.back();
    all.shelves.pop_back();
    return *shelf;
  }

  std::deque<Lent> scopes_;  // A deque, so that references stay valid.
  std::size_t next_ = 0;
};

// A scope, lent to this thread until this object is destroyed.
template <typename Lent>
class Loan {
 public:
  // Lends over a GroupWriter or a View, which must outlive it; more as the scope takes it.
  template <typename Source, typename... More>
  explicit Loan(Source& source, More... more) : lent_(Shelf<Lent>::mine().next()) {
    lent_.begin(source, std::move(more)...);
  }
  ~Loan() { lent_.end(); }
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;

  Lent& operator*() const { return lent_; }

 private:
  Lent& lent_;
};

}  // namespace anabranch::leader
