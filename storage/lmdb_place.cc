#include "storage/lmdb_place.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>

#include "core/system/file_part.h"
#include "core/system_failure.h"
#include "storage/lmdb_env.h"

namespace anabranch::storage {
namespace {

// Returns the first word of a file; empty when it cannot be read.
std::string word_in(const char* path) {
  constexpr std::size_t kBytesMax = 256;
  const std::string text = core::file_part(path, 0, kBytesMax).value_or("");
  return text.substr(0, text.find_first_of(" \n"));
}

core::Result<struct statx> look_at(const std::string& path) {
  struct statx status = {};
  if (::statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_BTIME, &status) != 0) {
    return core::system_failure("statx of " + path, errno);
  }
  return status;
}

std::uint64_t made_ns(const struct statx& status) {
  constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
  if ((status.stx_mask & STATX_BTIME) == 0) return 0;
  return static_cast<std::uint64_t>(status.stx_btime.tv_sec) * kNsPerSecond +
         status.stx_btime.tv_nsec;
}

}  // namespace

core::Result<Place> find_place(const std::string& directory) {
  const auto folder = look_at(directory);
  if (!folder.ok()) return folder.failure();
  const auto file = look_at(data_file_of(directory));
  if (!file.ok()) return file.failure();
  return Place{
      .machine = word_in("/etc/machine-id"),
      .boot = word_in("/proc/sys/kernel/random/boot_id"),
      .device = makedev(folder.value().stx_dev_major, folder.value().stx_dev_minor),
      .directory = folder.value().stx_ino,
      .file = file.value().stx_ino,
      .made_ns = made_ns(file.value()),
  };
}

std::string data_file_of(const std::string& directory) {
  return directory + "/" + std::string(LmdbEnv::kDataFile);
}

core::Result<void> check_place(const std::string& data_file, const Place& place) {
  struct stat status = {};
  const bool there = ::stat(data_file.c_str(), &status) == 0;
  if (there && status.st_ino == place.file) return {};
  if (!there && errno != ENOENT && errno != ENOTDIR) {
    return core::system_failure("stat of data.mdb", errno);
  }
  return core::Failure{ErrorCode::kIo, std::string("data.mdb was ") +
                                           (there ? "replaced" : "removed") +
                                           " while it was open, so nobody would ever find what is "
                                           "written here: put it back, or begin anew, and restart"};
}

}  // namespace anabranch::storage
