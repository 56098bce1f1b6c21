#include "transport/zmq/thread_without_signals.h"

#include <pthread.h>

#include <csignal>
#include <utility>

namespace anabranch::transport {

// A thread begins with the signal mask of the thread that starts it.
std::thread start_quiet_thread(std::function<void()> body) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread{std::move(body)};
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace anabranch::transport
