// Standard error is a pipe that nobody reads: nothing waits for it but the last lines, and the
// lines that are dropped are counted and told.
#include "core/system/standard_error.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <thread>

#include "core/assert.h"
#include "core/log.h"

namespace anabranch::standard_error_test {

using core::StandardError;
using Clock = std::chrono::steady_clock;

TEST_SUITE_BEGIN("core: standard error");

namespace {

// Standard error of this process is a pipe as long as this lives.
class Pipe {
 public:
  Pipe() {
    REQUIRE(StandardError::flush(std::chrono::seconds(30)));
    REQUIRE(::pipe2(ends_.data(), O_CLOEXEC) == 0);
    kept_ = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    ::dup2(ends_[1], STDERR_FILENO);
  }
  // Reads until a text has come; all that was read.
  std::string read_until(const std::string& text) {
    while (read_.find(text) == read_.npos) {
      std::array<char, 65536> buffer{};
      const ssize_t size = ::read(ends_[0], buffer.data(), buffer.size());
      if (size <= 0) return {};
      read_.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return read_;
  }
  ~Pipe() {
    ::dup2(kept_, STDERR_FILENO);
    ::close(kept_);
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

 private:
  std::array<int, 2> ends_{};
  int kept_ = -1;
  std::string read_;
};

constexpr int kMany = 20'000;  // Of more than the room and the pipe have.

std::string line_of(int number) {
  return "line " + std::to_string(number) + ' ' + std::string(100, 'x');
}

}  // namespace

TEST_CASE("lines that nobody reads are dropped, counted and told, and nobody waits") {
  Pipe pipe;
  const std::uint64_t before = StandardError::dropped();
  for (int i = 0; i < kMany; ++i) core::log_error("eu", line_of(i));
  CHECK(StandardError::dropped() > before);
  CHECK_FALSE(StandardError::flush(std::chrono::milliseconds(10)));
  const std::string told = " lines of the log were dropped: nobody has read standard error";
  const std::string all = pipe.read_until(told + " for a while\n");
  CHECK(all.find("error eu: line 0 x") != all.npos);
  CHECK(all.find(line_of(kMany - 1)) == all.npos);
  const auto at = all.find(told);
  const auto begin = all.rfind(' ', at - 1) + 1;
  CHECK(std::stoull(all.substr(begin, at - begin)) == StandardError::dropped() - before);
  core::log_error("eu", "the end");
  CHECK(pipe.read_until("error eu: the end\n").size() > all.size());
}

TEST_CASE("the words of a process that aborts wait for room, but not for ever") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  REQUIRE(::fcntl(ends[1], F_SETPIPE_SZ, 4096) == 4096);
  const auto begun = Clock::now();
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGABRT, SIG_DFL);
    ::dup2(ends[1], STDERR_FILENO);
    const std::string full(4096, 'x');
    if (::write(STDERR_FILENO, full.data(), full.size()) != 4096) ::_exit(1);
    core::assertion_failed("all is well", "file", 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGABRT);
  const auto took = Clock::now() - begun;
  CHECK(took >= StandardError::kLastWait);
  CHECK(took < std::chrono::seconds(30));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("standard error that is closed or has lost its reader holds up nothing") {
  Pipe pipe;
  ::close(STDERR_FILENO);
  core::log_error("eu", "to nowhere");
  CHECK(StandardError::flush(std::chrono::seconds(30)));
}

}  // namespace anabranch::standard_error_test
