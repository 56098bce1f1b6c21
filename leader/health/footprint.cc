#include "leader/health/footprint.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "core/system/file_part.h"
#include "storage/disk_room.h"

namespace anabranch::leader {

std::uint64_t memory_bytes() {
  constexpr std::size_t kBytesMax = 256;
  std::istringstream figures(core::file_part("/proc/self/statm", 0, kBytesMax).value_or(""));
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  if (!(figures >> all >> resident)) return 0;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

DiskFigures disk_figures(const std::string& directory) {
  constexpr std::uint64_t kBlock = 512;  // The unit of st_blocks.
  DiskFigures figures;
  std::error_code none;
  for (std::filesystem::recursive_directory_iterator at(directory, none), end; !none && at != end;
       at.increment(none)) {
    struct stat file = {};
    const bool is_file = ::lstat(at->path().c_str(), &file) == 0 && S_ISREG(file.st_mode);
    if (is_file) figures.used += static_cast<std::uint64_t>(file.st_blocks) * kBlock;
  }
  struct statvfs system = {};
  if (::statvfs(directory.c_str(), &system) == 0) {
    figures.free = storage::room_of(system).bytes;
  }
  return figures;
}

std::size_t reserve_bytes(const Options& options) {
  return std::min(options.reserve_bytes, options.map_bytes / 8);
}

}  // namespace anabranch::leader
