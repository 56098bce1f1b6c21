// A spool in a file without a name: unlinked right after its creation, so that a crash leaves no
// file to clean up.
#pragma once

#include <memory>
#include <string>

#include "storage/storage.h"

namespace anabranch::storage {

// Creates the file in a folder; fails with kIo.
core::Result<std::unique_ptr<Spool>> make_file_spool(const std::string& folder);

}  // namespace anabranch::storage
