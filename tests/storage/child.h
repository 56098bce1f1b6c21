// A child process of a test. The child runs a function and ends without any clean-up, as if it had
// been killed; its status is the function's result.
#pragma once

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>

namespace anabranch::storage::test {

// Numbers from one process to another.
class Pipe {
 public:
  Pipe() {
    if (::pipe(ends_.data()) != 0) throw std::runtime_error("pipe failed");
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  void send(std::uint64_t number) const {
    if (::write(ends_[1], &number, sizeof(number)) != sizeof(number)) ::_exit(1);
  }
  // Waits for a number; nothing when no process can send any more. The receiver must have closed
  // its own sending end.
  [[nodiscard]] std::optional<std::uint64_t> receive() const {
    std::uint64_t number = 0;
    if (::read(ends_[0], &number, sizeof(number)) != sizeof(number)) return std::nullopt;
    return number;
  }
  void close_sending() { close_end(1); }

 private:
  void close_end(std::size_t end) {
    if (ends_.at(end) >= 0) ::close(ends_.at(end));
    ends_.at(end) = -1;
  }
  std::array<int, 2> ends_{-1, -1};
};

class Child {
 public:
  explicit Child(const std::function<int()>& run) : pid_(::fork()) {
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ != 0) return;
    int status = 1;
    try {
      status = run();
    } catch (...) {
      status = 2;
    }
    ::_exit(status);
  }
  ~Child() {
    if (pid_ > 0) kill();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  // Waits for its end; its status, or nothing when a signal killed it.
  std::optional<int> wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    if (!WIFEXITED(status)) return std::nullopt;
    return WEXITSTATUS(status);
  }
  void kill() {
    ::kill(pid_, SIGKILL);
    wait();
  }

 private:
  pid_t pid_;
};

}  // namespace anabranch::storage::test
