#include "tests/storage/images/system_calls.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

namespace anabranch::storage::test {
namespace {

using Kind = SystemCall::Kind;

constexpr std::string_view kSharedMemory = "lock.mdb";

class Recorder {
 public:
  void begin(std::string folder) {
    const std::lock_guard guard(mutex_);
    folder_ = std::move(folder) + '/';
    open_.clear();
    journal_.clear();
    fails_in_ = 0;
    failed_ = false;
  }
  void end() {
    const std::lock_guard guard(mutex_);
    folder_.clear();
    open_.clear();
  }
  void note(std::uint64_t number) {
    const std::lock_guard guard(mutex_);
    journal_.push_back({.kind = Kind::kNote, .offset = number});
  }
  void fail(std::size_t n) {
    const std::lock_guard guard(mutex_);
    fails_in_ = n;
    failed_ = false;
  }
  [[nodiscard]] bool failed() {
    const std::lock_guard guard(mutex_);
    return failed_;
  }
  [[nodiscard]] std::vector<SystemCall> journal() {
    const std::lock_guard guard(mutex_);
    return journal_;
  }

  int open_file(int folder, const char* path, int flags, mode_t mode) {
    const std::lock_guard guard(mutex_);
    const auto name = name_of(folder, path);
    const bool is_new = name && (flags & O_CREAT) != 0 && !is_there(path);
    if (is_new && fails()) return -1;
    const auto file = static_cast<int>(::syscall(SYS_openat, folder, path, flags, mode));
    if (file < 0 || !name) return file;
    struct stat status {};
    if (::fstat(file, &status) != 0) return file;
    const bool is_folder = S_ISDIR(status.st_mode);
    Open opened{++openings_, *name, (flags & O_DSYNC) != 0, is_folder, status.st_ino};
    if (!is_folder) {
      journal_.push_back(
          {.kind = is_new ? Kind::kCreate : Kind::kOpen, .file = opened.number, .name = *name});
      if (!is_new && (flags & O_TRUNC) != 0) {
        journal_.push_back({.kind = Kind::kTruncate, .file = opened.number});
      }
    }
    open_[file] = std::move(opened);
    return file;
  }

  int close_file(int file) {
    const std::lock_guard guard(mutex_);
    open_.erase(file);
    return static_cast<int>(::syscall(SYS_close, file));
  }

  // `write` returns how many of the bytes of the parts were written.
  template <typename Write>
  ssize_t write(int file, const iovec* parts, int count, std::optional<off_t> at,
                const Write& write) {
    const std::lock_guard guard(mutex_);
    const Open* const open = find(file);
    if (open == nullptr) return write();
    if (fails()) return -1;
    const off_t offset = at.value_or(::lseek(file, 0, SEEK_CUR));
    const ssize_t written = write();
    if (written <= 0) return written;
    std::string bytes;
    for (int i = 0; i < count; ++i) {
      bytes.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
    }
    bytes.resize(static_cast<std::size_t>(written));
    journal_.push_back({.kind = Kind::kWrite,
                        .file = open->number,
                        .offset = static_cast<std::uint64_t>(offset),
                        .bytes = std::move(bytes)});
    if (open->synced) {
      journal_.push_back({.kind = Kind::kSync, .file = open->number, .within = true});
    }
    return written;
  }

  int truncate(int file, off_t size) {
    const std::lock_guard guard(mutex_);
    const Open* const open = find(file);
    if (open != nullptr && fails()) return -1;
    const auto done = static_cast<int>(::syscall(SYS_ftruncate, file, size));
    if (done != 0 || open == nullptr) return done;
    journal_.push_back({.kind = Kind::kTruncate,
                        .file = open->number,
                        .offset = static_cast<std::uint64_t>(size)});
    return done;
  }

  // Nothing that is recorded depends on the disk of this machine.
  int sync(int file, long call) {
    const std::lock_guard guard(mutex_);
    const Open* const open = find(file);
    if (open == nullptr) return static_cast<int>(::syscall(call, file));
    if (fails()) return -1;
    journal_.push_back(open->is_folder ? SystemCall{.kind = Kind::kSyncFolder, .name = open->name}
                                       : SystemCall{.kind = Kind::kSync, .file = open->number});
    return 0;
  }

