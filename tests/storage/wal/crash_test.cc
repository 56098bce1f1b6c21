// Losses of power, killed processes and failing disks at any call.

#include <doctest/doctest.h>

#include <string>

#include "tests/seed.h"
#include "tests/storage/wal/crash_run.h"

namespace anabranch::storage::test::crash_test {
namespace {

TEST_CASE("a log in random lives keeps all that it acknowledged and shows nothing else") {
  const std::uint64_t runs = anabranch::test::long_run() ? 3000 : 100;
  std::uint64_t calls = 0;
  for (std::uint64_t i = 0; i < runs; ++i) {
    const std::uint64_t run_seed = anabranch::test::seed() + i;
    CAPTURE(run_seed);
    CrashRun run(run_seed);
    REQUIRE_EQ(run.run(30), "");
    calls += run.calls();
  }
  CHECK_GT(calls, runs * 200);
}

}  // namespace
}  // namespace anabranch::storage::test::crash_test
