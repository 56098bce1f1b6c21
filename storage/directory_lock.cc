#include "storage/directory_lock.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <set>
#include <tuple>

#include "core/system/standard_descriptors.h"

namespace anabranch::storage {
namespace {

using core::Failure;
using core::Result;
using DirectoryId = std::pair<dev_t, ino_t>;

// The directories open in this process. Never destroyed: a store may be closed behind main().
struct Registry {
  std::mutex mutex;
  std::set<DirectoryId> open;
};

Registry& registry() {
  static auto* const kept = new Registry;
  return *kept;
}

Failure unusable(const std::string& directory, const std::string& reason) {
  return core::invalid("cannot use data directory " + directory + ": " + reason);
}

Failure unusable(const std::string& directory, const char* call) {
  return unusable(directory, std::string(call) + ": " + std::strerror(errno));
}

// Syncs the parent folder, so that the entry of the directory survives power loss. The directory
// may have been made by a process that was killed before it did so, or by mkdir.
void sync_parent(const std::string& directory) {
  std::filesystem::path path = std::filesystem::path(directory);
  if (!path.has_filename()) path = path.parent_path();
  const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : ".";
  const int file = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return;
  ::fsync(file);
  ::close(file);
}

Result<DirectoryId> find_or_create(const std::string& directory) {
  if (directory.empty()) return core::invalid("the data directory has no name");
  constexpr mode_t kMode = 0700;
  if (::mkdir(directory.c_str(), kMode) != 0 && errno != EEXIST) {
    if (errno != ENOENT) return unusable(directory, "mkdir");
    return unusable(directory, std::string("its parent directory does not exist"));
  }
  sync_parent(directory);
  struct stat status = {};
  if (::stat(directory.c_str(), &status) != 0) return unusable(directory, "stat");
  if (!S_ISDIR(status.st_mode)) return unusable(directory, std::string("it is not a directory"));
  return DirectoryId(status.st_dev, status.st_ino);
}

// Network file systems keep neither locks nor memory maps coherent.
Result<void> check_file_system(const std::string& directory) {
  constexpr unsigned kCifs = 0xFF534D42U;
  constexpr unsigned kSmb2 = 0xFE534D42U;
  struct statfs status = {};
  if (::statfs(directory.c_str(), &status) != 0) return unusable(directory, "statfs");
  const char* name = nullptr;
  switch (static_cast<unsigned>(status.f_type)) {
    case NFS_SUPER_MAGIC:
      name = "NFS";
      break;
    case SMB_SUPER_MAGIC:
    case kCifs:
    case kSmb2:
      name = "SMB";
      break;
    case V9FS_MAGIC:
      name = "9p";
      break;
    case AFS_SUPER_MAGIC:
    case CODA_SUPER_MAGIC:
      name = "AFS or Coda";
      break;
    default:
      return {};
  }
  return unusable(directory, std::string("it is on a network file system (") + name + ")");
}

// The lock file is one line: the process that holds it, and the mark.
constexpr std::size_t kLineSize = 32;
constexpr std::string_view kFailedMark = "failed";

std::string line_of(int file) {
  std::string line(kLineSize, '\0');
  const ssize_t size = ::pread(file, line.data(), line.size(), 0);
  line.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return line;
}

// Writes a line of constant size, so that a later one takes no more of a full disk.
void write_line(int file, bool failed) {
  std::string line = std::to_string(::getpid());
  if (failed) line.append(" ").append(kFailedMark);
  line.resize(kLineSize - 1, ' ');
  line.push_back('\n');
  std::ignore = ::pwrite(file, line.data(), line.size(), 0);
}

std::string owner_of(int file) {
  const std::string line = line_of(file);
  const std::string owner = line.substr(0, line.find_first_not_of("0123456789"));
  return owner.empty() ? "" : " (pid " + owner + ")";
}

// Opens and locks the file.
Result<int> lock_file(const std::string& directory) {
  constexpr mode_t kMode = 0600;
  const std::string path = directory + "/" + std::string(DirectoryLock::kFile);
  const int file = core::above_standard(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode));
  if (file < 0) return unusable(directory, "open of its lock file");
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    Failure failure = unusable(directory, "flock");
    if (errno == EWOULDBLOCK) {
      failure = {ErrorCode::kBusy, "data directory " + directory + ' ' +
                                       std::string(DirectoryLock::kInUse) + owner_of(file)};
    }
    ::close(file);
    return failure;
  }
  return file;
}

}  // namespace

Result<DirectoryLock> DirectoryLock::acquire(const std::string& directory) {
  const Result<DirectoryId> id = find_or_create(directory);
  if (!id.ok()) return id.failure();
  if (const Result<void> usable = check_file_system(directory); !usable.ok()) {
    return usable.failure();
  }
  Registry& all = registry();
  const std::lock_guard guard(all.mutex);
  if (all.open.contains(id.value())) {
    return Failure{ErrorCode::kBusy,
                   "data directory " + directory + " is already open in this process"};
  }
  const Result<int> file = lock_file(directory);
  if (!file.ok()) return file.failure();
  all.open.insert(id.value());
  const bool failed = line_of(file.value()).find(kFailedMark) != std::string::npos;
  write_line(file.value(), failed);
  return DirectoryLock(id.value(), file.value(), failed);
}

void DirectoryLock::forget_failure() const { write_line(file_, false); }

bool DirectoryLock::is_there() const {
  struct stat status = {};
  return ::fstat(file_, &status) != 0 || status.st_nlink > 0;
}

DirectoryLock::~DirectoryLock() {
  if (file_ < 0) return;
  Registry& all = registry();
  const std::lock_guard guard(all.mutex);
  all.open.erase(id_);
  ::close(file_);
}

}  // namespace anabranch::storage
