// Bugs that the tests of the parts of a replica find by themselves: with none planted all of these
// tests pass, with each bug of the list one fails.
//
//   parts_test                          looks for all bugs of the list, and prints the first test
//                                       case that found each
//   parts_test --plant BUG [OPTION..]   runs the tests with that bug, and options of doctest
//
// Links the instrumented layers without replica.cc: no test in here can make a `Replica`.

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string_view>

#include "tests/planted_tests.h"
#include "tests/seed.h"
#include "tests/sim/instruments.h"

namespace {

constexpr auto kBugs = std::to_array<std::string_view>({
    "ack-in-vain",        "any-clock",         "apply-twice",      "believe-ahead",
    "believe-all",        "believe-log",       "by-origin",        "call-durable",
    "clear-all",          "clear-alone",       "collect-early",    "expire-early",
    "follower-writes",    "forget-branch",     "forget-deps",      "forget-leaders",
    "forget-list",        "forget-meeting",    "forget-merged",    "forget-replaced",
    "forget-mask",        "forget-policies",   "forget-record",    "forget-reorder",
    "forget-seen",        "forget-swapped",    "forget-unlogged",  "former-context",
    "give-up-wrong",      "hear-former",       "ignore-birth",     "ignore-chain",
    "ignore-deps-hashes", "ignore-jumps",      "keep-covered",     "keep-stale",
    "learn-from-all",     "leave-unsigned",    "lose-change",      "merge-removed",
    "merge-tail",         "merge-unclear",     "never-mend",       "newest-policy",
    "no-patience",        "own-branch",        "presence",         "proposal-first",
    "refuse-next",        "reset-little",      "revive-proposals", "serve-joining",
    "settle-applied",     "settle-one-leader", "settle-retired",   "shortest-policy",
    "show-timestamps",    "show-unapplied",    "skip-count",       "skip-deps",
    "snapshot-deps",      "stale-window",      "take-for-leader",  "tell-forks-once",
    "trim-much",          "trust-snapshot",    "unknown-as-lww",   "wait-by-wall",
});

bool fails(std::string_view bug) {
  return anabranch::test::tests_fail([&] { (void)anabranch::test::plant(bug); });
}

int run_with(int argc, char** argv) {
  if (argc < 3 || !anabranch::test::plant(argv[2])) {
    std::cerr << "usage: parts_test [--plant BUG [OPTION..]]\n";
    return EXIT_FAILURE;
  }
  return doctest::Context{argc, argv}.run();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) return run_with(argc, argv);
  (void)anabranch::test::set_seed("1");  // A bug must not be found by luck alone.
  std::cout << "without a bug" << std::endl;
  bool all = !fails("");
  if (!all) std::cout << "FAILED without a bug" << std::endl;
  for (const std::string_view bug : kBugs) {
    std::cout << bug << std::endl;
    if (fails(bug)) continue;
    std::cout << "MISSED " << bug << std::endl;
    all = false;
  }
  return all ? EXIT_SUCCESS : EXIT_FAILURE;
}
