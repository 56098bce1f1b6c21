#include "tests/sim/minimise.h"

#include <algorithm>

#include "tests/sim/child.h"
#include "tests/sim/faults.h"

namespace anabranch::test {

namespace {

using Clock = std::chrono::steady_clock;
using Numbers = std::vector<std::size_t>;

class Shrinking {
 public:
  Shrinking(const Plan& plan, std::chrono::seconds at_most)
      : best_(plan), end_(Clock::now() + at_most) {}

  Plan run() {
    drop_later_steps();
    drop_faults();
    drop_regions();
    drop_followers();
    drop_steps();
    name_faults();
    return best_;
  }

 private:
  // Keeps the wishes if the run that they make fails.
  bool keep_if_failing(const Wishes& wishes) {
    if (Clock::now() >= end_) return false;
    Plan plan = draw_plan(best_.seed, wishes);
    if (simulate_in_child(plan, true).failure.empty()) return false;
    best_ = std::move(plan);
    return true;
  }

  void drop_later_steps() {
    const Outcome outcome = simulate_in_child(best_, true);
    if (outcome.steps_taken == 0) return;  // It crashed at an unknown step.
    Numbers numbers = step_numbers();
    numbers.resize(std::min(numbers.size(), outcome.steps_taken));
    keep_if_failing(with(numbers));
  }

  void drop_faults() {
    for (const Fault& fault : faults()) {
      Wishes wishes = best_.wishes;
      if (best_.rates[static_cast<std::size_t>(&fault - faults().data())] == 0) continue;
      wishes.without.emplace(fault.name);
      keep_if_failing(wishes);
    }
  }

  void drop_regions() {
    for (std::size_t regions = 2; regions < best_.regions; ++regions) {
      Wishes wishes = best_.wishes;
      wishes.regions = regions;
      if (keep_if_failing(wishes)) return;
    }
  }

  void drop_followers() {
    for (std::size_t followers = 0; followers < best_.followers; ++followers) {
      Wishes wishes = best_.wishes;
      wishes.followers = followers;
      if (keep_if_failing(wishes)) return;
    }
  }

  // Leaves out runs of steps, half of them, a quarter of them, down to single ones.
  void drop_steps() {
    for (std::size_t size = step_numbers().size() / 2; size > 0; size /= 2) {
      for (std::size_t from = 0; from < step_numbers().size();) {
        Numbers numbers = step_numbers();
        const auto begin = numbers.begin() + static_cast<std::ptrdiff_t>(from);
        const auto left = static_cast<std::size_t>(numbers.end() - begin);
        numbers.erase(begin, begin + static_cast<std::ptrdiff_t>(std::min(size, left)));
        if (!keep_if_failing(with(numbers))) from += size;
      }
    }
  }

  // Names those that are left: rows that the table gets later will not change the run.
  void name_faults() {
    Wishes wishes = best_.wishes;
    wishes.without.clear();
    wishes.only.emplace();
    for (const Step& step : best_.steps()) {
      if (step.fault != Step::kWrite) wishes.only->emplace(faults()[step.fault].name);
    }
    end_ = Clock::time_point::max();
    keep_if_failing(wishes);
  }

  [[nodiscard]] Wishes with(const Numbers& numbers) const {
    Wishes wishes = best_.wishes;
    wishes.steps = numbers;
    return wishes;
  }

  [[nodiscard]] Numbers step_numbers() const {
    Numbers numbers;
    for (const Step& step : best_.steps()) numbers.push_back(step.number());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    return numbers;
  }

  Plan best_;
  Clock::time_point end_;
};

}  // namespace

Plan minimise(const Plan& plan, std::chrono::seconds at_most) {
  return Shrinking(plan, at_most).run();
}

std::string to_lines(const Plan& plan) {
  std::string text = "  " + to_string(plan) + "\n";
  for (const Step& step : plan.steps()) {
    const bool write = step.fault == Step::kWrite;
    text += "  " + std::to_string(step.number()) + " ";
    text += write ? "a write" : std::string(faults()[step.fault].what);
    text += "\n";
  }
  return text;
}

}  // namespace anabranch::test
