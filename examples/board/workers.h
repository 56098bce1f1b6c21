// A few threads for work that waits for the disk, so that the one that serves HTTP never does.
// Those that write at the same time share a commit.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace board {

class Workers {
 public:
  explicit Workers(unsigned threads);
  // Drops work that has not begun, and waits for the rest.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Runs a function on one of the threads. Returns false when 1000 wait already. It must not throw.
  [[nodiscard]] bool run(std::function<void()> work);

 private:
  void serve();

  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<std::function<void()>> waiting_;
  bool is_over_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace board
