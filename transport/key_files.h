// The files of keys; see keys.h for their format.
#pragma once

#include <string>

#include "core/result.h"
#include "transport/keys.h"

namespace anabranch::transport {

// Creates the file of a region's secret keys, readable by its owner only. Fails with kBusy when the
// file exists: keys are never overwritten; with kIo when it cannot be written.
core::Result<void> save_own_keys(const std::string& path, const OwnKeys& keys);

// Reads both files. Fails with kIo when one cannot be read, with kInvalid, naming file and line,
// when one is malformed, when others may read the secrets (core/system/secret_file.h), or when the
// secrets are those of another region.
core::Result<SharedKeys> load_keys(const std::string& own_path, const std::string& known_path,
                                   const std::string& region);

}  // namespace anabranch::transport
