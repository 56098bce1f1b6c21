// The storage of a data directory as programs have it, over real files: losses of power and failing
// calls at any moment.

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/seed.h"
#include "tests/storage/images/image_run.h"

namespace anabranch::storage::test::images_test {
namespace {

TEST_SUITE("storage: images") {
  TEST_CASE("a loss of power at any system call loses nothing that was acknowledged") {
    const std::size_t images = anabranch::test::long_run() ? 20'000 : 1'000;
    const std::uint64_t seed = anabranch::test::seed();
    CAPTURE(seed);
    ImageRun run(seed, ImageRun::Syncs::kEach);
    REQUIRE(run.run(images) == "");
    CHECK(run.images() >= images);
    MESSAGE("images: " << run.images());
  }

  TEST_CASE("where commits do not wait for the disk, it loses only the newest of them") {
    const std::size_t images = anabranch::test::long_run() ? 20'000 : 1'000;
    const std::uint64_t seed = anabranch::test::seed();
    CAPTURE(seed);
    ImageRun run(seed, ImageRun::Syncs::kMayBeLater);
    REQUIRE(run.run(images) == "");
    CHECK(run.images() >= images);
    MESSAGE("images: " << run.images());
  }

  TEST_CASE("any system call may fail: nothing that it refused is shown, all else is there") {
    const std::uint64_t seed = anabranch::test::seed();
    CAPTURE(seed);
    ImageRun run(seed, ImageRun::Syncs::kMayBeLater);
    REQUIRE(run.run_failures() == "");
    CHECK(run.failures() > 50);
    MESSAGE("calls that failed: " << run.failures());
  }
}

}  // namespace
}  // namespace anabranch::storage::test::images_test
