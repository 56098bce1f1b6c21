// The files of a folder on a real disk.
#pragma once

#include <memory>
#include <string>

#include "storage/wal/files.h"

namespace anabranch::storage {

// Returns the files of a folder, which must exist.
std::unique_ptr<Files> posix_files(std::string folder);

}  // namespace anabranch::storage
