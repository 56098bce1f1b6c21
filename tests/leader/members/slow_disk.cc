#include "tests/leader/members/slow_disk.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace anabranch::test {
namespace {

struct Disk {
  std::mutex mutex;
  std::condition_variable changed;
  std::string folder;   // Empty: no disk stands still,
  std::string failing;  // and none fails.
  int waiting = 0;
};

Disk& disk() {
  static Disk* const only = new Disk;  // Never destroyed: threads may sync at the end.
  return *only;
}

std::string path_of(int file) {
  std::array<char, 4096> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  const ssize_t size = ::readlink(link.c_str(), path.data(), path.size());
  return size < 0 ? std::string() : std::string(path.data(), static_cast<std::size_t>(size));
}

}  // namespace

SlowDisk::SlowDisk(std::string folder) {
  const std::lock_guard lock(disk().mutex);
  disk().folder = std::move(folder);
}

SlowDisk::~SlowDisk() {
  const std::lock_guard lock(disk().mutex);
  disk().folder.clear();
  disk().changed.notify_all();
}

bool SlowDisk::is_waited_for() const {
  const std::lock_guard lock(disk().mutex);
  return disk().waiting > 0;
}

FailingDisk::FailingDisk(std::string folder) {
  const std::lock_guard lock(disk().mutex);
  disk().failing = std::move(folder);
}

FailingDisk::~FailingDisk() {
  const std::lock_guard lock(disk().mutex);
  disk().failing.clear();
}

bool fails(int file) {
  const std::lock_guard lock(disk().mutex);
  return !disk().failing.empty() && path_of(file).starts_with(disk().failing);
}

void wait_for_disk(int file) {
  std::unique_lock lock(disk().mutex);
  const auto stands_still = [&] {
    return !disk().folder.empty() && path_of(file).starts_with(disk().folder);
  };
  ++disk().waiting;
  disk().changed.wait(lock, [&] { return !stands_still(); });
  --disk().waiting;
}

}  // namespace anabranch::test

extern "C" int fdatasync(int file) {
  anabranch::test::wait_for_disk(file);
  if (anabranch::test::fails(file)) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fdatasync, file));
}
