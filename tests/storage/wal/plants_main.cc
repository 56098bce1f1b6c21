// Bugs that the tests of the write-ahead log and of the engine find: with none planted all of these
// tests pass, with each bug of the list one fails.
//
//   wal_plants                           looks for all bugs, prints the test case that found each
//   wal_plants --plant N [OPTION..]      runs the tests with the bug of that number in the list

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "core/planted_bug.h"
#include "tests/planted_tests.h"
#include "tests/seed.h"

namespace {

using anabranch::core::Bug;

struct Plant {
  Bug bug;
  std::string_view text;
  const char* finder = "";  // The name of a test that finds it, for doctest: asked first.
};
constexpr std::array kPlants{
    Plant{Bug::kNone, "none"},
    Plant{Bug::kSkipOpeningSync, "rule 1: an opening begins before its record is on disk"},
    Plant{Bug::kCutDamage, "rule 2: a bad record that was on disk is taken for the end",
          "the last segment*"},
    Plant{Bug::kAppendToOldSegment, "rule 3: an opening goes on in the last segment",
          "a log in random lives*"},
    Plant{Bug::kTrustTail, "rule 4: what can be read is taken for what is on disk",
          "where commits do not wait*"},
    Plant{Bug::kIgnoreShortLog, "rule 5: a log that ends before the tables goes on where it ends",
          "rule 5: a log that ends*"},
    Plant{Bug::kKeepUnjoined, "rule 5: segments before a gap are kept", "a log in random lives*"},
    Plant{Bug::kForgetNewest, "rule 5: the newest segment is not missed", "the last segment*"},
    Plant{Bug::kRollWithoutSync, "a segment is closed without a sync", "what was acknowledged*"},
    Plant{Bug::kNameBeforeSync, "a segment gets its name before the one before it is synced"},
    Plant{Bug::kWriteBeforeName, "a segment is written before its name is on disk"},
    Plant{Bug::kCloseUnsynced, "a closing record is written before all before it is on disk",
          "the closing record says*"},
    Plant{Bug::kKeepSpares, "spare files are kept where no segment tells whose records they have",
          "spare files of a log*"},
    Plant{Bug::kReuseGeneration, "engine: a generation is used again before it was emptied"},
    Plant{Bug::kKeepNextTables, "engine: an opening keeps next tables that were not swapped in"},
    Plant{Bug::kNoteFormerGenerations, "engine: a flush notes the generations before a swap"},
    Plant{Bug::kFlushUnsynced, "engine: a flush writes what the log could lose",
          "what was acknowledged*"},
    Plant{Bug::kPassLostPositions, "positions of what a log has lost are passed over",
          "what was acknowledged*"},
    Plant{Bug::kGoOnBelowTrim, "engine: positions go on below what is trimmed",
          "what was trimmed before*"},
    Plant{Bug::kForgetTrim, "engine: a trim that is told while one is noted is forgotten",
          "a trim that is told*"},
    Plant{Bug::kTrimHeld, "engine: a trim takes what a backup holds", "a trim keeps what is held*"},
};

// All tests are asked where the one that is named does not find it.
bool fails(const Plant& plant) {
  const auto set = [&] { anabranch::core::planted_bug = plant.bug; };
  const std::string finder = plant.finder;
  if (!finder.empty() && anabranch::test::tests_fail(set, finder)) return true;
  return anabranch::test::tests_fail(set);
}

int run_with(int argc, char** argv) {
  const std::size_t number = argc < 3 ? kPlants.size() : std::strtoul(argv[2], nullptr, 10);
  if (number >= kPlants.size()) {
    std::cerr << "usage: wal_plants [--plant N [OPTION..]]\n";
    return EXIT_FAILURE;
  }
  anabranch::core::planted_bug = kPlants[number].bug;
  return doctest::Context{argc, argv}.run();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) return run_with(argc, argv);
  (void)anabranch::test::set_seed("1");  // A bug must not be found by luck alone.
  bool all = true;
  for (const Plant& plant : kPlants) {
    std::cout << plant.text << std::endl;
    if (fails(plant) == (plant.bug != Bug::kNone)) continue;
    std::cout << (plant.bug == Bug::kNone ? "FAILED" : "MISSED") << std::endl;
    all = false;
  }
  return all ? EXIT_SUCCESS : EXIT_FAILURE;
}
