#include "tests/planted_tests.h"

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <optional>

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

namespace {

// How the process that runs the tests ended, as waitpid tells it; nullopt where none was made.
// After `seconds` SIGALRM ends it; 0: never.
std::optional<int> run_tests(const std::function<void()>& plant, const char* reporter,
                             const std::string& names, unsigned seconds) {
  std::cout.flush();
  const pid_t child = fork();
  if (child == 0) {
    plant();
    alarm(seconds);
    doctest::Context context;
    context.setOption("reporters", reporter);
    context.setOption("abort-after", 1);
    if (!names.empty()) context.addFilter("test-case", names.c_str());
    const int failed = context.run();
    std::cout.flush();
    _exit(failed);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return std::nullopt;
  return status;
}

}  // namespace

bool tests_fail(const std::function<void()>& plant, const std::string& names) {
  const std::optional<int> end = run_tests(plant, "failed_cases", names, kSecondsMax);
  if (!end) return false;
  return WIFEXITED(*end) ? WEXITSTATUS(*end) != 0 : WTERMSIG(*end) != SIGALRM;
}

namespace {

// Prints which assertion fails, if one does.
bool tests_pass() {
  const std::optional<int> end = run_tests([] {}, "console", {}, 0);
  if (end == 0) return true;
  std::cout << "FAILED without a bug";
  if (end && WIFSIGNALED(*end)) std::cout << ": signal " << WTERMSIG(*end);
  std::cout << std::endl;
  return false;
}

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
  bool all = tests_pass();
  for (const PlantedBug& bug : bugs) {
    std::cout << bug.text << std::endl;
    if (fails(bug)) continue;
    std::cout << "MISSED" << std::endl;
    all = false;
  }
  return all ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace anabranch::test
