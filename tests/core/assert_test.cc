#include "core/assert.h"

#include <csignal>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

namespace anabranch::assert_test {

TEST_SUITE_BEGIN("core: assert");

namespace {

// Evaluates the expression where it may abort, with its standard error in a pipe.
std::string death_of(void (*function)(), int& status) {
  int ends[2] = {};
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);
    ::dup2(ends[1], STDERR_FILENO);
    function();
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string text;
  char buffer[256];
  ssize_t size = 0;
  while ((size = ::read(ends[0], buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(size));
  }
  ::close(ends[0]);
  ::waitpid(child, &status, 0);
  return text;
}

}  // namespace

TEST_CASE("a broken assertion names itself and aborts, in every build") {
  int status = 0;
  const std::string text = death_of([] { ANABRANCH_ASSERT(1 + 1 == 3); }, status);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGABRT);
  CHECK(text.find("assert_test.cc") != std::string::npos);
  CHECK(text.find("assertion failed: 1 + 1 == 3") != std::string::npos);
}

TEST_CASE("an assertion that holds does nothing and evaluates once") {
  int evaluated = 0;
  ANABRANCH_ASSERT(++evaluated == 1);
  CHECK(evaluated == 1);
}

TEST_SUITE_END();

}  // namespace anabranch::assert_test