  // Carries out a call that makes, removes or renames (`to`: the new name) a name in a folder.
  template <typename Call>
  int change_name(int folder, const char* path, Kind kind, const char* to, const Call& call) {
    const std::lock_guard guard(mutex_);
    const auto name = name_of(folder, path);
    if (!name) return call();
    const auto renamed = to == nullptr ? name : name_of(AT_FDCWD, to);
    struct stat status {};
    const bool is_folder =
        ::fstatat(folder, path, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
    if (fails()) return -1;
    const int done = call();
    if (done != 0) return done;
    const bool is_made = kind == Kind::kCreate;
    journal_.push_back({.kind = kind,
                        .name = *name + (is_folder || is_made ? "/" : ""),
                        .to = to == nullptr ? "" : renamed.value_or("")});
    return done;
  }

 private:
  struct Open {
    std::size_t number = 0;
    std::string name;
    bool synced = false;
    bool is_folder = false;
    ino_t inode = 0;
  };

  // Returns the opening of a file; null for other files. Some are closed within the C library, and
  // another file has the number then.
  [[nodiscard]] const Open* find(int file) {
    const auto found = open_.find(file);
    if (found == open_.end()) return nullptr;
    struct stat status {};
    if (::fstat(file, &status) == 0 && status.st_ino == found->second.inode) return &found->second;
    open_.erase(found);
    return nullptr;
  }

  // Returns the name in the folder that is recorded; nullopt for other files.
  [[nodiscard]] std::optional<std::string> name_of(int folder, const char* path) const {
    if (folder_.empty()) return std::nullopt;
    std::string whole = path;
    if (folder != AT_FDCWD && *path != '/') {
      const auto found = open_.find(folder);
      if (found == open_.end()) return std::nullopt;
      whole = folder_ + (found->second.name.empty() ? "" : found->second.name + '/') + path;
    }
    if (whole + '/' == folder_) return std::string();
    if (!whole.starts_with(folder_) || whole.ends_with(kSharedMemory)) return std::nullopt;
    return whole.substr(folder_.size());
  }
  static bool is_there(const char* path) { return ::access(path, F_OK) == 0; }
  bool fails() {
    if (fails_in_ == 0 || --fails_in_ > 0) return false;
    failed_ = true;
    errno = EIO;
    return true;
  }

  std::recursive_mutex mutex_;
  std::string folder_;  // Empty: nothing is recorded.
  std::map<int, Open> open_;
  std::size_t openings_ = 0;
  std::vector<SystemCall> journal_;
  std::size_t fails_in_ = 0;
  bool failed_ = false;
};

Recorder& recorder() {
  static Recorder instance;
  return instance;
}

}  // namespace

SystemCalls::SystemCalls(std::string folder) { recorder().begin(std::move(folder)); }
SystemCalls::~SystemCalls() { recorder().end(); }
void SystemCalls::note(std::uint64_t number) { recorder().note(number); }
void SystemCalls::fail(std::size_t n) { recorder().fail(n); }
bool SystemCalls::failed() const { return recorder().failed(); }
std::vector<SystemCall> SystemCalls::journal() const { return recorder().journal(); }

}  // namespace anabranch::storage::test

using anabranch::storage::test::recorder;
using anabranch::storage::test::SystemCall;

namespace {

iovec part(const void* bytes, std::size_t size) { return {const_cast<void*>(bytes), size}; }

int remove_name(int folder, const char* path, int flags) {
  return recorder().change_name(folder, path, SystemCall::Kind::kRemove, nullptr, [&] {
    return static_cast<int>(::syscall(SYS_unlinkat, folder, path, flags));
  });
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const auto mode =
      static_cast<mode_t>((flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, int) : 0);
  va_end(rest);
  return recorder().open_file(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const auto mode =
      static_cast<mode_t>((flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, int) : 0);
  va_end(rest);
  return recorder().open_file(folder, path, flags, mode);
}

int close(int file) { return recorder().close_file(file); }

ssize_t pwrite(int file, const void* bytes, std::size_t size, off_t offset) {
  const iovec parts = part(bytes, size);
  return recorder().write(file, &parts, 1, offset, [&]() -> ssize_t {
    return ::syscall(SYS_pwrite64, file, bytes, size, offset);
  });
}

ssize_t write(int file, const void* bytes, std::size_t size) {
  const iovec parts = part(bytes, size);
  return recorder().write(file, &parts, 1, std::nullopt,
                          [&]() -> ssize_t { return ::syscall(SYS_write, file, bytes, size); });
}

ssize_t writev(int file, const iovec* parts, int count) {
  return recorder().write(file, parts, count, std::nullopt,
                          [&]() -> ssize_t { return ::syscall(SYS_writev, file, parts, count); });
}

int ftruncate(int file, off_t size) noexcept { return recorder().truncate(file, size); }
int fdatasync(int file) { return recorder().sync(file, SYS_fdatasync); }
int fsync(int file) { return recorder().sync(file, SYS_fsync); }

int rename(const char* from, const char* to) noexcept {
  return recorder().change_name(AT_FDCWD, from, SystemCall::Kind::kRename, to,
                                [&] { return static_cast<int>(::syscall(SYS_rename, from, to)); });
}

int mkdir(const char* path, mode_t mode) noexcept {
  return recorder().change_name(AT_FDCWD, path, SystemCall::Kind::kCreate, nullptr,
                                [&] { return static_cast<int>(::syscall(SYS_mkdir, path, mode)); });
}

int unlink(const char* path) noexcept { return remove_name(AT_FDCWD, path, 0); }
int rmdir(const char* path) noexcept { return remove_name(AT_FDCWD, path, AT_REMOVEDIR); }
int unlinkat(int folder, const char* path, int flags) noexcept {
  return remove_name(folder, path, flags);
}

int remove(const char* path) noexcept {
  struct stat status {};
  const bool is_folder = ::lstat(path, &status) == 0 && S_ISDIR(status.st_mode);
  return remove_name(AT_FDCWD, path, is_folder ? AT_REMOVEDIR : 0);
}

}  // extern "C"
