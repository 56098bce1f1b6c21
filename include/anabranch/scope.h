// A scope is where handles read and write: a Store, a Session or a Transaction. The functions here
// are the bottom of the API; applications use the handles in handles.h.
//
// Thread safety is that of the scope: a Store may be used from many threads at once, a Transaction
// only by the function that received it. A handle whose scope is gone throws Error{kInvalid}.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <anabranch/conflict.h>
#include <anabranch/key.h>
#include <anabranch/score_span.h>
#include <anabranch/span.h>

namespace anabranch {

class Counter;
class RealCounter;
class Scope;
class ScopeRef;

namespace detail {
class Reader;
}  // namespace detail

namespace leader {
class GroupWriter;
class View;
}  // namespace leader

// One shown row below a prefix, as a scan visits it.
struct Entry {
  std::vector<std::string> path;  // Components below the prefix: {element}, or {field, tag, ...}.
  std::string value;              // The shown value; meaningless for elements of sets.
};

// Where a request may be sent that counts once (Scope::once).
enum class OnceIn : std::uint8_t { kAnyRegion, kOneRegion };

// The name of a write; unique in all regions and for all time.
struct WriteName {
  std::uint64_t origin = 0;  // Of the leader's incarnation: 64 random bits.
  std::uint64_t seq = 0;     // Counts its writes, from 1.
};

// A hash of all values and counters at a key and below it, and of their authors: equal as long as
// no region has written there. Zero when the key is empty, whatever it held before.
struct Fingerprint {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  bool operator==(const Fingerprint&) const = default;
};

namespace detail {

// The life of a scope: its address, and a number that changes when the scope ends. Both lie in
// memory that is never released, so that a late handle may read it; a scope that is moved takes it
// along, so that handles find the scope at its new place.
class Life {
 public:
  explicit Life(Scope* scope);
  ~Life();
  // Takes the life of a scope that is moved to `scope`; what it has been moved from has none.
  Life(Life&& other, Scope* scope) noexcept;
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  void end() noexcept { place_->number.fetch_add(1, std::memory_order_release); }
  // Ends, and takes the life of a scope that is moved to `scope`.
  void replace(Life&& other, Scope* scope) noexcept;

  struct Place {
    std::atomic<std::uint64_t> number = 0;
    std::atomic<Scope*> scope = nullptr;  // Null for scopes that were moved from.
  };

 private:
  friend class anabranch::ScopeRef;
  void give_back() noexcept;

  Place* place_;
};

}  // namespace detail

// Every function throws Error: kInvalid and kTooLarge for arguments, kClosed after a failure or
// close, kReadOnly for writes to a follower or while it is drained, kIo and kCorrupt when reading
// or committing failed, kUnsupported and kNoMemory where siblings cannot be decided, kTimeout in a
// read that takes too long (Options::read_ms_max).
class Scope {
 public:
  using Show = std::function<void(std::string_view value)>;
  // Each returns false to stop.
  using Visit = std::function<bool(const Entry&)>;
  using VisitName = std::function<bool(const std::string& name)>;
  using VisitScore = std::function<bool(const ScoredEntry&)>;

  virtual ~Scope() = default;
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  // Runs the function in a transaction: in this one when the scope is a transaction, else in a new
  // one that is committed before the call returns. An exception of the function undoes its writes
  // (of a nested transaction only those) and is rethrown here.
  virtual void atomically(const std::function<void(Scope&)>& function) = 0;

  // Runs the function in a transaction, as atomically() does, unless a request with this id has
  // been executed, as far as is known here: then it returns false and does nothing. So a request
  // counts once in all regions, however often and wherever it is sent, for as long as it is
  // remembered (Options::once_ms). The id is 1 to 128 bytes, unique for all time, such as a UUID.
  //
  // kAnyRegion: a region that had not heard of the request may execute it once more, without
  // effect. So the writes must follow from the request alone: puts, erases, inserts into and
  // removes from sets and flags, and additions of integers to counters. All else throws
  // Error{kInvalid} that names it: reading (but for contains() and type()), edits of lists and
  // texts, clears, expiries, additions of doubles and to scores.
  // kOneRegion: everything is allowed, and the promise holds for requests sent to one region only,
  // or in a session whose token covers the first execution.
  //
  // Throws kInvalid for an id of another size and inside another request, kTooLarge when
  // Options::once_max requests are remembered.
  bool once(std::string_view id, const std::function<void(Scope&)>& function,
            OnceIn where = OnceIn::kAnyRegion);

