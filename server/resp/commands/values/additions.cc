#include "server/resp/commands/values/additions.h"

#include <charconv>
#include <cmath>

#include "core/text.h"
#include "crdt/decimal.h"

namespace anabranch::server {

using crdt::Decimal;

namespace {

// Without a sign that says nothing.
std::string_view without_plus(std::string_view text) {
  const bool has_plus = text.starts_with('+') && !text.starts_with("+-");
  return has_plus ? text.substr(1) : text;
}

// The number in a text that parse_double() reads as a finite one.
Decimal decimal_of(std::string_view text) { return Decimal::parse(without_plus(text)).value(); }

// Whether additions to the row are possible: nothing was put there but an integer.
bool takes_additions(const Scope& scope, const Key& row) {
  for (const Sibling& each : scope.siblings(row)) {
    if (!core::parse_integer(each.value)) return false;
  }
  return true;
}

// Adds what doubles have lost: 0.1 and 0.2 make 0.30000000000000004 in them. The rest is one more
// addition, so the sum is exact in every region, whatever its version.
void add_lost(Scope& scope, const Key& row, const Decimal& sum) {
  constexpr int kTimes = 2;  // Beside parts of other regions the rest may be rounded, too.
  for (int i = 0; i < kTimes; ++i) {
    const Decimal shown = decimal_of(scope.get(row).value());
    double rest = sum.real() - shown.real();
    if (rest == 0) {  // Beside an integer the doubles may be equal, and the decimals not.
      Decimal lost = sum;
      lost -= shown;
      rest = lost.real();
    }
    if (rest == 0 || !std::isfinite(rest)) return;
    scope.add_double(row, rest);
  }
}

}  // namespace

void add_integer(Call& call, const Key& place, std::int64_t amount,
                 std::string_view not_an_integer) {
  expect_type(call.scope, place, Type::kString);
  const Key row = place.of(Type::kString);
  std::int64_t sum = 0;
  try {
    sum = call.scope.add(row, amount);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kInvalid) throw;
    const std::optional<std::string> shown = call.scope.get(row);
    const bool overflows = !shown || core::parse_integer(*shown);
    return call.reply().error(overflows ? kOverflow : not_an_integer);
  }
  call.reply().integer(sum);
}

std::optional<double> parse_double(std::string_view text) {
  constexpr std::size_t kSizeMax = 5 * 1024 - 1;  // As in Redis: a longer one is none.
  if (text.size() > kSizeMax) return std::nullopt;
  text = without_plus(text);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = !text.empty() && end == text.data() + text.size();
  if (error != std::errc() || !whole || std::isnan(number)) return std::nullopt;
  return number;
}

std::optional<double> take_double(Call& call, std::size_t position) {
  const std::optional<double> number = parse_double(call[position]);
  if (!number) call.reply().error("ERR value is not a valid float");
  return number;
}

void add_double(Call& call, const Key& row, const std::optional<std::string>& before,
                std::string_view amount, std::string_view not_a_number) {
  const std::optional<double> old = before ? parse_double(*before) : 0;
  if (!old) return call.reply().error(not_a_number);
  const double added = parse_double(amount).value();
  if (!std::isfinite(*old + added)) {
    return call.reply().error("ERR increment would produce NaN or Infinity");
  }
  Decimal sum = before ? decimal_of(*before) : Decimal();
  sum += decimal_of(amount);
  sum = sum.rounded();
  if (takes_additions(call.scope, row)) {
    call.scope.add_double(row, added);
    add_lost(call.scope, row, sum);
  } else {
    call.scope.set(row, sum.text());
  }
  reply_value(call.reply(), call.scope.get(row));
}

}  // namespace anabranch::server
