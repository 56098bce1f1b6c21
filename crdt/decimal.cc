#include "crdt/decimal.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>

#include "core/assert.h"
#include "core/text.h"

namespace anabranch::crdt {
namespace {

constexpr std::array<std::int64_t, 9> kPowers{1,       10,        100,        1'000,      10'000,
                                              100'000, 1'000'000, 10'000'000, 100'000'000};

std::string digits_of(core::Int128 number) {
  const bool negative = number < 0;
  std::string digits;
  do {
    const int digit = static_cast<int>(number % 10);
    digits.push_back(static_cast<char>('0' + (negative ? -digit : digit)));
    number /= 10;
  } while (number != 0);
  if (negative) digits.push_back('-');
  std::ranges::reverse(digits);
  return digits;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Returns an exponent; one that is far off is as good as any other.
std::optional<int> parse_exponent(std::string_view text) {
  constexpr int kFar = 100'000;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  int exponent = 0;
  for (const char c : text) exponent = std::min(kFar, exponent * 10 + (c - '0'));
  return negative ? -exponent : exponent;
}

}  // namespace

Decimal Decimal::of(const core::Number& number) {
  ANABRANCH_ASSERT(number.is_integer() || std::isfinite(number.as_real()));
  if (number.is_integer()) return parse(digits_of(number.as_integer())).value();
  std::array<char, 32> digits;  // At most 24 characters are needed.
  const auto end = std::to_chars(digits.begin(), digits.end(), number.as_real()).ptr;
  return parse({digits.data(), end}).value();
}

std::optional<Decimal> Decimal::parse(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t mark = std::min(text.find_first_of("eE"), text.size());
  int exponent = 0;
  if (mark < text.size()) {
    const std::optional<int> parsed = parse_exponent(text.substr(mark + 1));
    if (!parsed) return std::nullopt;
    exponent = *parsed;
  }
  const std::string_view digits = text.substr(0, mark);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  const std::size_t count = digits.size() - (point < digits.size() ? 1 : 0);
  if (count == 0) return std::nullopt;
  Decimal sum;
  // The first digit's place; the place of all others follows from it.
  auto place = static_cast<std::int64_t>(point) - 1 + exponent;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i == point) continue;
    if (!is_digit(digits[i])) return std::nullopt;
    const int digit = digits[i] - '0';
    if (digit != 0 && place >= kPlacesAbove) return std::nullopt;
    if (digit != 0 && place >= -kPlacesBelow) {
      const auto at = static_cast<std::size_t>(place + kPlacesBelow);
      sum.limbs_[at / kDigits] += kPowers[at % kDigits] * digit;
    }
    --place;
  }
  if (negative) sum.negate();
  return sum;
}

Decimal& Decimal::operator+=(const Decimal& other) {
  for (std::size_t i = 0; i < limbs_.size(); ++i) limbs_[i] += other.limbs_[i];
  carry();
  return *this;
}

Decimal& Decimal::operator-=(const Decimal& other) {
  for (std::size_t i = 0; i < limbs_.size(); ++i) limbs_[i] -= other.limbs_[i];
  carry();
  return *this;
}

void Decimal::carry() {
  for (std::size_t i = 0; i + 1 < limbs_.size(); ++i) {
    std::int64_t carried = limbs_[i] / kBase;
    if (limbs_[i] % kBase < 0) --carried;
    limbs_[i] -= carried * kBase;
    limbs_[i + 1] += carried;
  }
}

void Decimal::negate() {
  for (std::int64_t& limb : limbs_) limb = -limb;
  carry();
}

Decimal Decimal::rounded() const {
  Decimal rounded = *this;
  const bool negative = is_negative();
  if (negative) rounded.negate();
  // The limb of the last place that stays, and the first digit of it that goes.
  constexpr std::size_t kFirstGone = kPlacesBelow - kPlacesShown - 1;
  constexpr std::size_t kLimb = kFirstGone / kDigits;
  constexpr std::int64_t kUnit = kPowers[kFirstGone % kDigits];
  static_assert(kFirstGone % kDigits + 1 < kDigits);
  rounded.limbs_[kLimb] += 5 * kUnit;
  rounded.carry();
  rounded.limbs_[kLimb] -= rounded.limbs_[kLimb] % (10 * kUnit);
  std::fill_n(rounded.limbs_.begin(), kLimb, 0);
  if (negative) rounded.negate();
  return rounded;
}

std::string Decimal::text() const {
  Decimal magnitude = *this;
  std::string text;
  if (is_negative()) {
    magnitude.negate();
    text = "-";
  }
  std::string digits;  // All of them, from the largest place.
  for (std::size_t i = magnitude.limbs_.size(); i-- > 0;) {
    const std::string limb = std::to_string(magnitude.limbs_[i]);
    digits.append(kDigits - limb.size(), '0').append(limb);
  }
  const std::size_t first = std::min(digits.find_first_not_of('0'), digits.size());
  const std::size_t point = digits.size() - kPlacesBelow;
  const std::size_t last = digits.find_last_not_of('0');
  text += first < point ? digits.substr(first, point - first) : "0";
  if (last != digits.npos && last >= point) text += "." + digits.substr(point, last + 1 - point);
  return text;
}

double Decimal::real() const {
  const std::string digits = text();
  double number = 0;
  const auto error = std::from_chars(digits.data(), digits.data() + digits.size(), number).ec;
  // Digits beyond the range of a double are too many, or so small that 0 is nearest.
  if (error != std::errc() && digits.find_first_of("123456789") < digits.find('.')) {
    number = is_negative() ? -std::numeric_limits<double>::infinity()
                           : std::numeric_limits<double>::infinity();
  }
  return number;
}

std::optional<std::int64_t> Decimal::as_int64() const { return core::parse_integer(text()); }

std::string number_text(const core::Number& number) {
  if (number.is_integer()) return digits_of(number.as_integer());
  if (!std::isfinite(number.as_real())) return number.as_real() < 0 ? "-inf" : "inf";
  return Decimal::of(number).text();
}

}  // namespace anabranch::crdt
