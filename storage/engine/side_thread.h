// A thread that runs one function at a time beside the work of its caller.
//
//   SideThread::Run run = thread.begin([&] { return log.append(bytes); });
//   ...                          // Other work.
//   core::Result<void> done = run.wait();
//
// For one caller at a time. The thread begins with the first function, and ends with the object.
// Where the system has no thread for it, begin() runs the function itself.
#pragma once

#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <thread>

#include "core/result.h"

namespace anabranch::storage {

class SideThread {
 public:
  using Function = std::function<core::Result<void>()>;

  // A function that was begun. It has returned when this ends.
  class Run {
   public:
    explicit Run(std::future<core::Result<void>> result) : result_(std::move(result)) {}
    Run(Run&&) = default;
    Run& operator=(Run&&) = delete;
    ~Run() {
      if (result_.valid()) result_.wait();
    }
    // Returns what the function returns, or throws what it throws. Once.
    core::Result<void> wait() { return result_.get(); }

   private:
    std::future<core::Result<void>> result_;
  };

  SideThread() = default;
  SideThread(const SideThread&) = delete;
  SideThread& operator=(const SideThread&) = delete;
  ~SideThread();

  // Runs a function; the one before must have returned.
  [[nodiscard]] Run begin(Function function);

 private:
  // Returns whether there is a thread, begun when there was none.
  bool has_thread();
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::packaged_task<core::Result<void>()> task_;  // To be run; empty when there is none.
  bool stops_ = false;
  std::thread thread_;
};

}  // namespace anabranch::storage