  // Runs the function with a scope that reads one consistent state, whatever is written meanwhile;
  // of a transaction the state that includes its own writes. For readers (handles.h).
  void at_once(const std::function<void(const Scope&)>& function) const;

  // Returns the name of the next write of this transaction, if it changes anything: for data that
  // must be named uniquely. Throws kInvalid outside of a transaction.
  [[nodiscard]] virtual WriteName next_write() const;

  // Returns the type shown at a key; kNone when the key is absent.
  [[nodiscard]] virtual Type type(const Key& key) const;

  // Returns the shown value of a row: siblings resolved, then the counter added. nullopt when
  // absent. Throws kInvalid when the sum is outside 64 bits.
  [[nodiscard]] std::optional<std::string> get(const Key& row) const;
  // Calls the function with the value that get() returns, which is not copied: its bytes are valid
  // until the function returns. Returns false, without a call, when absent. `function` must not use
  // the scope.
  bool show(const Key& row, const Show& function) const;
  // Returns all concurrent values of a row in canonical order, the one shown by `lww` last; empty
  // when absent.
  [[nodiscard]] std::vector<Sibling> siblings(const Key& row) const;
  // Returns the counter part of a row; 0 when absent. Throws kInvalid unless it is an integer of 64
  // bits.
  [[nodiscard]] std::int64_t counter(const Key& row) const;
  // Returns the counter part as a double; it is one once a double was added.
  [[nodiscard]] double counter_double(const Key& row) const;
  // Returns whether the row shows a value or a counter.
  [[nodiscard]] bool contains(const Key& row) const;
  // Returns the number of shown elements, fields or keys in a set, map or database (Key::of,
  // Key::all). Costs the same for a million as for ten.
  [[nodiscard]] std::uint64_t count(const Key& collection) const;
  // Visits, in order, all shown rows below a prefix whose first name below it is in the span, until
  // `visit` returns false. All are of one consistent state, whatever is written meanwhile. `visit`
  // must not use the scope.
  void scan(const Key& prefix, const Span& span, const Visit& visit) const;
  void scan(const Key& prefix, const Visit& visit) const { scan(prefix, {}, visit); }
  // Visits the names directly below a prefix that have a shown row, each once: the keys of a
  // database (Key::all), the fields of a map or the elements of a set (Key::of). Rows below the
  // names are skipped, so that a large map costs no more than a small one. As scan otherwise.
  //
  // Rows that show nothing, as those of a removed or expired key until they are swept, are read and
  // passed over. When it has read more than `hidden_max` of them it stops, and returns the last
  // name that it has passed: the walk goes on with Span::after() that name. Returns nullopt when it
  // has come to the end of the span, or when `visit` has returned false.
  std::optional<std::string> names(const Key& prefix, const Span& span, const VisitName& visit,
                                   std::size_t hidden_max = SIZE_MAX) const;

  // Returns a hash of all rows at and below a prefix; zero when there are none. Costs as much as
  // the rows take to read.
  [[nodiscard]] Fingerprint fingerprint(const Key& prefix) const;
  // Returns the deadline of a key in milliseconds since 1970; nullopt when it has none or is
  // absent.
  [[nodiscard]] std::optional<std::int64_t> deadline(const Key& key) const;
  // Returns the time by which keys expire here, in milliseconds since 1970. It goes back only after
  // this clock was wrong.
  [[nodiscard]] std::int64_t now_ms() const;

  // ---- Sorted sets (sorted_set.h): ordered by score, and by the bytes of the member where scores
  // are equal. All but score() cost hardly more for a million members than for a thousand.

  // Returns the score of a member (Key::element); nullopt when it is absent.
  [[nodiscard]] std::optional<double> score(const Key& row) const;
  // Returns the number of members between that end and it; nullopt when it is absent.
  [[nodiscard]] std::optional<std::uint64_t> rank(const Key& row, RankFrom from) const;
  std::uint64_t rank(const Key& row, bool backwards) const = delete;  // RankFrom::kHighest for true
  // Returns the number of members of a sorted set (Key::of) in a span of scores.
  [[nodiscard]] std::uint64_t count(const Key& sorted_set, const ScoreSpan& span) const;
  // Visits the members in a span, in order, until `visit` returns false. As scan otherwise;
  // skipping costs little.
  void scan(const Key& sorted_set, const ScoreSpan& span, const VisitScore& visit) const;

