#include "tests/planted_tests.h"

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <iostream>

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

}  // namespace anabranch::test
