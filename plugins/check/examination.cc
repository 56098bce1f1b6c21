#include "plugins/check/examination.h"

#include <algorithm>
#include <utility>

#include "plugins/check/smaller.h"
#include "plugins/check/trial_source.h"
#include "plugins/machine.h"
#include "plugins/rule.h"

namespace anabranch::plugins {
namespace {

constexpr std::size_t kClimbs = 200;
constexpr std::size_t kShortenings = 400;
constexpr std::size_t kStateLooks = 300;

bool is_answer(Verdict verdict) {
  return verdict == Verdict::kValue || verdict == Verdict::kDeclined;
}

bool all_equal(const Trial& trial) {
  return std::ranges::all_of(trial.siblings, [&](const TrialSibling& each) {
    return each.value == trial.siblings.front().value;
  });
}

class Examiner {
 public:
  Examiner(const std::shared_ptr<const Module>& module, const ExaminationOptions& options)
      : options_(options),
        source_(options.seed, options.examples),
        machine_(module),
        left_(module) {}

  Examination run() {
    for (const Trial& trial : options_.examples) attempt(trial);
    for (const Trial& trial : fixed_trials()) attempt(trial);
    while (found_.tries < options_.tries && !is_over()) attempt(source_.next());
    climb();
    make_smaller();
    return std::move(found_);
  }

 private:
  [[nodiscard]] bool is_over() const { return fuel_used_ >= options_.fuel; }

  Tried run(const Trial& trial) { return run(trial, machine_); }
  Tried run(const Trial& trial, Machine& machine) {
    const std::string input = input_of(trial);
    Tried tried{trial, machine.run(input), wasm1::fuel_for(input.size())};
    fuel_used_ += tried.outcome.fuel;
    return tried;
  }

  void attempt(const Trial& trial) {
    if (is_over()) return;
    const Tried tried = run(trial);
    note(tried);
    look_for_state(tried);
    if (all_equal(trial)) return;
    Trial equal = trial;
    for (TrialSibling& each : equal.siblings) each.value = trial.siblings.front().value;
    note(run(equal));
  }

  void note(Tried tried) {
    const Outcome& outcome = tried.outcome;
    ++found_.tries;
    ++found_.verdicts.at(static_cast<std::size_t>(outcome.verdict));
    if (!found_.dearest || is_dearer(tried, *found_.dearest)) found_.dearest = tried;
    if (shows_another(tried) && !found_.unequal) found_.unequal = tried;
    if (is_answer(outcome.verdict)) return;
    const auto known = std::ranges::find(found_.failures, outcome.verdict,
                                         [](const Tried& each) { return each.outcome.verdict; });
    if (known == found_.failures.end()) {
      found_.failures.push_back(std::move(tried));
    } else if (tried.fuel_limit < known->fuel_limit) {  // Of a smaller input, which takes less.
      *known = std::move(tried);
    }
  }

  // By the part of the fuel that each used.
  static bool is_dearer(const Tried& one, const Tried& other) {
    return one.outcome.fuel * other.fuel_limit > other.outcome.fuel * one.fuel_limit;
  }

  static bool shows_another(const Tried& tried) {
    return tried.outcome.verdict == Verdict::kValue && all_equal(tried.trial) &&
           tried.outcome.value != tried.trial.siblings.front().value;
  }

  // Runs a trial in the state that the one before has left, and once more in its own. Behind inputs
  // that filled the memory it may have no answer; that tells nothing.
  void look_for_state(const Tried& tried) {
    const Trial before = std::exchange(before_, tried.trial);
    if (found_.stateful || before.siblings.empty() || state_looks_ == kStateLooks) return;
    ++state_looks_;
    if (auto found = stateful(before, tried)) {
      found_.stateful = std::move(found);
    } else {
      found_.stateful = stateful(tried.trial, tried);
    }
  }

  std::optional<Stateful> stateful(const Trial& before, const Tried& tried) {
    Tried first = run(before, left_);
    Outcome again = left_.run_on(input_of(tried.trial));
    fuel_used_ += again.fuel;
    const bool is_same =
        again.verdict == tried.outcome.verdict && again.value == tried.outcome.value;
    if (is_same || !is_answer(again.verdict) || !is_answer(tried.outcome.verdict)) return {};
    return Stateful{std::move(first), tried, std::move(again)};
  }

  // Changes the dearest trial, and goes on with each that is dearer.
  void climb() {
    for (std::size_t left = kClimbs; left > 0 && !is_over(); --left) {
      if (!found_.dearest) return;
      note(run(source_.changed(found_.dearest->trial)));
    }
  }

  // Of each kind of failure; more fuel than the limit of all tries may go into these few.
  void make_smaller() {
    for (Tried& each : found_.failures) {
      const Verdict verdict = each.outcome.verdict;
      // A run out of fuel takes long.
      const std::size_t tries = verdict == Verdict::kOutOfFuel ? kShortenings / 16 : kShortenings;
      each = run(made_smaller(
          each.trial, [&](const Trial& trial) { return run(trial).outcome.verdict == verdict; },
          tries));
    }
    if (found_.stateful) make_stateful_smaller(*found_.stateful);
    if (!found_.unequal) return;
    found_.unequal = run(made_smaller(
        found_.unequal->trial, [&](const Trial& trial) { return shows_another(run(trial)); },
        kShortenings));
  }

  // If a trial has another answer behind itself, the smallest such one.
  void make_stateful_smaller(Stateful& found) {
    const auto twice = [&](const Trial& trial) { return stateful(trial, run(trial)); };
    if (!twice(found.tried.trial)) return;
    const Trial smallest = made_smaller(
        found.tried.trial, [&](const Trial& trial) { return twice(trial).has_value(); },
        kShortenings);
    if (auto smaller = twice(smallest)) found = *std::move(smaller);
  }

  const ExaminationOptions& options_;
  TrialSource source_;
  Machine machine_;
  Machine left_;  // Runs without a new state between two calls.
  Trial before_;
  std::size_t state_looks_ = 0;
  Examination found_;
  std::uint64_t fuel_used_ = 0;
};

}  // namespace

Examination examine(const std::shared_ptr<const Module>& module,
                    const ExaminationOptions& options) {
  return Examiner(module, options).run();
}

}  // namespace anabranch::plugins
