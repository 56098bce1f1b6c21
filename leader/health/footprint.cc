#include "leader/health/footprint.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace anabranch::leader {

std::uint64_t memory_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  if (!(file >> all >> resident)) return 0;
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
  if (::statvfs(directory.c_str(), &system) == 0) figures.free = system.f_bavail * system.f_frsize;
  return figures;
}

std::size_t reserve_bytes(const Options& options) {
  return std::min(options.reserve_bytes, options.map_bytes / 8);
}

}  // namespace anabranch::leader
