// Reading the files that an author names.
#pragma once

#include <string>

#include "core/result.h"

namespace anabranch::server::cli {

// Returns all bytes of a file. Fails with kInvalid where it cannot be read.
core::Result<std::string> file_contents(const std::string& path);

}  // namespace anabranch::server::cli