  // Replaces all values of the row by one; the counter part stays.
  void put(const Key& row, std::string_view value);
  // The same, and takes back every addition: as put() and reset().
  void set(const Key& row, std::string_view value);
  // Removes all values of the row; the counter part stays.
  void remove(const Key& row);
  // Adds to the counter part. Returns the integer that the row shows then. Throws kInvalid, and
  // adds nothing, when the row's value is no integer or the sum would leave the range of 64 bits.
  std::int64_t add(const Key& row, std::int64_t amount);
  // Adds a double to the counter part; the sum is then a double. Throws kInvalid when the row's
  // value is no integer (in a sorted set it may be any value), when the amount is not finite, or
  // when the sum would not be.
  void add_double(const Key& row, double amount);
  // Takes back every addition to the row.
  void reset(const Key& row);
  // Removes all rows at and below a prefix; concurrent additions of other regions stay. Takes the
  // same time for a million rows as for a thousand. Other regions may see counters of a large clear
  // vanish one after another.
  void clear(const Key& prefix);
  // Sets the deadline of a key in milliseconds since 1970, or removes it (expiry.h). A time in the
  // past removes the key at once. Returns false, and writes nothing, when the key is absent, or
  // when it has no deadline and none is given. Throws kInvalid when `key` is not a whole key but,
  // say, a field of a map, and for times beyond 2^48 ms (the year 10889).
  bool expire(const Key& key, std::optional<std::int64_t> deadline_ms);

 protected:
  Scope() : life_(this) {}
  Scope(Scope&& other) noexcept : life_(std::move(other.life_), this) {}
  Scope& operator=(Scope&& other) noexcept {
    if (this != &other) life_.replace(std::move(other.life_), this);
    return *this;
  }
  // Invalidates all handles made with this scope so far.
  void end_life() { life_.end(); }

  // The parts of a scope that is open already: a transaction has a writer, a read transaction a
  // view. Both are null for a scope that opens something for each call.
  struct Opened {
    leader::GroupWriter* writer = nullptr;
    const leader::View* view = nullptr;
  };

 private:
  friend class Counter;
  friend class RealCounter;
  friend class ScopeRef;
  // As add() and add_double(), for the handles: a value that is no integer is Error{kWrongType}.
  void add_to_sum(const Key& row, std::int64_t amount);
  void add_to_sum(const Key& row, double amount);
  [[nodiscard]] virtual Opened opened() const { return {}; }
  // Call the function once: `look` with a view to read from, `change` with a writer. A scope that
  // is not open implements both; all other functions follow.
  virtual void look(const std::function<void(const leader::View&)>& function) const;
  virtual void change(const std::function<void(leader::GroupWriter&)>& function);
  // Returns the result of a function of the view. Throws Error{kInvalid} within a request whose
  // writes must not depend on what is read.
  template <typename Function>
  auto ask(const Function& function) const;
  // Calls a function of the writer.
  template <typename Function>
  void modify(const Function& function);

  detail::Life life_;
};

// The pointer of a handle to its scope. Using a scope that is gone (a finished transaction, a
// destroyed session or store, one that was moved from) throws Error{kInvalid}.
class ScopeRef {
 public:
  ScopeRef(Scope& scope) : ScopeRef(std::as_const(scope)) {}  // NOLINT: implicit

  [[nodiscard]] Scope& operator*() const {
    Scope* const scope = place_->scope.load(std::memory_order_relaxed);
    if (place_->number.load(std::memory_order_acquire) != life_ || scope == nullptr) refuse();
    return *scope;
  }
  [[nodiscard]] Scope* operator->() const { return &**this; }

 private:
  friend class detail::Reader;
  explicit ScopeRef(const Scope& scope)
      : place_(scope.life_.place_), life_(place_->number.load()) {}
  [[noreturn]] static void refuse();

  const detail::Life::Place* place_;
  std::uint64_t life_;
};

namespace detail {

// The base of all readers, and so of the handles that derive from them: a scope and a key. A reader
// of a temporary scope would outlive it, and does not compile.
class Reader {
 public:
  Reader(const Scope& scope, Key key) : scope_(scope), key_(std::move(key)) {}
  Reader(const Scope&& scope, Key key) = delete;

 protected:
  [[nodiscard]] const Scope& scope() const { return *scope_; }
  [[nodiscard]] const Key& key() const { return key_; }
  // For handles alone: their constructors take a Scope&.
  [[nodiscard]] Scope& writable() const { return *scope_; }

 private:
  ScopeRef scope_;
  Key key_;
};

}  // namespace detail

// Throws Error{kWrongType} unless the key holds `type` or is absent.
void expect_type(const Scope& scope, const Key& key, Type type);

}  // namespace anabranch
