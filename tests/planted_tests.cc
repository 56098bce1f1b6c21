#include "tests/planted_tests.h"

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <iostream>

#include "tests/seed.h"

namespace anabranch::test {

namespace {

constexpr unsigned kSecondsMax = 200;  // For the tests with one bug; some bugs make a test wait.

// Prints the name of each test case that fails.
struct FailedCases final : doctest::IReporter {
  explicit FailedCases(const doctest::ContextOptions& /*options*/) {}
  void test_case_start(const doctest::TestCaseData& data) override { at_ = &data; }
  void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
    if (stats.failure_flags == 0) return;
    const char* const suite = at_->m_test_suite;
    std::cout << "  " << suite << (std::strlen(suite) == 0 ? "" : ": ") << at_->m_name << std::endl;
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
REGISTER_REPORTER("failed_cases", 1, FailedCases);

}  // namespace

bool tests_fail(const std::function<void()>& plant, const std::string& names) {
  const pid_t child = fork();
  if (child == 0) {
    plant();
    alarm(kSecondsMax);
    doctest::Context context;
    context.setOption("reporters", "failed_cases");
    context.setOption("abort-after", 1);
    if (!names.empty()) context.addFilter("test-case", names.c_str());
    _exit(context.run());
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return false;
  return WIFEXITED(status) ? WEXITSTATUS(status) != 0 : WTERMSIG(status) != SIGALRM;
}

namespace {

// All tests are asked where the one that is named does not find it.
bool fails(const PlantedBug& plant) {
  const auto set = [&] { core::planted_bug = plant.bug; };
  const std::string finder = plant.finder;
  if (!finder.empty() && tests_fail(set, finder)) return true;
  return tests_fail(set);
}

int run_with(std::span<const PlantedBug> bugs, int argc, char** argv) {
  const std::size_t number = argc < 3 ? bugs.size() : std::strtoul(argv[2], nullptr, 10);
  if (number >= bugs.size()) {
    std::cerr << "usage: " << argv[0] << " [--plant N [OPTION..]]\n";
    return EXIT_FAILURE;
  }
  core::planted_bug = bugs[number].bug;
  return doctest::Context{argc, argv}.run();
}

}  // namespace

int find_planted(std::span<const PlantedBug> bugs, int argc, char** argv) {
  if (argc > 1) return run_with(bugs, argc, argv);
  (void)set_seed("1");  // A bug must not be found by luck alone.
  std::cout << "without a bug" << std::endl;
  bool all = !tests_fail([] {});
  if (!all) std::cout << "FAILED" << std::endl;
  for (const PlantedBug& bug : bugs) {
    std::cout << bug.text << std::endl;
    if (fails(bug)) continue;
    std::cout << "MISSED" << std::endl;
    all = false;
  }
  return all ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace anabranch::test
