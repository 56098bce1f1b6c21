#include "tests/leader/refusals/failing_calls.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstddef>
#include <mutex>
#include <string_view>
#include <utility>

namespace anabranch::test {
namespace {

// What is to fail. Armed or not is read without the mutex: nearly all calls are of no interest.
struct Plan {
  std::mutex mutex;
  std::atomic<bool> armed = false;
  SystemCall call = SystemCall::kOpen;
  std::string within;
  int error = 0;
  FailingCalls::Times times = FailingCalls::Times::kOnce;
  bool failed = false;
};

Plan& plan() {
  static Plan* const instance = new Plan;  // Threads may end after the statics.
  return *instance;
}

// Whether this call is to fail; sets errno then.
bool fails(SystemCall call, std::string_view path) {
  Plan& all = plan();
  if (!all.armed) return false;
  const std::lock_guard lock(all.mutex);
  if (!all.armed || call != all.call || path.find(all.within) == path.npos) return false;
  all.failed = true;
  if (all.times == FailingCalls::Times::kOnce) all.armed = false;
  errno = all.error;
  return true;
}

bool fails(SystemCall call, int file) {
  if (!plan().armed) return false;
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  std::array<char, PATH_MAX> path{};
  const auto size = ::syscall(SYS_readlink, link.c_str(), path.data(), path.size());
  return size > 0 && fails(call, std::string_view(path.data(), static_cast<std::size_t>(size)));
}

int open_file(int folder, const char* path, int flags, mode_t mode) {
  const bool creates = (flags & O_CREAT) != 0;
  if (fails(creates ? SystemCall::kCreate : SystemCall::kOpen, std::string_view(path))) return -1;
  return static_cast<int>(::syscall(SYS_openat, folder, path, flags, mode));
}

}  // namespace

FailingCalls::FailingCalls(SystemCall call, std::string within, int error, Times times) {
  Plan& all = plan();
  const std::lock_guard lock(all.mutex);
  all.call = call;
  all.within = std::move(within);
  all.error = error;
  all.times = times;
  all.failed = false;
  all.armed = true;
}

FailingCalls::~FailingCalls() { plan().armed = false; }

bool FailingCalls::failed() const {
  const std::lock_guard lock(plan().mutex);
  return plan().failed;
}

}  // namespace anabranch::test

using anabranch::test::fails;
using anabranch::test::open_file;
using anabranch::test::SystemCall;

extern "C" {

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const auto mode =
      static_cast<mode_t>((flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, int) : 0);
  va_end(rest);
  return open_file(AT_FDCWD, path, flags, mode);
}

int rename(const char* from, const char* to) noexcept {
  if (fails(SystemCall::kRename, std::string_view(to))) return -1;
  return static_cast<int>(::syscall(SYS_rename, from, to));
}

int unlink(const char* path) noexcept {
  if (fails(SystemCall::kUnlink, std::string_view(path))) return -1;
  return static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

int stat(const char* path, struct stat* status) noexcept {
  if (fails(SystemCall::kStat, std::string_view(path))) return -1;
  return static_cast<int>(::syscall(SYS_newfstatat, AT_FDCWD, path, status, 0));
}

int fallocate(int file, int mode, off_t offset, off_t size) {
  if (fails(SystemCall::kFallocate, file)) return -1;
  return static_cast<int>(::syscall(SYS_fallocate, file, mode, offset, size));
}

ssize_t pwrite(int file, const void* bytes, std::size_t size, off_t offset) {
  if (fails(SystemCall::kWrite, file)) return -1;
  return ::syscall(SYS_pwrite64, file, bytes, size, offset);
}

int fdatasync(int file) {
  if (fails(SystemCall::kSync, file)) return -1;
  return static_cast<int>(::syscall(SYS_fdatasync, file));
}

int fsync(int file) {
  if (fails(SystemCall::kSync, file)) return -1;
  return static_cast<int>(::syscall(SYS_fsync, file));
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*body)(void*),
                   void* argument) noexcept {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto real = reinterpret_cast<Create>(::dlsym(RTLD_NEXT, "pthread_create"));
  if (fails(SystemCall::kThread, std::string_view())) return errno;
  return real(thread, attributes, body, argument);
}

}  // extern "C"
