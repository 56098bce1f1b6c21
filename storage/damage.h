// The end of a process that reads a damaged data file. Damage must not be taken for absence: a row
// absent here would count as removed everywhere.
//
// Three kinds of damage end here: LMDB reports an invalid page, an assertion of LMDB fails, or a
// value would lie outside of the file. Pages that the disk cannot read, and pages behind the end of
// a file that another process has shortened, come as signals (SIGBUS, SIGSEGV). Signals belong to
// the program: the server's handler explains them (server/cli/faults.h).
#pragma once

#include <string_view>
#include <utility>

#include "core/result.h"

namespace anabranch::storage {

// The advice for a damaged data file, as a sentence without its end.
inline constexpr std::string_view kDamageAdvice =
    "put this data directory aside, do not write to it again, and begin with an empty one, which "
    "takes what the other regions have from them, or with a copy from before (--new-origin)";

// From now on a damaged file ends the process with this exit code; until then by abort(). For
// programs, at their start: not thread-safe.
void exit_when_damaged(int code);

// Logs the damage and the advice, and ends the process at once.
[[noreturn]] void unreadable(const core::Failure& failure);

// Returns the value; when the page could not be read, logs the failure and stops the process.
template <typename T>
T readable(core::Result<T> result) {
  if (!result.ok()) unreadable(result.failure());
  return std::move(result).value();
}

}  // namespace anabranch::storage
