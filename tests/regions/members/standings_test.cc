// Standings: the one that counts, and the ones that outlive a restart.

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "regions/members/standings.h"
#include "storage/memory_storage.h"

using namespace anabranch;
using core::VersionVector;
using regions::Standing;
using regions::Standings;

namespace {

Standing said(const std::string& region, core::Origin origin, std::uint64_t number,
              VersionVector durable = {}) {
  return {.region = region, .origin = origin, .number = number, .durable = std::move(durable)};
}

}  // namespace

TEST_SUITE("regions: standings") {
  TEST_CASE("of each incarnation the greatest number counts, however late another one comes") {
    Standings standings;
    CHECK(standings.take(said("eu", 1, 7, {{1, 7}})));
    CHECK_FALSE(standings.take(said("eu", 1, 7, {{1, 9}})));
    CHECK_FALSE(standings.take(said("eu", 1, 6, {{1, 9}})));
    CHECK(standings.find(1)->durable == VersionVector{{1, 7}});
    CHECK(standings.take(said("eu", 1, 8, {{1, 3}})));  // Also when it shows less.
    CHECK(standings.take(said("eu", 2, 1)));
    CHECK(standings.numbers() == VersionVector{{1, 8}, {2, 1}});
    CHECK(standings.knows("eu"));
    CHECK_FALSE(standings.knows("us"));
  }

  TEST_CASE("what is known outlives a restart, and what was forgotten stays forgotten") {
    storage::MemoryStorage storage;
    REQUIRE(storage.open([](const auto&) { return core::Result<void>(); }).ok());
    Standings standings;
    CHECK(standings.take(said("eu", 1, 7, {{1, 7}})));
    CHECK(standings.take(said("us", 2, 3)));
    CHECK(standings.changed());
    REQUIRE(storage.commit({}, standings.take_changes()).ok());
    CHECK_FALSE(standings.changed());
    auto loaded = Standings::load(*storage.snapshot());
    REQUIRE(loaded.ok());
    CHECK(loaded.value().all() == standings.all());
    CHECK(loaded.value().numbers() == standings.numbers());
    CHECK_FALSE(loaded.value().changed());
    standings.retain([](const Standing& each) { return each.region == "us"; });
    CHECK(standings.numbers() == VersionVector{{2, 3}});
    REQUIRE(storage.commit({}, standings.take_changes()).ok());
    CHECK(Standings::load(*storage.snapshot()).value().all() == standings.all());
  }

  TEST_CASE("what is signed says that it is a standing, of which mesh and of whom") {
    const Standing standing = said("eu", 1, 7);
    const std::string bytes = regions::signed_bytes({1, 2}, standing);
    CHECK(bytes.substr(0, 22) ==
          "\x99\xB4"
          "anabranch standing 1");
    CHECK(bytes != regions::signed_bytes({1, 3}, standing));
    CHECK(bytes != regions::signed_bytes({1, 2}, said("us", 1, 7)));
    CHECK(bytes != regions::signed_bytes({1, 2}, said("eu", 2, 7)));
    CHECK(bytes != regions::signed_bytes({1, 2}, said("eu", 1, 8)));
  }

  TEST_CASE("a standing that cannot be is refused") {
    const auto refused = [](const Standing& standing) {
      std::string bytes;
      core::Writer out(bytes);
      write_standing(out, standing);
      core::Reader in(bytes);
      (void)regions::read_standing(in);
      return !in.done();
    };
    CHECK_FALSE(refused(said("eu", 1, 1)));
    CHECK(refused(said("", 1, 1)));
    CHECK(refused(said("eu", 0, 1)));
    CHECK(refused(said("eu", 1, 0)));
    Standing standing = said("eu", 1, 1);
    standing.open = {3, 2};
    CHECK(refused(standing));
    standing.open = {2, 3};
    standing.signature = "short";
    CHECK(refused(standing));
  }
}
