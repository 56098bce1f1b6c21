// Counters: sums to which every region adds. `Counter` counts in integers of 64 bits, `RealCounter`
// in doubles.
//
// Every addition counts exactly once, in whatever region it is made and however often it is sent. A
// reset takes back the additions that it has seen; concurrent additions of other regions still
// count.
//
//   both know | here     | there    | concurrently
//   1         | add 5    | add 3    | 9
//   1         | add 5    | reset    | 5
//   1         | reset    | reset    | 0
//   1         | put 10   | add 3    | 13 (the put is that of a register at the same key)
//
// Worked example. `eu` and `us` both show 1. `us` resets while `eu` adds 5, neither knowing of the
// other. The reset takes back the 1, an addition that it has seen, and not the 5: both regions
// arrive at 5.
//
// Both kinds and the register (register.h) share one row: the shown value is the register's integer
// plus the sum. A double among the additions makes the whole sum a decimal, shown with all its
// digits and no exponent, the same in every region.
//
// Known anomalies.
// - Additions do not belong to a value: an addition to 10 that meets a concurrent put of 20 makes
//   21.
// - Each region checks the range against the additions it has seen, so regions together can leave
//   the range. Reading and adding are then errors until a put or a reset.
// - Doubles round: 0.1 and 0.2 of one region make 0.30000000000000004, and an addition smaller
//   than a 2^53th of its region's additions so far is lost in them. Readers add the parts of
//   regions as decimals: 0.1 of one and 0.2 of another make 0.3. Money is better counted in cents.
// - Once a double was added, a `Counter` can be read and added to only while the sum is whole.
#pragma once

#include <concepts>
#include <cstdint>
#include <utility>

#include <anabranch/codec.h>
#include <anabranch/register.h>
#include <anabranch/scope.h>

namespace anabranch {

namespace detail {

// Resets the sum to 0: removes the register's value and takes back all additions, as far as they
// have been seen here.
inline void reset_sum(Scope& scope, const Key& key) {
  scope.atomically([&](Scope& txn) {
    expect_type(txn, key, Type::kString);
    const Key row = key.of(Type::kString);
    txn.remove(row);
    txn.reset(row);
  });
}

}  // namespace detail

// Reads a sum of integers. As thread-safe as its scope.
class CounterReader : public detail::Reader {
 public:
  using detail::Reader::Reader;

  // Returns the sum plus the integer that a register put at this key; 0 when there is neither.
  // Throws kInvalid when the sum has left 64 bits, kWrongType when a register put anything else, or
  // when a double was added and the sum is not whole.
  [[nodiscard]] std::int64_t get() const {
    return RegisterReader<std::int64_t>(scope(), key()).get().value_or(0);
  }
};

// A sum of integers. As thread-safe as its scope.
class Counter : public CounterReader {
 public:
  Counter(Scope& scope, Key key) : CounterReader(scope, std::move(key)) {}

  // Adds an amount, also a negative one. Throws kWrongType when the register at this key holds no
  // integer or the sum is not whole, kInvalid when the sum would leave 64 bits.
  void add(std::int64_t amount) {
    writable().atomically([&](Scope& txn) {
      expect_type(txn, key(), Type::kString);
      txn.add_to_sum(key().of(Type::kString), amount);
    });
  }
  // Adds a large unsigned amount. Throws kInvalid also when the amount itself is over 64 signed
  // bits.
  template <std::unsigned_integral Amount>
  requires(sizeof(Amount) == sizeof(std::int64_t)) void add(Amount amount) {
    if (!std::in_range<std::int64_t>(amount)) {
      throw Error(ErrorCode::kInvalid, key().name() + ": an amount is outside of 64 bits");
    }
    add(static_cast<std::int64_t>(amount));
  }
  template <typename Amount>
  requires(std::floating_point<Amount> || std::same_as<Amount, bool>)  // For 1.9 see RealCounter.
      void add(Amount amount) = delete;
  // Resets to 0: takes back all additions seen here; concurrent additions of other regions still
  // count.
  void reset() { detail::reset_sum(writable(), key()); }
};

// Reads a sum of doubles. As thread-safe as its scope.
class RealCounterReader : public detail::Reader {
 public:
  using detail::Reader::Reader;

  // Returns the sum plus the integer that a register put at this key; 0 when there is neither.
  // Throws kInvalid when the sum is not finite, kWrongType when a register put no number.
  [[nodiscard]] double get() const {
    return RegisterReader<double>(scope(), key()).get().value_or(0);
  }
};

// A sum of doubles. As thread-safe as its scope.
class RealCounter : public RealCounterReader {
 public:
  RealCounter(Scope& scope, Key key) : RealCounterReader(scope, std::move(key)) {}

  // Adds an amount, also a negative one. Throws, and adds nothing: kInvalid when the amount is
  // infinite or NaN, or when the sum would be; kWrongType when the register at this key holds no
  // integer.
  void add(double amount) {
    writable().atomically([&](Scope& txn) {
      expect_type(txn, key(), Type::kString);
      txn.add_to_sum(key().of(Type::kString), amount);
    });
  }
  // Resets to 0: takes back all additions seen here; concurrent additions of other regions still
  // count.
  void reset() { detail::reset_sum(writable(), key()); }
};

}  // namespace anabranch
