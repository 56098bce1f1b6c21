// Sums as decimals, for readers: 0.1 and 0.2 make 0.3, and no number is written with an exponent.
//
// A double stands for the shortest decimal that reads back as the same double. Decimals add up
// exactly, whatever their order, on every machine; so regions with equal rows show the same text.
// What is stored, merged and compared are the doubles themselves.
//
// Values; not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/number.h"

namespace anabranch::crdt {

// A number with all digits of any sum of doubles.
class Decimal {
 public:
  Decimal() = default;  // 0.
  // `number` must be finite.
  static Decimal of(const core::Number& number);
  // Reads digits with at most one point and an exponent: "1", "-2.5", ".5", "1e+22". Digits behind
  // the 342nd place are dropped. Returns nullopt for anything else, and where more than 360 digits
  // would stand before the point.
  static std::optional<Decimal> parse(std::string_view text);

  Decimal& operator+=(const Decimal& other);
  Decimal& operator-=(const Decimal& other);
  bool operator==(const Decimal&) const = default;

  // With at most so many places behind the point, as Redis has them. A half is rounded away from 0.
  [[nodiscard]] Decimal rounded() const;
  // Digits with a point where one is needed: "0.3", "-100000", "0".
  [[nodiscard]] std::string text() const;
  // The nearest double; infinite beyond the range.
  [[nodiscard]] double real() const;
  // Returns the value if it is an integer of 64 bits, else nullopt.
  [[nodiscard]] std::optional<std::int64_t> as_int64() const;

 private:
  static constexpr std::int64_t kBase = 1'000'000'000;
  static constexpr int kDigits = 9;  // Of a limb.
  // The shortest digits of a double end at the 340th place behind the point.
  static constexpr std::size_t kBelow = 38;
  static constexpr std::size_t kAbove = 40;
  static constexpr int kPlacesBelow = static_cast<int>(kBelow) * kDigits;
  static constexpr int kPlacesAbove = static_cast<int>(kAbove) * kDigits;
  static constexpr int kPlacesShown = 17;

  [[nodiscard]] bool is_negative() const { return limbs_.back() < 0; }
  // Brings every limb but the last into 0 to kBase - 1.
  void carry();
  void negate();

  // From the smallest one, carried. The last has the sign: -1 is 999999999 everywhere below a -1.
  std::array<std::int64_t, kBelow + kAbove> limbs_{};
};

// Returns a number as its digits, without an exponent; a double as the shortest decimal that reads
// back as the same double; "inf", "-inf" for what only foreign bytes contain.
std::string number_text(const core::Number& number);

}  // namespace anabranch::crdt
