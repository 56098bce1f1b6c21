#include "tests/server/held_disk.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <system_error>

namespace anabranch::test {
namespace {

struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool closed = false;
  std::thread::id spared;
  int held = 0;
  std::uint64_t rounds = 0;  // So often those that were held have gone on.
  bool fails = false;

  // Returns whether the sync of this thread is to be made.
  bool pass() {
    std::unique_lock lock(mutex);
    if (!closed || std::this_thread::get_id() == spared) return true;
    ++held;
    changed.notify_all();
    changed.wait(lock, [this, round = rounds] { return rounds > round; });
    --held;
    return !fails;
  }
  void open_once(bool failing) {
    const std::lock_guard lock(mutex);
    ++rounds;
    fails = failing;
    changed.notify_all();
  }
};

Gate& gate() {
  static auto* const the = new Gate;
  return *the;
}

// Whether commits wait for the file's syncs. Those of files that are made ahead for the log, and of
// tables, are made by another thread at times of its own: a test that lets one sync go on would let
// go that one, and not the commit's.
bool is_segment(int file) {
  std::error_code unknown;
  const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file), unknown);
  return path.filename().string().starts_with("segment-");
}

}  // namespace

HeldDisk::HeldDisk(std::thread::id spared) {
  const std::lock_guard lock(gate().mutex);
  gate().closed = true;
  gate().spared = spared;
}

void HeldDisk::open() {
  {
    const std::lock_guard lock(gate().mutex);
    gate().closed = false;
  }
  let_go();
}

void HeldDisk::wait() {
  std::unique_lock lock(gate().mutex);
  gate().changed.wait(lock, [] { return gate().held > 0; });
}

void HeldDisk::let_go() { gate().open_once(false); }
void HeldDisk::fail() { gate().open_once(true); }

}  // namespace anabranch::test

extern "C" int fdatasync(int file) {
  if (anabranch::test::is_segment(file) && !anabranch::test::gate().pass()) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fdatasync, file));
}
