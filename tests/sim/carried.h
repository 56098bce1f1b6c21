// What a simulated network counts.
#pragma once

#include <cstdint>

namespace anabranch::test {

// Counts of the effects of the weather and of other faults.
struct Carried {
  std::uint64_t messages = 0;
  std::uint64_t lost = 0;
  std::uint64_t repeated = 0;
  std::uint64_t overtaken = 0;
  std::uint64_t silenced = 0;
  std::uint64_t clogged = 0;
  std::uint64_t slowed = 0;
  std::uint64_t rotten = 0;
  std::uint64_t rotten_batches = 0;
  std::uint64_t turned_away = 0;  // Intruders.
  std::uint64_t failed_commits = 0;
  std::uint64_t refusals = 0;   // Commits that a cause which passes has kept from being made.
  std::uint64_t restored = 0;   // Regions that have started on a backup...
  std::uint64_t strayed = 0;    // ...or, unnoticed, on an old copy...
  std::uint64_t together = 0;   // ...while others did.
  std::uint64_t unsaid = 0;     // Messages about forks.
  std::uint64_t anew = 0;       // Regions that an operator has begun anew.
  std::uint64_t lost_logs = 0;  // Openings that lacked writes since a bit of the log had changed...
  std::uint64_t regained = 0;   // ...and losses of which all came back.
  std::uint64_t promoted = 0;   // Members that came to lead, by their region's choice...
  std::uint64_t promoted_blind = 0;  // ...and heard nobody...
  std::uint64_t stepped_down = 0;    // ...or ceased to lead...
  std::uint64_t by_hand = 0;         // ...and regions that an operator had to help.
};

}  // namespace anabranch::test
