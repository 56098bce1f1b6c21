// Failures of system calls, and which of them may pass by themselves: want of descriptors, room or
// memory, and what another process or an administrator takes back in a moment.
#pragma once

#include <string>

#include "core/result.h"

namespace anabranch::core {

// Returns whether the cause that an errno names may pass, so that a call that has changed nothing
// may be made again. Whether a call has changed something its caller must know: a write or a sync
// of what is in use never may.
[[nodiscard]] bool may_pass(int number);

// Returns a failure with the code kIo, the text "`what`: reason", and `passes` by may_pass().
[[nodiscard]] Failure system_failure(std::string what, int number);

}  // namespace anabranch::core
