// Bugs that the tests of the parts of a replica find by themselves: with none planted all of these
// tests pass, with each bug of the list one fails.
//
//   parts_test                          looks for all bugs of the list, and prints the first test
//                                       case that found each
//   parts_test --plant BUG [OPTION..]   runs the tests with that bug, and options of doctest
//
// Links the instrumented layers without replica.cc: no test in here can make a `Replica`.

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string_view>

#include "tests/seed.h"
#include "tests/sim/instruments.h"

namespace {

constexpr auto kBugs = std::to_array<std::string_view>({
    "any-clock",       "apply-twice",     "believe-ahead",     "believe-all",
    "believe-log",     "by-origin",       "call-durable",      "clear-all",
    "clear-alone",     "collect-early",   "expire-early",      "follower-writes",
    "forget-branch",   "forget-deps",     "forget-leaders",    "forget-list",
    "forget-meeting",  "forget-merged",   "forget-replaced",   "forget-mask",
    "forget-policies", "forget-record",   "forget-reorder",    "forget-seen",
    "forget-swapped",  "forget-unlogged", "former-context",    "give-up-wrong",
    "hear-former",     "ignore-birth",    "ignore-chain",      "ignore-jumps",
    "keep-covered",    "keep-stale",      "learn-from-all",    "leave-unsigned",
    "lose-change",     "merge-removed",   "merge-tail",        "merge-unclear",
    "never-mend",      "newest-policy",   "own-branch",        "presence",
    "proposal-first",  "refuse-next",     "reset-little",      "revive-proposals",
    "serve-joining",   "settle-applied",  "settle-one-leader", "settle-retired",
    "shortest-policy", "show-timestamps", "show-unapplied",    "skip-count",
    "skip-deps",       "snapshot-deps",   "stale-window",      "take-for-leader",
    "tell-forks-once", "trim-much",       "trust-snapshot",    "unknown-as-lww",
    "wait-by-wall",
});

constexpr unsigned kSecondsMax = 60;  // For the tests with one bug; some bugs make a test wait.

// Prints the name of each test case that fails.
struct Failures final : doctest::IReporter {
  explicit Failures(const doctest::ContextOptions& /*options*/) {}
  void test_case_start(const doctest::TestCaseData& data) override { at_ = &data; }
  void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
    if (stats.failure_flags == 0) return;
    std::cout << "  " << at_->m_test_suite << ": " << at_->m_name << std::endl;
  }
  void test_case_exception(const doctest::TestCaseException& /*exception*/) override {}
  void report_query(const doctest::QueryData& /*data*/) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats& /*stats*/) override {}
  void test_case_reenter(const doctest::TestCaseData& /*data*/) override {}
  void subcase_start(const doctest::SubcaseSignature& /*signature*/) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData& /*data*/) override {}
  void log_message(const doctest::MessageData& /*data*/) override {}
  void test_case_skipped(const doctest::TestCaseData& /*data*/) override {}

 private:
  const doctest::TestCaseData* at_ = nullptr;
};
REGISTER_REPORTER("failures", 1, Failures);

// Runs the tests in a process of their own. Returns whether they ended, and one of them failed.
bool fails(std::string_view bug) {
  const pid_t child = fork();
  if (child == 0) {
    (void)anabranch::test::plant(bug);
    alarm(kSecondsMax);
    doctest::Context context;
    context.setOption("reporters", "failures");
    context.setOption("abort-after", 1);  // The first failure tells enough.
    _exit(context.run());
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return false;
  return WIFEXITED(status) ? WEXITSTATUS(status) != 0 : WTERMSIG(status) != SIGALRM;
}

int run_with(int argc, char** argv) {
  if (argc < 3 || !anabranch::test::plant(argv[2])) {
    std::cerr << "usage: parts_test [--plant BUG [OPTION..]]\n";
    return EXIT_FAILURE;
  }
  return doctest::Context{argc, argv}.run();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) return run_with(argc, argv);
  (void)anabranch::test::set_seed("1");  // A bug must not be found by luck alone.
  std::cout << "without a bug" << std::endl;
  bool all = !fails("");
  if (!all) std::cout << "FAILED without a bug" << std::endl;
  for (const std::string_view bug : kBugs) {
    std::cout << bug << std::endl;
    if (fails(bug)) continue;
    std::cout << "MISSED " << bug << std::endl;
    all = false;
  }
  return all ? EXIT_SUCCESS : EXIT_FAILURE;
}
