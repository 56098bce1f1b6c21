// Descriptors 0 to 2 of the process: input, output and errors. A program may be started, or run as
// a daemon, without one of them: then the next file that anybody opens gets its number, and lines
// for the log are written into that file.
#pragma once

#include "core/result.h"

namespace anabranch::core {

// Opens /dev/null at those of 0 to 2 that are closed; nobody here closes it again. Does nothing,
// and nearly for free, where they are open. To be called before the first file is opened, and by
// each opening of a store, since a program may close them at any time. Fails with kIo. Thread-safe.
Result<void> fill_standard_descriptors();

// Returns the descriptor, or for one of 0 to 2 a copy from 3 on, closed on exec, in its place: -1,
// with errno, when there is none. Leaves -1 and errno as they are. For each descriptor that was
// just made here, before it is locked or used: the number of another file would have been free.
int above_standard(int descriptor);

}  // namespace anabranch::core
