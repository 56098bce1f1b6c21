// A thread that runs one function at a time beside the work of its caller.
//
//   SideThread::Run run = thread.begin([&] { return log.append(bytes); });
//   ...                          // Other work.
//   core::Result<void> done = run.wait();
//
// For one caller at a time. The thread begins with the first function, and ends with the object.
// Where the system has no thread for it, the function runs before begin() returns, or, if the
// object is to have no thread, within wait().
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include "core/result.h"
#include "storage/engine/event_fd.h"

namespace anabranch::storage {

class SideThread {
 public:
  using Function = std::function<core::Result<void>()>;

  // A function that was begun. It has returned when this ends.
  class Run {
   public:
    explicit Run(std::future<core::Result<void>> result, const EventFd* told = nullptr)
        : result_(std::move(result)), told_(told) {}
    Run(Run&&) = default;
    Run& operator=(Run&&) = delete;
    ~Run() {
      if (result_.valid()) wait_for_end();
    }
    // Whether wait() need not wait.
    [[nodiscard]] bool has_ended() const {
      return result_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    }
    // Returns what the function returns, or throws what it throws. Once.
    core::Result<void> wait() {
      wait_for_end();
      return result_.get();
    }

   private:
    void wait_for_end() const {
      result_.wait();
      if (told_ != nullptr) told_->clear();
    }

    std::future<core::Result<void>> result_;
    const EventFd* told_;  // Null: nobody was told.
  };

  enum class Threads : bool { kNone, kOne };
  explicit SideThread(Threads threads = Threads::kOne);
  SideThread(const SideThread&) = delete;
  SideThread& operator=(const SideThread&) = delete;
  ~SideThread();

  // Runs a function; the one before must have returned.
  [[nodiscard]] Run begin(Function function);
  // The same, and makes fd() readable when the function has returned, until its result is taken.
  [[nodiscard]] Run begin_told(Function function);
  // -1 when there is none: nothing tells then, and without a thread.
  [[nodiscard]] int fd() const { return returned_ ? returned_->fd() : -1; }

 private:
  std::future<core::Result<void>> start(Function function);
  // Returns whether there is a thread, begun when there was none.
  bool has_thread();
  void run();

  std::optional<EventFd> returned_;  // Absent without a thread.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::packaged_task<core::Result<void>()> task_;  // To be run; empty when there is none.
  bool stops_ = false;
  std::thread thread_;
};

}  // namespace anabranch::storage
