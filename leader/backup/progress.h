// How far a backup or a restore is, and how it is ended before its end.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "core/result.h"

namespace anabranch::leader {

struct BackupProgress {
  std::string_view stage;   // "writing", "verifying", "restoring" or "checking".
  std::uint64_t done = 0;   // Keys and records of the log...
  std::uint64_t total = 0;  // ...of so many, about.
  std::uint64_t bytes = 0;  // Of the files, in this stage.
};

// Called about once in a MiB; a failure ends the work with that failure.
using BackupWatch = std::function<core::Result<void>(const BackupProgress&)>;

}  // namespace anabranch::leader
