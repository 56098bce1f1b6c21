#include "tests/sim/child.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <new>

#include "core/assert.h"
#include "tests/sim/instruments.h"

namespace anabranch::test {

namespace {

// Not by a clock: a machine may be busy. Sanitizers take fifteen times as long.
#ifdef ANABRANCH_SANITIZED
constexpr rlim_t kCpuSecondsMax = 1800;
#else
constexpr rlim_t kCpuSecondsMax = 120;
#endif
constexpr std::size_t kRowsMax = 256;
constexpr std::size_t kTextMax = 16'000;

// An outcome in memory that both processes see.
struct Report : Figures {
  bool done = false;
  std::array<char, kTextMax> failure{};
  std::size_t faults = 0;
  std::array<std::uint64_t, kRowsMax> planned{};
  std::array<std::uint64_t, kRowsMax> fired{};
  std::array<std::uint64_t, kRowsMax> marks{};
};

void fill(Report& report, const Outcome& outcome) {
  const std::size_t length = std::min(outcome.failure.size(), kTextMax - 1);
  std::copy_n(outcome.failure.begin(), length, report.failure.begin());
  static_cast<Figures&>(report) = outcome;
  report.faults = outcome.fired.size();
  ANABRANCH_ASSERT(report.faults <= kRowsMax);
  std::ranges::copy(outcome.planned, report.planned.begin());
  std::ranges::copy(outcome.fired, report.fired.begin());
  const std::vector<Passed> passed = marks();
  ANABRANCH_ASSERT(passed.size() <= kRowsMax);
  std::ranges::transform(passed, report.marks.begin(), &Passed::times);
  report.done = true;
}

Outcome read(const Report& report, int status) {
  Outcome outcome;
  if (!report.done) {
    outcome.failure = WIFSIGNALED(status)
                          ? "the process was ended by signal " + std::to_string(WTERMSIG(status))
                          : "the process ended with " + std::to_string(WEXITSTATUS(status));
    return outcome;
  }
  outcome.failure = report.failure.data();
  static_cast<Figures&>(outcome) = report;
  outcome.planned.assign(report.planned.begin(), report.planned.begin() + report.faults);
  outcome.fired.assign(report.fired.begin(), report.fired.begin() + report.faults);
  add_marks(report.marks);
  return outcome;
}

[[noreturn]] void be_child(Report& report, const Plan& plan, bool quiet) {
  if (quiet) {
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, STDERR_FILENO);
  }
  const rlimit most{kCpuSecondsMax, kCpuSecondsMax};
  setrlimit(RLIMIT_CPU, &most);
  const std::vector<Passed> before = marks();
  fill(report, simulate(plan));
  for (std::size_t i = 0; i < before.size(); ++i) report.marks[i] -= before[i].times;
  _exit(0);
}

}  // namespace

Outcome simulate_in_child(const Plan& plan, bool quiet) {
  void* const memory =
      mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ANABRANCH_ASSERT(memory != MAP_FAILED);
  auto* const report = new (memory) Report;
  std::fflush(nullptr);
  const pid_t child = fork();
  ANABRANCH_ASSERT(child >= 0);
  if (child == 0) be_child(*report, plan, quiet);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
  }
  Outcome outcome = read(*report, status);
  munmap(memory, sizeof(Report));
  return outcome;
}

}  // namespace anabranch::test
