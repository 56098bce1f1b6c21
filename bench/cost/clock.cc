// A clock for counted programs: preloaded, it replaces the system's clock. Each reading is 100 ns
// after the one before, and nothing else moves it. So no timer is due because a machine is slow,
// and a program with the same work executes the same instructions.
//
// It begins decades ahead of any real clock: for the kernel, with its real clock, no deadline ever
// passes.

#include <sys/time.h>

#include <atomic>
#include <cstdint>
#include <ctime>

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kStep = 100;
constexpr std::int64_t kBegin = 4'000'000'000 * kSecond;  // In 2096.

std::int64_t now() {
  static constinit std::atomic<std::int64_t> time{kBegin};
  return time.fetch_add(kStep, std::memory_order_relaxed);
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t /*clock*/, timespec* time) noexcept {
  const std::int64_t nanoseconds = now();
  time->tv_sec = nanoseconds / kSecond;
  time->tv_nsec = nanoseconds % kSecond;
  return 0;
}

int gettimeofday(timeval* time, void* /*zone*/) noexcept {
  const std::int64_t nanoseconds = now();
  time->tv_sec = nanoseconds / kSecond;
  time->tv_usec = nanoseconds % kSecond / 1000;
  return 0;
}

std::time_t time(std::time_t* result) noexcept {
  const std::time_t seconds = now() / kSecond;
  if (result != nullptr) *result = seconds;
  return seconds;
}
}
