// A scope is where handles read and write: a Store, or a Transaction. The functions here are the
// bottom of the API; applications use the handles in handles.h.
//
// Thread safety is that of the scope: a Store may be used from many threads at once, a Transaction
// only by the function it was given to. A handle whose scope is gone throws Error{kInvalid}.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/conflict.h>
#include <anabranch/key.h>
#include <anabranch/score_span.h>
#include <anabranch/span.h>

namespace anabranch {

class ScopeRef;

namespace leader {
class GroupWriter;
class View;
}  // namespace leader

// Something shown below a prefix, as a scan visits it.
struct Entry {
  std::vector<std::string> path;  // Components below the prefix: {element}, or {field, tag, ...}.
  std::string value;              // The shown value; of elements of sets it says nothing.
};

// The name of a write; no other one, in any region, ever has the same.
struct WriteName {
  std::uint64_t origin = 0;  // Of the leader's incarnation: 64 random bits.
  std::uint64_t seq = 0;     // Counts its writes, from 1.
};

// A hash of all that is at a key or row and below it, values, counters and who wrote them: equal as
// long as nothing there was written, here or by another region. Nothing is zero, whatever was there
// before.
struct Fingerprint {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  bool operator==(const Fingerprint&) const = default;
};

namespace detail {

// The life of a scope, as a number that changes when it ends. The number's memory is never given
// back, so that who comes too late may look at it.
class Life {
 public:
  Life();
  ~Life();
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  void end() { number_->fetch_add(1, std::memory_order_release); }

 private:
  friend class anabranch::ScopeRef;
  std::atomic<std::uint64_t>* number_;
};

}  // namespace detail

// Every function throws Error: kInvalid and kTooLarge for arguments, kClosed after a failure or
// close, kReadOnly for writes to a follower, kIo and kCorrupt when reading or committing failed.
class Scope {
 public:
  // They return false to stop.
  using Visit = std::function<bool(const Entry&)>;
  using VisitName = std::function<bool(const std::string& name)>;
  using VisitScore = std::function<bool(const ScoredEntry&)>;

  virtual ~Scope() = default;
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  // Runs the function in a transaction: in this one when the scope is a transaction, else in a new
  // one that is committed before the call returns. What the function throws undoes it (a nested
  // one alone) and comes out here.
  virtual void atomically(const std::function<void(Scope&)>& function) = 0;

  // Runs the function with a scope that reads one state, whatever is written meanwhile: what this
  // one shows, when it is a transaction.
  void at_once(const std::function<void(const Scope&)>& function) const;

  // The name that the next write of this transaction gets, if it changes anything: for what has to
  // be named uniquely. Throws kInvalid outside of a transaction.
  [[nodiscard]] virtual WriteName next_write() const;

  // What a key holds; kNone when nothing is shown.
  [[nodiscard]] virtual Type type(const Key& key) const;

  // The shown value of a row: siblings resolved, then the counter added. Nothing when absent.
  // Throws kInvalid when the sum is outside 64 bits.
  [[nodiscard]] std::optional<std::string> get(const Key& row) const;
  // All concurrent values of a row in canonical order, the last one being what `lww` shows; empty
  // when absent.
  [[nodiscard]] std::vector<Sibling> siblings(const Key& row) const;
  // The counter part of a row; 0 when absent. Throws kInvalid when it is no integer of 64 bits.
  [[nodiscard]] std::int64_t tally(const Key& row) const;
  // The same as a double, which it is once a double was added.
  [[nodiscard]] double tally_real(const Key& row) const;
  // Whether anything is shown at a row.
  [[nodiscard]] bool contains(const Key& row) const;
  // How much is shown in a set, map or database (Key::of, Key::all). Costs the same for a million
  // as for ten.
  [[nodiscard]] std::uint64_t count(const Key& collection) const;
  // Visits all that is shown below a prefix, as far as the first name below it is in the span, in
  // order, until `visit` returns false. It is one consistent state, whatever is written meanwhile.
  // The function must not use the scope.
  void scan(const Key& prefix, const Span& span, const Visit& visit) const;
  void scan(const Key& prefix, const Visit& visit) const { scan(prefix, {}, visit); }
  // Visits the names directly below a prefix at which something is shown, each once: the keys of a
  // database (Key::all), the fields of a map or the elements of a set (Key::of). What is below the
  // names is skipped, so that a large map costs no more than a small one. As scan otherwise.
  void names(const Key& prefix, const Span& span, const VisitName& visit) const;

