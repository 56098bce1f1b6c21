// `anabranch check --data DIR`: computes all data that a directory derives from its rows and its
// log anew, and reports every difference. The leader must not run.

#include <chrono>
#include <iostream>

#include "regions/verify/directory_check.h"
#include "server/cli/command.h"
#include "server/cli/data_directory.h"
#include "server/cli/faults.h"
#include "server/cli/printable.h"
#include "server/steady_clock.h"

namespace anabranch::server::cli {
namespace {

constexpr Argument kData{"--data", Argument::Kind::kValue, "DIR", "the data directory to check"};

// Prints the progress of long work every few seconds.
class ProgressLine {
 public:
  void operator()(std::string_view what, std::uint64_t done) {
    if (steady_now() - said_ < std::chrono::seconds(2)) return;
    said_ = steady_now();
    std::cerr << "anabranch: " << done << ' ' << what << '\n';
  }

 private:
  SteadyTime said_ = steady_now();
};

void print(const regions::CheckReport& report) {
  for (const std::string& finding : report.findings) std::cout << printable(finding) << '\n';
  if (report.wrong > report.findings.size()) {
    std::cout << "and " << report.wrong - report.findings.size() << " more\n";
  }
  for (const std::string& note : report.notes) std::cout << printable(note) << '\n';
  std::cout << (report.region.empty() ? "no region" : "region " + printable(report.region)) << ": "
            << report.rows << " rows with digest " << core::to_string(report.digest) << ", "
            << report.counts << " counts, " << report.records << " log records: ";
  if (report.wrong == 0) {
    std::cout << "all is well\n";
  } else {
    std::cout << report.wrong << (report.wrong == 1 ? " thing is" : " things are") << " wrong\n";
  }
}

ExitCode run_check(const Arguments& arguments) {
  const std::string directory = arguments.text(kData.name);
  if (directory.empty()) return print_error("which directory? Say --data DIR", kUsage);
  if (const auto found = find_data(directory); !found.ok()) {
    return print_error(found.failure().message);
  }
  explain_faults();
  const auto report = regions::check_directory(directory, ProgressLine());
  if (!report.ok()) return print_error(report.failure());
  print(report.value());
  return report.value().wrong == 0 ? kClean : kFailed;
}

}  // namespace

Command check_command() {
  return {
      "check", "compute a data directory's digests, counts and chains anew", {kData}, run_check};
}

}  // namespace anabranch::server::cli
