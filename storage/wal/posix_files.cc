#include "storage/wal/posix_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "core/system/standard_descriptors.h"
#include "core/system_failure.h"
#include "storage/disk_room.h"

namespace anabranch::storage {
namespace {

using core::Failure;
using core::Result;

constexpr mode_t kOwnerOnly = 0600;
constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

Failure failed(const char* verb, const std::string& path, int number = errno) {
  return core::system_failure(std::string("cannot ") + verb + " " + path, number);
}

class PosixFile final : public File {
 public:
  PosixFile(int file, std::string path) : file_(file), path_(std::move(path)) {}
  ~PosixFile() override { ::close(file_); }
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  Result<void> write(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto put = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (put < 0 && errno == EINTR) continue;  // Nothing was written yet.
      if (put <= 0) return failed_to("write");
      bytes.remove_prefix(static_cast<std::size_t>(put));
      offset += static_cast<std::uint64_t>(put);
    }
    return {};
  }

  [[nodiscard]] Result<std::size_t> read(std::uint64_t offset,
                                         std::span<char> into) const override {
    std::size_t got = 0;
    while (got < into.size()) {
      const auto read =
          ::pread(file_, into.data() + got, into.size() - got, static_cast<off_t>(offset + got));
      if (read < 0 && errno == EINTR) continue;
      if (read < 0) return failed_to("read");
      if (read == 0) break;
      got += static_cast<std::size_t>(read);
    }
    return got;
  }

  [[nodiscard]] Result<std::uint64_t> size() const override {
    struct stat found {};
    if (::fstat(file_, &found) != 0) return failed_to("look at");
    return static_cast<std::uint64_t>(found.st_size);
  }

  [[nodiscard]] Result<std::uint64_t> names() const override {
    struct stat found {};
    if (::fstat(file_, &found) != 0) return failed_to("look at");
    return static_cast<std::uint64_t>(found.st_nlink);
  }

  Result<void> sync() override {
    if (::fdatasync(file_) != 0) return failed_to("sync");
    return {};
  }

  // Without waiting flags it takes no error away from the next sync.
  void begin_sync(std::uint64_t offset, std::uint64_t size) override {
    (void)::sync_file_range(file_, static_cast<off_t>(offset), static_cast<off_t>(size),
                            SYNC_FILE_RANGE_WRITE);
  }

  Result<void> truncate(std::uint64_t size) override {
    if (::ftruncate(file_, static_cast<off_t>(size)) != 0) return failed_to("truncate");
    return {};
  }

 private:
  // Names the file as it is called now: it may have been given another name since it was opened.
  [[nodiscard]] Failure failed_to(const char* verb) const {
    const int number = errno;
    std::error_code unknown;
    const auto now =
        std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file_), unknown);
    return failed(verb, unknown ? path_ : now.string(), number);
  }

  int file_;
  std::string path_;
};

class PosixFiles final : public Files {
 public:
  explicit PosixFiles(std::string folder)
      : folder_(std::move(folder)),
        opened_(core::above_standard(::open(folder_.c_str(), kFolderFlags))),
        open_errno_(opened_ < 0 ? errno : 0) {}
  PosixFiles(const PosixFiles&) = delete;
  PosixFiles& operator=(const PosixFiles&) = delete;
  ~PosixFiles() override {
    if (opened_ >= 0) ::close(opened_);
  }

  Result<std::unique_ptr<File>> open(const std::string& name) override {
    return open_with(name, O_RDWR, "open");
  }
  Result<std::unique_ptr<File>> create(const std::string& name) override {
    return open_with(name, O_RDWR | O_CREAT | O_EXCL, "create");
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    if (std::rename(path(from).c_str(), path(to).c_str()) != 0) return failed("rename", path(from));
    return {};
  }
  Result<void> remove(const std::string& name) override {
    if (::unlink(path(name).c_str()) != 0) return failed("remove", path(name));
    return {};
  }

  [[nodiscard]] Result<std::vector<std::string>> list() const override {
    const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(folder_.c_str()), &::closedir);
    if (!open) return failed("list", folder_);
    std::vector<std::string> names;
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(open.get());
      if (entry == nullptr) break;
      const std::string name = static_cast<const char*>(entry->d_name);
      if (name != "." && name != "..") names.push_back(name);
    }
    if (errno != 0) return failed("list", folder_);
    std::sort(names.begin(), names.end());
    return names;
  }

  [[nodiscard]] Result<bool> has(const std::string& name) const override {
    struct stat found {};
    if (::stat(path(name).c_str(), &found) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return failed("look at", path(name));
  }

  Result<void> sync_folder() override {
    if (opened_ < 0) return failed("open", folder_, open_errno_);
    if (::fsync(opened_) != 0) return failed("sync", folder_);
    return {};
  }

  [[nodiscard]] std::uint64_t free_bytes() const override {
    struct statvfs disk {};
    if (::statvfs(folder_.c_str(), &disk) != 0) return Files::free_bytes();
    return room_of(disk).bytes;
  }

  [[nodiscard]] Result<void> check_there() const override {
    struct stat opened {};
    struct stat named {};
    if (opened_ < 0) return failed("open", folder_, open_errno_);
    if (::fstat(opened_, &opened) != 0 || ::stat(folder_.c_str(), &named) != 0) {
      return failed("find", folder_);
    }
    if (opened.st_dev == named.st_dev && opened.st_ino == named.st_ino) return {};
    return core::Failure{ErrorCode::kIo, folder_ + " was replaced while it was open: restart"};
  }

 private:
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + '/' + name; }

  Result<std::unique_ptr<File>> open_with(const std::string& name, int flags, const char* verb) {
    const int file =
        core::above_standard(::open(path(name).c_str(), flags | O_CLOEXEC, kOwnerOnly));
    if (file < 0) return failed(verb, path(name));
    return std::unique_ptr<File>(std::make_unique<PosixFile>(file, path(name)));
  }

  std::string folder_;
  const int opened_;      // The folder itself; -1 when it could not be opened...
  const int open_errno_;  // ...for this reason.
};

}  // namespace

std::unique_ptr<Files> posix_files(std::string folder) {
  return std::make_unique<PosixFiles>(std::move(folder));
}

}  // namespace anabranch::storage
