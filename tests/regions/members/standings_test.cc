// Standings: the one that counts, the ones that outlive a restart, and that a leader that passes
// one on cannot change it.

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <variant>

#include "regions/members/standings.h"
#include "storage/memory_storage.h"
#include "tests/regions/delivery/signed_world.h"

using namespace anabranch;
using core::VersionVector;
using regions::Standing;
using regions::Standings;
using test::SignedWorld;

namespace {

Standing said(const std::string& region, core::Origin origin, std::uint64_t number,
              VersionVector durable = {}) {
  return {.region = region, .origin = origin, .number = number, .durable = std::move(durable)};
}

constexpr std::size_t kEu = 0;
constexpr std::size_t kUs = 1;
constexpr std::size_t kAp = 2;
constexpr core::Origin kOriginEu = 1;

SignedWorld line() {
  SignedWorld world({"eu", "us", "ap"}, SignedWorld::Listed::kYes);
  world.connect(kEu, kUs);
  world.connect(kUs, kAp);
  return world;
}

const Standing* found(SignedWorld& world, std::size_t at) {
  return world.replica(at).keeper().standings().find(kOriginEu);
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

  TEST_CASE("what a region has on its disk is known of it behind others") {
    SignedWorld world = line();
    world.put(kEu, "key", "value");
    world.run(10);
    REQUIRE(found(world, kAp) != nullptr);
    CHECK(found(world, kAp)->durable == world.replica(kEu).applied().vector());
    CHECK(found(world, kAp)->region == "eu");
    CHECK(world.alarms.empty());
  }

  TEST_CASE("a standing that gets lost comes again, one that is known does not") {
    SignedWorld world = line();
    int sent = 0;
    world.filter = [&](std::size_t from, std::size_t to, const regions::Message& message) {
      const auto* standing = std::get_if<Standing>(&message);
      if (standing == nullptr || from != kUs || to != kAp || standing->region != "eu") return true;
      return ++sent > 3;
    };
    world.run(20);
    CHECK(found(world, kAp) != nullptr);
    const int until_now = sent;
    world.run(20);  // No region writes.
    CHECK(sent == until_now);
  }

  TEST_CASE("who passes a standing on cannot change it") {
    bool past = false;
    SUBCASE("") {}
    SUBCASE("nor say whose past it is") { past = true; }
    SignedWorld world = line();
    world.run(5);
    REQUIRE(found(world, kAp) != nullptr);
    world.filter = [&past](std::size_t from, std::size_t to, regions::Message& message) {
      auto* standing = std::get_if<Standing>(&message);
      if (standing != nullptr && from == kUs && to == kAp && standing->region == "eu") {
        standing->durable.raise(kOriginEu, 1'000);
        ++standing->number;
        standing->previous = past ? kOriginEu : 0;
      }
      return true;
    };
    world.put(kEu, "key", "value");
    world.run(10);
    CHECK(found(world, kAp)->durable.at(kOriginEu) < 1'000);
    REQUIRE(world.alarms.size() == 1);
    CHECK(world.alarms[0] ==
          "region us passes on a standing of region eu that no known key of that has signed");
  }

  TEST_CASE("nobody speaks for an origin that is listed as another region's") {
    SignedWorld world = line();
    world.run(5);
    REQUIRE(found(world, kAp) != nullptr);
    const Standing before = *found(world, kAp);
    Standing mine = said("us", kOriginEu, before.number + 1);
    mine.signature = std::string(64, 's');
    world.inject(kUs, kAp, mine);
    CHECK(*found(world, kAp) == before);
    // Nor for one that is not listed at all.
    world.inject(kUs, kAp, said("xx", 99, 1));
    CHECK(world.replica(kAp).keeper().standings().find(99) == nullptr);
  }
}