  // What is at and below a prefix, in short; zero when nothing is there. Costs as much as is there.
  [[nodiscard]] Fingerprint fingerprint(const Key& prefix) const;
  // When a key expires, in milliseconds since 1970; nothing when it never does or is not there.
  [[nodiscard]] std::optional<std::int64_t> deadline(const Key& key) const;
  // The time by which keys expire here, in milliseconds since 1970: never less than it was.
  [[nodiscard]] std::int64_t now_ms() const;

  // ---- Sorted sets (sorted_set.h): by score, and by the bytes of the member where scores are
  // equal. All but score() cost hardly more for a million members than for a thousand.

  // The score of a member (Key::element); nothing when it is absent.
  [[nodiscard]] std::optional<double> score(const Key& row) const;
  // How many members come before it, or, counted from the end, behind it; nothing when absent.
  [[nodiscard]] std::optional<std::uint64_t> rank(const Key& row, bool backwards) const;
  // How many members of a sorted set (Key::of) a span has.
  [[nodiscard]] std::uint64_t count(const Key& sorted_set, const ScoreSpan& span) const;
  // Visits them in order until `visit` returns false. As scan otherwise; skipping costs little.
  void scan(const Key& sorted_set, const ScoreSpan& span, const VisitScore& visit) const;

  // Replaces all values that are there by one.
  void put(const Key& row, std::string_view value);
  // Removes all values that are there; the counter part stays.
  void remove(const Key& row);
  // Adds to the counter part. Throws kInvalid when the value there is no integer or the sum would
  // leave 64 bits.
  void add(const Key& row, std::int64_t amount);
  // The same with a double, which makes the sum one. Throws kInvalid when the value there is no
  // integer (of a member: whatever it is), when the amount is no finite number, or when the sum
  // would not be one.
  void add_real(const Key& row, double amount);
  // Takes back every addition that is there.
  void reset(const Key& row);
  // Removes all that is there at and below a prefix; what other regions add meanwhile stays. Takes
  // the same time for a million rows as for a thousand. Other regions may see counters of a large
  // clear go one after another.
  void clear(const Key& prefix);
  // Lets a key cease to be at a time, in milliseconds since 1970, or never (expiry.h). A time that
  // is over removes it at once. Returns false, and does nothing, when the key is not there, or when
  // it is never to expire and would not anyway. Throws kInvalid for what is no whole key, as a
  // field of a map, and for times beyond 2^48 ms (the year 10889).
  bool expire(const Key& key, std::optional<std::int64_t> deadline_ms);

 protected:
  Scope() = default;
  // Handles that were made with this scope so far are of no more use.
  void end_life() { life_.end(); }

 private:
  friend class ScopeRef;
  // All that a scope has to say for itself; everything else follows. Calls the function once, with
  // what is to be read and with what writes.
  virtual void look(const std::function<void(const leader::View&)>& function) const = 0;
  virtual void change(const std::function<void(leader::GroupWriter&)>& function) = 0;
  // The result of a function of what is to be read.
  template <typename Function>
  auto ask(const Function& function) const;

  detail::Life life_;
};

// How handles point at the scope that they were made with. Using one whose scope is gone (a
// transaction that is over, a session or store that was destroyed) throws Error{kInvalid}.
class ScopeRef {
 public:
  ScopeRef(Scope& scope)  // NOLINT: implicit
      : scope_(&scope), number_(scope.life_.number_), life_(number_->load()) {}

  [[nodiscard]] Scope& operator*() const {
    if (number_->load(std::memory_order_acquire) != life_) refuse();
    return *scope_;
  }
  [[nodiscard]] Scope* operator->() const { return &**this; }

 private:
  [[noreturn]] static void refuse();

  Scope* scope_;
  const std::atomic<std::uint64_t>* number_;
  std::uint64_t life_;
};

// Throws Error{kWrongType} unless the key holds `type` or nothing.
void expect_type(const Scope& scope, const Key& key, Type type);

}  // namespace anabranch
