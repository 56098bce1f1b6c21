// A spool in a file that has no name: it is unlinked as soon as it is made, so that nothing has to
// be cleaned up after a crash.
#pragma once

#include <memory>
#include <string>

#include "storage/storage.h"

namespace anabranch::storage {

// Makes the file in a folder; fails with kIo.
core::Result<std::unique_ptr<Spool>> make_file_spool(const std::string& folder);

}  // namespace anabranch::storage
