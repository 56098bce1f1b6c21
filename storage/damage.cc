#include "storage/damage.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <optional>
#include <string>

#include "core/log.h"
#include "core/system/standard_error.h"

namespace anabranch::storage {
namespace {

std::atomic<int> exit_code = -1;

}  // namespace

void exit_when_damaged(int code) { exit_code = code; }

// Closes nothing, since other threads are still running: the data are as last committed.
void unreadable(const core::Failure& failure) {
  core::log_error({}, "the data directory cannot be read: " + failure.message + ": " +
                          std::string(kDamageAdvice));
  (void)core::StandardError::flush();
  if (exit_code >= 0) ::_exit(exit_code);
  std::abort();
}

}  // namespace anabranch::storage
