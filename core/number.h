// The numbers of a tally: 128-bit integers or doubles. Sums of many origins fit, and every region
// gets the same bits because it adds in the same order.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "core/assert.h"

namespace anabranch::core {

__extension__ using Int128 = __int128;

// An integer or a double. One double among the summands makes the sum a double.
class Number {
 public:
  Number() = default;
  Number(std::int64_t value) : value_(Int128{value}) {}  // NOLINT: implicit
  static Number integer(Int128 value) { return Number(Value(value)); }
  // Makes a double; a negative zero becomes zero, so that equal numbers have equal bits.
  static Number real(double value) { return Number(Value(value + 0.0)); }
  // Makes a double from stored or received bytes. Returns nullopt for a NaN, since a NaN equals no
  // number, not even itself, and for a negative zero, since zero would have two encodings.
  static std::optional<Number> from_bytes(double value);

  [[nodiscard]] bool is_integer() const { return value_.index() == 0; }
  [[nodiscard]] Int128 as_integer() const {
    ANABRANCH_ASSERT(is_integer());
    return std::get<0>(value_);
  }
  [[nodiscard]] double as_real() const {
    return is_integer() ? static_cast<double>(std::get<0>(value_)) : std::get<1>(value_);
  }
  // Returns the value when it is an integer of 64 bits, else nullopt.
  [[nodiscard]] std::optional<std::int64_t> as_int64() const;

  // Integers beyond 128 bits stop at the bounds of the type: only foreign bytes get there.
  [[nodiscard]] Number plus(const Number& other) const;
  [[nodiscard]] Number minus(const Number& other) const;
  bool operator==(const Number&) const = default;

 private:
  using Value = std::variant<Int128, double>;
  explicit Number(Value value) : value_(value) {}
  Value value_{Int128{0}};
};

}  // namespace anabranch::core
