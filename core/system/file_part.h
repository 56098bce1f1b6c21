// Reads a part of a file, by a descriptor that no other program inherits: streams of the standard
// library cannot have one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace anabranch::core {

// Returns up to `size` bytes from `offset` on, fewer at the end of the file; nullopt, with errno,
// when it cannot be read.
std::optional<std::string> file_part(const char* path, std::uint64_t offset, std::size_t size);

}  // namespace anabranch::core
