// Failures of system calls, and those of them that may pass by themselves: want of descriptors,
// room or memory, and a right that another process or an administrator takes back for a moment.
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "core/result.h"

namespace anabranch::core {

// Returns whether the cause that an errno names may pass, so that a call that has changed nothing
// may be made again. Whether a call has changed something its caller must know: a write or a sync
// of a file in use never may.
[[nodiscard]] inline bool may_pass(int number) {
  constexpr std::array kPassing{EMFILE, ENFILE, ENOSPC, EDQUOT, EINTR, ENOMEM, EAGAIN, EACCES};
  return std::ranges::find(kPassing, number) != kPassing.end();
}

// Returns a failure with the code kIo, the text "CALL: reason", and `passes` by may_pass().
inline Failure system_failure(std::string call, int number) {
  const std::error_code error(number, std::generic_category());
  return {ErrorCode::kIo, std::move(call) + ": " + error.message(), may_pass(number)};
}

}  // namespace anabranch::core
