// Signatures beside the batches of the log.

#include <doctest/doctest.h>

#include <string>

#include "regions/state/log_signatures.h"
#include "storage/memory_storage.h"
#include "tests/regions/origins.h"

namespace anabranch::log_signatures_test {

using regions::LogSignatures;
using test::kEu;
using test::kUs;

namespace {

struct World {
  storage::MemoryStorage storage;
  LogSignatures signatures{storage};

  World() { REQUIRE(storage.open().ok()); }
  void commit() { REQUIRE(storage.commit({}, signatures.take_changes()).ok()); }
  // Logs the batch of one op, with a signature beside it.
  void log(core::Origin origin, core::Seq seq) {
    signatures.keep(origin, seq, "before " + std::to_string(seq));
    const storage::LogRecord record{origin, seq, seq, "batch"};
    REQUIRE(storage.commit({&record, 1}, signatures.take_changes()).ok());
  }
  [[nodiscard]] std::size_t rows() const { return storage.snapshot()->size(storage::Table::kMeta); }
};

}  // namespace

TEST_SUITE("regions: signatures beside the log") {
  TEST_CASE("they are found from their commit on, also by a later opening") {
    World world;
    world.signatures.keep(kEu, 2, "signature");
    CHECK(world.signatures.before(kEu, 2).empty());
    world.commit();
    CHECK(world.signatures.before(kEu, 2) == "signature");
    CHECK(world.signatures.before(kEu, 1).empty());
    CHECK(world.signatures.before(kUs, 2).empty());
    CHECK(world.signatures.take_changes().empty());

    LogSignatures later(world.storage);
    later.load(*world.storage.snapshot());
    CHECK(later.before(kEu, 2) == "signature");
  }

  TEST_CASE("they go with their batches, some at once") {
    World world;
    const core::Seq count = LogSignatures::kTrimmedAtOnce + 10;
    for (core::Seq seq = 1; seq <= count; ++seq) world.log(kEu, seq);
    world.log(kUs, 5);
    const std::size_t rows = world.rows();
    CHECK_FALSE(world.signatures.trim());
    CHECK(world.signatures.take_changes().empty());  // The log has all of them.

    REQUIRE(world.storage.trim(world.storage.find(kEu, count).value()).ok());
    CHECK(world.signatures.trim());
    CHECK(world.signatures.trim());  // Nothing more before the commit.
    world.commit();
    CHECK(world.rows() == rows - LogSignatures::kTrimmedAtOnce);
    world.signatures.trim();
    world.commit();
    CHECK(world.rows() == rows - count + 1);
    CHECK(world.signatures.before(kEu, count - 1).empty());
    CHECK_FALSE(world.signatures.before(kEu, count).empty());
    CHECK_FALSE(world.signatures.before(kUs, 5).empty());

    REQUIRE(world.storage.trim(world.storage.last_position() + 1).ok());
    world.signatures.trim();
    world.commit();
    CHECK(world.rows() == rows - count - 1);
    CHECK_FALSE(world.signatures.trim());
  }
}

}  // namespace anabranch::log_signatures_test
