#include "core/system_failure.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace anabranch::core {

bool may_pass(int number) {
  constexpr std::array kPassing{EMFILE, ENFILE, ENOSPC, EDQUOT, EINTR, ENOMEM, EAGAIN, EACCES};
  return std::ranges::find(kPassing, number) != kPassing.end();
}

Failure system_failure(std::string what, int number) {
  const std::error_code error(number, std::generic_category());
  return {ErrorCode::kIo, std::move(what) + ": " + error.message(), may_pass(number)};
}

}  // namespace anabranch::core
