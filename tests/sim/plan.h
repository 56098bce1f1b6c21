// The parameters of one simulated run: its regions, limits, pace and faults, all drawn from its
// seed, and the steps that follow from it. The same plan gives the same run.
//
// Each fault draws from a stream of its own, named by seed and fault, and each step carries a seed
// of its own: leaving out a fault or a step leaves all others as they were, so that a failing run
// can be shrunk.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/network.h"

namespace anabranch::test {

enum class Shape : std::uint8_t { kMesh, kRing, kLine, kStar, kAny };
inline constexpr std::size_t kShapes = 5;

// One step: a write, or a fault that strikes.
struct Step {
  static constexpr std::size_t kWrite = ~std::size_t{0};
  // Even for the faults of a round, odd for its write: independent of all other steps.
  [[nodiscard]] std::size_t number() const { return 2 * round + (fault == kWrite ? 1 : 0); }
  std::size_t round = 0;       // Each round has one write and at times some faults before it.
  std::size_t fault = kWrite;  // Its row in the table of faults.
  std::uint64_t seed = 0;
};

// Parameters that are given instead of drawn.
struct Wishes {
  std::size_t ops = 0;  // About so many; 0: drawn.
  std::size_t regions = 0;
  std::optional<std::size_t> followers;
  std::optional<bool> promote;  // Regions choose their leaders; nothing: they do not.
  bool engine = false;          // Machines have the storage engine, on prompt disks.
  bool plain = false;           // As runs were before there were followers and more types.
  std::optional<std::set<std::string>> only;  // Faults; nothing: drawn.
  std::set<std::string> without;
  std::optional<Network::Trust> trust;
  std::optional<std::vector<std::size_t>> steps;  // Numbers of those to take, sorted.

  // Returns whether no wish would keep a run from being like most.
  [[nodiscard]] bool ordinary() const {
    return ops == 0 && regions == 0 && !followers && !promote && !engine && !plain && !only &&
           without.empty() && !trust && !steps;
  }
};

struct Plan {
  std::uint64_t seed = 0;
  Wishes wishes;
  std::size_t regions = 0;
  Shape shape = Shape::kMesh;
  Network::Disks disks = Network::Disks::kPrompt;
  Network::Trust trust = Network::Trust::kEverybody;
  regions::ReplicaLimits limits;
  std::size_t rounds = 0;
  std::size_t seasons = 1;  // Each ends with calm, in which all must become equal.
  core::Millis gap_ms_max = 0;
  std::size_t keys = 0;
  std::size_t value_bytes_max = 0;
  std::size_t clients = 0;    // That go from region to region.
  std::size_t followers = 0;  // At the beginning, besides the regions' leaders.
  std::size_t strays = 1;     // At once.
  bool single_ops = false;    // Each batch is one transaction, most of one op.
  bool listing = false;       // Followers may lead one day, and are listed.
  // Regions choose their leaders after so long; 0: roles change as faults strike.
  core::Millis promote_after_ms = 0;
  bool former = false;        // Every other region writes batches without checksums.
  bool policies = false;      // Also policies, set, proposed and removed, some of them unknown.
  bool modules = false;       // Policies name modules of plugins.
  bool requests = false;      // Also requests that are sent to several regions, and count once.
  bool presence = false;      // Also messages of presence.
  bool more_types = false;    // Also flags, remove-wins sets, and sums and scores that are doubles.
  std::vector<double> rates;  // Of each fault, per round; 0: not planned.

  // The time within which all must be equal after everything has healed. Where hardly anything fits
  // into windows and hold-back queues each batch may cost a stall.
  [[nodiscard]] core::Millis healed_ms() const;
  // Whether a log may be cut before all regions have it.
  [[nodiscard]] bool has_little_log() const {
    return limits.log.bytes_max < regions::LogLimits{}.bytes_max;
  }
  // All steps to take, in order.
  [[nodiscard]] std::vector<Step> steps() const;
};

Plan draw_plan(std::uint64_t seed, const Wishes& wishes);
// A plan in one line: regions, disks, limits, pace.
std::string to_string(const Plan& plan);
// The arguments that repeat a plan's run.
std::string to_arguments(const Plan& plan);
// "3,7-9" for {3, 7, 8, 9}, and back; nothing on other text.
std::string to_ranges(const std::vector<std::size_t>& numbers);
std::optional<std::vector<std::size_t>> from_ranges(const std::string& text);

}  // namespace anabranch::test
