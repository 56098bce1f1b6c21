// What ends a process that finds its data file damaged while it reads on it. Absence and damage
// must not be mixed up: what is taken for absent here would be taken for removed everywhere.
//
// Three ways lead here: LMDB says that a page is not what it must be, it fails one of its own
// assertions, or a value would lie outside of the file. Pages that the disk does not give at all,
// and what lies behind the end of a file that somebody shortens while it is open, come as signals
// (SIGBUS, SIGSEGV), which belong to the program: the server's explains them (server/cli/faults.h).
#pragma once

#include <string_view>

#include "core/result.h"

namespace anabranch::storage {

// What to do about a damaged data file, as a sentence without its end.
inline constexpr std::string_view kDamageAdvice =
    "put this data directory aside, do not write to it again, and begin with an empty one, which "
    "takes what the other regions have from them, or with a copy from before (--new-origin)";

// From now on a damaged file ends the process with this exit code; until then by abort(). For
// programs, at their start: not thread-safe.
void exit_when_damaged(int code);

// Logs what is damaged and what to do about it, and ends the process at once.
[[noreturn]] void unreadable(const core::Failure& failure);

}  // namespace anabranch::storage
