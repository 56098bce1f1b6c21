// The place of a data directory, as reported by the kernel.
#pragma once

#include <string>

#include "core/result.h"
#include "storage/place.h"

namespace anabranch::storage {

// Returns all fields but `failed`, of a directory with its data file in it. Fails with kIo when
// they cannot be read; facts that the machine does not report stay empty.
core::Result<Place> find_place(const std::string& directory);

// Returns the path of the data file in a directory.
std::string data_file_of(const std::string& directory);

// Fails with kIo when the data file at a path is not the one found by find_place, or is absent.
core::Result<void> check_place(const std::string& data_file, const Place& place);

}  // namespace anabranch::storage
