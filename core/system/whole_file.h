// The content of a file of settings, of a module and the like.
#pragma once

#include <cstddef>
#include <string>

#include "core/result.h"

namespace anabranch::core {

// Returns the bytes of a file. Fails with kInvalid for a path that is no regular file, since the
// reader of a pipe waits for a writer, and for a file of more than `size_max` bytes; with kIo for
// one that cannot be read. The message names the path and the reason. Thread-safe.
Result<std::string> whole_file(const std::string& path, std::size_t size_max);

}  // namespace anabranch::core
