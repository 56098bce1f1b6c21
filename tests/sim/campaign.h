// Many simulated runs, one seed after the other, and their total results.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/sim/simulation.h"

namespace anabranch::test {

struct Bounds {
  std::size_t runs = 0;             // 0: as many as the other bounds allow.
  std::uint64_t operations = 0;     // 0: as many as the runs have.
  std::chrono::seconds seconds{0};  // 0: as long as the runs take.
};

class Campaign {
 public:
  // In so many operations every mark is passed, if it can be.
  static constexpr std::uint64_t kLongOperations = 10'000'000;

  // Simulates until one of the bounds is reached or a run fails. Returns whether none did.
  bool run(std::uint64_t first_seed, const Wishes& wishes, const Bounds& bounds);
  // Simulates one plan.
  bool run(const Plan& plan);

  // The plan that failed, and the failure.
  [[nodiscard]] const Plan& failed() const { return failed_; }
  [[nodiscard]] const std::string& failure() const { return failure_; }
  [[nodiscard]] std::uint64_t operations() const { return sum_.ops; }
  // Figures, faults planned and fired, marks passed.
  [[nodiscard]] std::string report() const;
  // Faults that were to strike in many runs and have never done any harm.
  [[nodiscard]] std::vector<std::string> never_fired() const;
  // Marks that were never passed although the campaign was long.
  [[nodiscard]] std::vector<std::string> never_passed() const;

 private:
  void add(const Outcome& outcome);

  std::size_t runs_ = 0;
  std::chrono::duration<double> took_{0};
  Outcome sum_;
  std::vector<std::size_t> runs_with_;  // Of each fault: runs in which it was to strike.
  Plan failed_;
  std::string failure_;
};

}  // namespace anabranch::test
