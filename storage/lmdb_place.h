// The place of a data directory, as the kernel tells it.
#pragma once

#include <string>

#include "core/result.h"
#include "storage/place.h"

namespace anabranch::storage {

// All but `failed`, of a directory with its data file in it. Fails with kIo when they cannot be
// looked at; what the machine does not tell of itself stays empty.
core::Result<Place> find_place(const std::string& directory);

// Fails with kIo when the data file in a directory is another one than when the place was found, or
// when there is none any more.
core::Result<void> check_place(const std::string& directory, const Place& place);

}  // namespace anabranch::storage
