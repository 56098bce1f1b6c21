#include "core/system/standard_error.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <utility>

#include "core/system/thread_without_signals.h"

namespace anabranch::core {
namespace {

constexpr std::size_t kPartMax = 4096;  // PIPE_BUF: a pipe that is ready takes as much at once.
constexpr int kLookMs = 10;

enum class Wrote : std::uint8_t { kAll, kNoRoom, kFailed };

// Waits for room for so long; -1 is for ever.
Wrote write_text(std::string_view text, int wait_ms) {
  while (!text.empty()) {
    pollfd ready{STDERR_FILENO, POLLOUT, 0};
    const int found = ::poll(&ready, 1, wait_ms);
    if (found == 0) return Wrote::kNoRoom;
    if (found < 0 && errno != EINTR) return Wrote::kFailed;
    if (found < 0) continue;
    const ssize_t size = ::write(STDERR_FILENO, text.data(), std::min(text.size(), kPartMax));
    if (size < 0 && errno != EINTR && errno != EAGAIN) return Wrote::kFailed;
    if (size > 0) text.remove_prefix(static_cast<std::size_t>(size));
  }
  return Wrote::kAll;
}

class Lines {
 public:
  void add(std::string line) {
    if (write_to_file(line)) return;
    if (!begin()) {  // Without a thread.
      if (write_text(line, 0) != Wrote::kAll) ++dropped_;
      return;
    }
    const std::lock_guard lock(mutex_);
    if (waiting_ + line.size() > StandardError::kRoom) {
      ++dropped_;
      return;
    }
    waiting_ += line.size();
    lines_.push_back(std::move(line));
    changed_.notify_all();
  }

  bool flush(std::chrono::milliseconds wait) {
    if (process_ != ::getpid()) return true;
    std::unique_lock lock(mutex_);
    return written_.wait_for(lock, wait, [&] { return waiting_ == 0; });
  }

  void write_last(std::string_view text) {
    const bool has_thread = process_ == ::getpid();
    for (; has_thread && waiting_ > 0 && last_wait_ms_ > 0; last_wait_ms_ -= kLookMs) {
      (void)::poll(nullptr, 0, kLookMs);
    }
    const Wrote wrote = write_text(text, std::max<int>(last_wait_ms_, 0));
    if (wrote == Wrote::kNoRoom) last_wait_ms_ = 0;
  }

  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
  void tell_dropped(StandardError::Dropped function) { tell_ = function; }

 private:
  // Writes at once where standard error is a file, and nothing waits before the line.
  bool write_to_file(const std::string& line) {
    struct stat about {};
    if (::fstat(STDERR_FILENO, &about) != 0 || !S_ISREG(about.st_mode)) return false;
    std::unique_lock<std::mutex> lock;
    if (process_ == 0 || process_ == ::getpid()) lock = std::unique_lock(mutex_);
    if (lock && waiting_ > 0) return false;
    if (write_text(line, 0) != Wrote::kAll) ++dropped_;
    return true;
  }

  // Begins the thread, once; whether this process has it.
  bool begin() {
    if (process_ != 0) return process_ == ::getpid();
    const std::lock_guard lock(mutex_);
    if (process_ != 0) return process_ == ::getpid();
    try {
      start_quiet_thread([this] { run(); }).detach();
      process_ = ::getpid();
    } catch (const std::system_error&) {  // The next line tries again.
    }
    return process_ != 0;
  }

  void run() {
    for (;;) {
      const std::string line = next();
      const bool is_written = write_text(line, -1) == Wrote::kAll;
      if (!is_written) ++dropped_;
      {
        const std::lock_guard lock(mutex_);
        waiting_ -= line.size();
        if (waiting_ == 0) written_.notify_all();
      }
      if (is_written) say_dropped();
    }
  }

  std::string next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !lines_.empty(); });
    std::string line = std::move(lines_.front());
    lines_.pop_front();
    return line;
  }

  // Once there is room: that line must not be dropped itself.
  void say_dropped() {
    if (waiting_ > StandardError::kRoom / 2) return;
    const std::uint64_t all = dropped_;
    const StandardError::Dropped tell = tell_;
    if (tell != nullptr && all != said_) tell(all - std::exchange(said_, all));
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable written_;
  std::deque<std::string> lines_;
  std::atomic<std::size_t> waiting_ = 0;  // Bytes, with those of the line that is being written.
  std::atomic<std::uint64_t> dropped_ = 0;
  std::uint64_t said_ = 0;  // Of the thread.
  std::atomic<StandardError::Dropped> tell_ = nullptr;
  // That last lines may still wait, all of them together.
  std::atomic<int> last_wait_ms_ = static_cast<int>(StandardError::kLastWait.count());
  std::atomic<pid_t> process_ = 0;  // That of the thread; 0 before it.
};

// Made once, and kept for ever: the thread uses it until the process ends.
Lines& lines() {
  static auto* const kept = new Lines;
  return *kept;
}

}  // namespace

void StandardError::write(std::string line) { lines().add(std::move(line)); }
bool StandardError::flush(std::chrono::milliseconds wait) { return lines().flush(wait); }
void StandardError::write_last(std::string_view text) { lines().write_last(text); }
std::uint64_t StandardError::dropped() { return lines().dropped(); }
void StandardError::tell_dropped(Dropped function) { lines().tell_dropped(function); }

}  // namespace anabranch::core
