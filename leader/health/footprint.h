// What a store takes of its machine, as the system counts it. For people: nothing depends on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <anabranch/options.h>

namespace anabranch::leader {

// The memory of this process that is resident, mapped files included; 0 if that is unknown.
[[nodiscard]] std::uint64_t memory_bytes();

struct DiskFigures {
  std::uint64_t used = 0;  // By the files in the directory.
  std::uint64_t free = 0;  // On its file system, for processes without privileges.
};

// All 0 if there is no such directory.
[[nodiscard]] DiskFigures disk_figures(const std::string& directory);

// The room that is kept free: in a small address space it must leave some of that.
[[nodiscard]] std::size_t reserve_bytes(const Options& options);

}  // namespace anabranch::leader
