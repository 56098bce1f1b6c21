#include "core/system/thread_without_signals.h"

#include <pthread.h>

#include <csignal>
#include <latch>
#include <system_error>
#include <utility>
#include <vector>

namespace anabranch::core {
namespace {

// A thread begins with the signal mask of the thread that starts it.
class NoSignals {
 public:
  NoSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

std::thread start_quiet_thread(std::function<void()> body) {
  const NoSignals meanwhile;
  return std::thread{std::move(body)};
}

bool begins_threads(std::size_t count) {
  std::latch done(1);
  std::vector<std::thread> begun;
  bool all = true;
  try {
    while (begun.size() < count) begun.push_back(start_quiet_thread([&done] { done.wait(); }));
  } catch (const std::system_error&) {
    all = false;
  }
  done.count_down();
  for (std::thread& each : begun) each.join();
  return all;
}

}  // namespace anabranch::core
