// The process that opened a store. A fork copies the store's memory but not its threads, and would
// have two processes write one file: in the forked one every use throws, and nothing is closed.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>

namespace anabranch::leader {

// Thread-safe.
class OpeningProcess {
 public:
  // This process.
  OpeningProcess();

  // Whether this is still the same process. Costs next to nothing.
  [[nodiscard]] bool here() const { return forks_before_ == forks_; }
  // Throws Error{kInvalid}, naming the process, unless it is.
  void check() const {
    if (!here()) refuse();
  }
  // Keeps, for good, what must not be destroyed in a forked process: it would wait for threads that
  // are not there, and close what the other process still uses.
  static void keep(std::shared_ptr<void> forked);

 private:
  [[noreturn]] void refuse() const;

  static inline std::atomic<std::uint64_t> forks_ = 0;  // On the way from the first process here.
  pid_t process_;
  std::uint64_t forks_before_;
};

}  // namespace anabranch::leader
