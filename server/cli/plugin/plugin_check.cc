// `anabranch plugin check FILE`: why a module is refused, whether it answers the author's cases as
// they say, which conflicts it has no answer for, and the dearest one.

#include <algorithm>
#include <iostream>
#include <limits>

#include "core/text.h"
#include "plugins/check/examination.h"
#include "plugins/machine.h"
#include "plugins/module.h"
#include "server/cli/command.h"
#include "server/cli/plugin/cases.h"
#include "server/cli/plugin/file_contents.h"
#include "server/cli/printable.h"
#include "server/cli/table.h"

namespace anabranch::server::cli {
namespace {

constexpr Argument kFile{"FILE", Argument::Kind::kPositional, "", "the module, a .wasm file"};
constexpr Argument kCases{"--cases", Argument::Kind::kValue, "FILE",
                          "conflicts with their answers, as JSON; others are derived from them"};
constexpr Argument kSeed{"--seed", Argument::Kind::kValue, "N", "of the conflicts to try (1)", "1"};
constexpr Argument kTries{"--tries", Argument::Kind::kValue, "N",
                          "how many conflicts to try at most (2000)", "2000"};

constexpr std::size_t kCaseColumnsMax = 1000;

std::string fuel_of(const plugins::Tried& tried) {
  const std::uint64_t used = tried.outcome.fuel;
  return std::to_string(used) + " of " + std::to_string(tried.fuel_limit) + " units of fuel, " +
         std::to_string(used * 100 / tried.fuel_limit) + " %";
}

// "3 siblings of 0 to 4096 bytes".
std::string size_of(const plugins::Trial& trial) {
  std::size_t least = std::numeric_limits<std::size_t>::max();
  std::size_t most = 0;
  for (const plugins::TrialSibling& each : trial.siblings) {
    least = std::min(least, each.value.size());
    most = std::max(most, each.value.size());
  }
  const std::string range = least == most ? "" : std::to_string(least) + " to ";
  return std::to_string(trial.siblings.size()) + " siblings of " + range + std::to_string(most) +
         " bytes";
}

void print_trial(const std::string& label, const plugins::Tried& tried) {
  std::cout << label << ": " << size_of(tried.trial) << "; " << fuel_of(tried) << '\n';
  const std::string as_case = to_case(tried.trial);
  if (as_case.size() <= kCaseColumnsMax) std::cout << "  " << printable(as_case) << '\n';
}

std::string answer_text(const std::optional<std::string>& value) {
  return value ? in_quotes(*value) : "nothing (the last written)";
}

// Returns how many cases have another answer.
std::size_t run_cases(plugins::Machine& machine, const std::vector<Case>& cases) {
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Case& one = cases[i];
    const plugins::Outcome outcome = machine.run(input_of(one.trial));
    const bool is_value = outcome.verdict == plugins::Verdict::kValue;
    const bool answers = is_value || outcome.verdict == plugins::Verdict::kDeclined;
    const auto value = is_value ? std::optional(outcome.value) : std::nullopt;
    if (answers && (!one.has_answer || value == one.shows)) continue;
    ++wrong;
    std::cout << "case " << i + 1 << (one.name.empty() ? "" : ", " + printable(one.name)) << ": ";
    if (!answers) {
      std::cout << to_string(outcome.verdict) << '\n';
    } else {
      std::cout << "shows " << answer_text(value) << ", not " << answer_text(one.shows) << '\n';
    }
  }
  if (wrong == 0 && !cases.empty()) std::cout << cases.size() << " cases are as they say\n";
  return wrong;
}

std::string answer_text(const plugins::Outcome& outcome) {
  const bool is_value = outcome.verdict == plugins::Verdict::kValue;
  return answer_text(is_value ? std::optional(outcome.value) : std::nullopt);
}

void print_stateful(const plugins::Stateful& found) {
  std::cout << "warning: it keeps state: it shows " << answer_text(found.tried.outcome) << ", and "
            << answer_text(found.again) << " in the memory that a call before has left.\n"
            << "  A store gives each call a new memory, so that nothing is kept there\n";
  print_trial("  the call before", found.before);
  print_trial("  this call", found.tried);
}

// Returns whether the module has an answer for every conflict.
bool print_examination(const plugins::Examination& found) {
  std::vector<std::vector<std::string>> rows{{"outcome", "conflicts"}};
  for (int i = 0; i < plugins::kVerdicts; ++i) {
    const std::size_t count = found.verdicts.at(static_cast<std::size_t>(i));
    if (count == 0) continue;
    const auto verdict = static_cast<plugins::Verdict>(i);
    rows.push_back({std::string(to_string(verdict)), std::to_string(count)});
  }
  std::cout << table_of(rows);
  for (const plugins::Tried& each : found.failures) {
    print_trial(std::string(to_string(each.outcome.verdict)) + ", the smallest", each);
  }
  if (found.dearest) print_trial("the dearest", *found.dearest);
  if (found.unequal) {
    std::cout << "warning: equal values show another value, "
              << in_quotes(found.unequal->outcome.value) << '\n';
    print_trial("  the smallest", *found.unequal);
  }
  if (found.stateful) print_stateful(*found.stateful);
  return found.failures.empty();
}

ExitCode check(const std::shared_ptr<const plugins::Module>& module, const Arguments& arguments,
               const std::vector<Case>& cases) {
  plugins::ExaminationOptions options;
  const auto seed = core::parse_number<std::uint64_t>(arguments.text(kSeed.name));
  const auto tries = core::parse_number<std::uint32_t>(arguments.text(kTries.name));
  if (!seed || !tries) return print_error("--seed and --tries are numbers", kUsage);
  options.seed = *seed;
  options.tries = *tries;
  for (const Case& one : cases) options.examples.push_back(one.trial);
  plugins::Machine machine(module);
  const std::size_t wrong = run_cases(machine, cases);
  const bool answers = print_examination(examine(module, options));
  if (wrong > 0) return print_error(std::to_string(wrong) + " cases have another answer");
  if (!answers)
    return print_error("it has no answer for some conflicts: the last written is shown");
  return kClean;
}

ExitCode run_plugin_check(const Arguments& arguments) {
  const std::string path = arguments.text(kFile.name);
  const core::Result<std::string> bytes = file_contents(path);
  if (!bytes.ok()) return print_error(bytes.failure().message, kUsage);
  std::vector<Case> cases;
  if (arguments.has(kCases.name)) {
    const std::string of = arguments.text(kCases.name);
    const core::Result<std::string> text = file_contents(of);
    if (!text.ok()) return print_error(text.failure().message, kUsage);
    core::Result<std::vector<Case>> parsed = parse_cases(text.value());
    if (!parsed.ok()) return print_error(of + ": " + parsed.failure().message, kUsage);
    cases = std::move(parsed).value();
  }
  const auto module = plugins::Module::load(bytes.value());
  if (!module.ok()) return print_error(path + " is refused: it " + module.failure().message);
  std::cout << printable(path) << ": " << bytes.value().size() << " bytes, admitted by wasm1\n";
  return check(module.value(), arguments, cases);
}

}  // namespace

Command plugin_check_command() {
  return {"plugin check",
          "try a conflict resolver with many conflicts",
          {kFile, kCases, kSeed, kTries},
          run_plugin_check};
}

}  // namespace anabranch::server::cli
