#include "server/resp/commands/values/additions.h"

#include <array>
#include <charconv>
#include <cmath>

#include "core/text.h"

namespace anabranch::server {
namespace {

// The shortest text that names the number.
std::string text_of(double number) {
  std::array<char, 64> digits;
  return {digits.data(), std::to_chars(digits.begin(), digits.end(), number + 0.0).ptr};
}

// Whether additions to the row are possible: nothing was put there but an integer.
bool takes_additions(const Scope& scope, const Key& row) {
  for (const Sibling& each : scope.siblings(row)) {
    if (!core::parse_integer(each.value)) return false;
  }
  return true;
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
  if (text.starts_with('+')) text.remove_prefix(1);
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

void add_double(Call& call, const Key& row, const std::optional<std::string>& before, double amount,
                std::string_view not_a_number) {
  const std::optional<double> old = before ? parse_double(*before) : 0;
  if (!old) return call.reply().error(not_a_number);
  const double sum = *old + amount;
  if (!std::isfinite(sum)) return call.reply().error("ERR increment would produce NaN or Infinity");
  if (takes_additions(call.scope, row)) {
    call.scope.add_double(row, amount);
  } else {
    call.scope.set(row, text_of(sum));
  }
  reply_value(call.reply(), call.scope.get(row));
}

}  // namespace anabranch::server
