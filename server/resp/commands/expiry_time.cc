#include "server/resp/commands/expiry_time.h"

#include <algorithm>
#include <limits>

#include "crdt/expiry.h"
#include "server/resp/command.h"

namespace anabranch::server {

std::optional<TimeForm> time_form(std::string_view word) {
  if (same_word(word, "ex")) return TimeForm{TimeForm::Unit::kSeconds, false};
  if (same_word(word, "px")) return TimeForm{TimeForm::Unit::kMillis, false};
  if (same_word(word, "exat")) return TimeForm{TimeForm::Unit::kSeconds, true};
  if (same_word(word, "pxat")) return TimeForm{TimeForm::Unit::kMillis, true};
  return std::nullopt;
}

std::optional<std::int64_t> deadline_of(TimeForm form, std::int64_t number, std::int64_t now_ms) {
  using Limits = std::numeric_limits<std::int64_t>;
  std::int64_t ms = number;
  if (form.unit == TimeForm::Unit::kSeconds && __builtin_mul_overflow(number, 1'000, &ms)) {
    return std::nullopt;
  }
  const std::int64_t since = form.absolute ? 0 : now_ms;
  if (since > 0 && ms > Limits::max() - since) return std::nullopt;
  return std::min(ms + since, crdt::Expiry::kDeadlineMax);
}

std::string invalid_expiry(std::string_view command) {
  return "ERR invalid expire time in '" + std::string(command) + "' command";
}

}  // namespace anabranch::server
