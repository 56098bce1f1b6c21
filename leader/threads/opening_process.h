// The process that opened a store. A fork copies the store's memory but not its threads, and two
// processes would write one file: in the forked process every use throws, and nothing is closed.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>

namespace anabranch::leader {

// Thread-safe.
class OpeningProcess {
 public:
  // Records this process.
  OpeningProcess();

  // Whether this is still the same process. Nearly free.
  [[nodiscard]] bool here() const { return forks_before_ == forks_; }
  // Throws Error{kInvalid}, naming the process, unless it is the same.
  void check() const {
    if (!here()) refuse();
  }
  // Keeps an object for good that must not be destroyed here. In a forked process its destructor
  // would wait for threads that do not exist, and close resources that the other process still
  // uses; within one of its own functions it would wait for that.
  static void keep(std::shared_ptr<void> object);

 private:
  [[noreturn]] void refuse() const;

  static inline std::atomic<std::uint64_t> forks_ = 0;  // Between the first process and this one.
  pid_t process_;
  std::uint64_t forks_before_;
};

}  // namespace anabranch::leader
