// The list of regions: its members, retirement, loss, and their consequences.

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "tests/node.h"
#include "tests/regions/linked_nodes.h"

namespace anabranch::listed_regions_test {

using core::Path;
using regions::Group;
using regions::RegionList;
using regions::Retirement;
using test::LinkedNodes;
using test::Node;

namespace {

// About 20 of the batches below at least.
constexpr regions::LogLimits kLimits{
    .bytes_min = 4'000, .bytes_max = 64'000, .age_ms_max = 1'000'000'000};

std::unique_ptr<Node> listed(const std::string& region, core::Origin origin,
                             std::unique_ptr<storage::MemoryStorage> disk = nullptr,
                             bool new_origin = false) {
  return std::make_unique<Node>(regions::ReplicaOptions{.mesh = {1, 1},
                                                        .region = region,
                                                        .fresh_origin = origin,
                                                        .nonce = origin + 1000,
                                                        .new_origin = new_origin,
                                                        .announce = true,
                                                        .limits = {.log = kLimits}},
                                std::move(disk), 1000);
}

// Regions r0, r1, r2 with the origins 1, 2, 3, each linked with each, each in the lists of all.
struct Mesh : LinkedNodes {
  Mesh() {
    for (core::Origin origin = 1; origin <= 3; ++origin) {
      const std::size_t index = add(listed("r" + std::to_string(origin - 1), origin));
      for (std::size_t other = 0; other < index; ++other) connect(index, other);
    }
    run(3'000);
  }
  void isolate(std::size_t index) {
    for (std::size_t other = 0; other < size(); ++other) {
      if (other != index) disconnect(index, other);
    }
  }
  void rejoin(std::size_t index) {
    for (std::size_t other = 0; other < size(); ++other) {
      if (other != index) connect(index, other);
    }
  }
  void add_up(std::size_t index, int times) {
    for (int i = 0; i < times; ++i) {
      write(index, [](Group& group) { group.add(Path{"\1", "sum", "s"}, 1); });
    }
  }
  std::int64_t sum(std::size_t index) {
    return at(index).replica().reader()->row({"\1", "sum", "s"}).tally.sum().as_int64().value();
  }
  void retire(std::size_t by, const std::string& region, Retirement retirement) {
    REQUIRE(at(by).replica().retire(region, retirement).ok());
    REQUIRE(at(by).replica().commit().ok());
    run(100);
  }
  Retirement seen(std::size_t by, const std::string& region) {
    return at(by).replica().members().list().retirement(region);
  }
  bool keeps_for(std::size_t by, const std::string& region) {
    return at(by).replica().keeper().lacked().contains(region);
  }
  bool settled(std::size_t by, core::Origin origin) {
    return at(by).replica().members().settled().contains(origin);
  }
  // r2 goes on under origin 20, writes, and then on a backup of before, under origin 30.
  void replace_by_older_backup() {
    auto backup = at(2).storage().clone();
    replace(2, listed("r2", 20, at(2).storage().clone(), true));
    REQUIRE(at(2).replica().announce().ok());
    add_up(2, 5);
    REQUIRE(run_until_equal(5'000));
    replace(2, listed("r2", 30, std::move(backup), true));
    REQUIRE(at(2).replica().announce().ok());
    run(20'000);
    REQUIRE(run_until_equal(5'000));
  }
  std::uint64_t log_bytes(std::size_t index) {
    return at(index).replica().keeper().segments().bytes();
  }
};

}  // namespace

TEST_SUITE("regions: listed regions") {
  TEST_CASE("each leader writes each of its origins into the list once") {
    auto first = listed("eu", 1);
    CHECK_FALSE(first->replica().members().list().knows("eu", 1));
    REQUIRE(first->replica().announce().ok());
    CHECK(first->replica().members().list().knows("eu", 1));
    REQUIRE(first->replica().announce().ok());
    CHECK(first->storage().last_position() == 1);
    CHECK(first->replica().members().list().ended().empty());
    const core::Hash128 before = first->replica().members().list().hash();

    auto again = listed("eu", 7, first->storage().clone());
    REQUIRE(again->replica().announce().ok());
    CHECK(again->storage().last_position() == 1);

    auto renewed = listed("eu", 9, again->storage().clone(), true);
    REQUIRE(renewed->replica().announce().ok());
    const RegionList& list = renewed->replica().members().list();
    CHECK(list.knows("eu", 9));
    CHECK(list.region_of(1) == "eu");
    CHECK(list.previous(9) == 1);
    CHECK(list.ended() == std::set<core::Origin>{1});
    CHECK(list.succeeded(1));
    CHECK_FALSE(list.succeeded(9));
    CHECK(list.hash() != before);
    CHECK(again->replica().members().list().hash() == before);
  }

  TEST_CASE("a leader that is not told to is not in the list") {
    Node node("eu", 1);
    REQUIRE(node.replica().announce().ok());
    CHECK(node.storage().last_position() == 0);
    CHECK(node.replica().members().list().all().empty());
  }

  TEST_CASE("all regions of a mesh are in the lists of all") {
    Mesh mesh;
    for (std::size_t by = 0; by < 3; ++by) {
      const RegionList& list = mesh.at(by).replica().members().list();
      CHECK(list.all().size() == 3);
      for (core::Origin origin = 1; origin <= 3; ++origin) {
        CHECK(list.knows("r" + std::to_string(origin - 1), origin));
      }
    }
  }

  TEST_CASE("nobody keeps log for a retired region, wherever that was said") {
    Mesh mesh;
    mesh.isolate(2);
    mesh.add_up(0, 200);
    mesh.run(3'000);
    CHECK(mesh.keeps_for(0, "r2"));
    CHECK(mesh.keeps_for(1, "r2"));
    CHECK(mesh.log_bytes(0) > 20'000);
    mesh.retire(1, "r2", Retirement::kRetired);
    mesh.run(3'000);
    for (std::size_t by = 0; by < 2; ++by) {
      CHECK(mesh.seen(by, "r2") == Retirement::kRetired);
      CHECK_FALSE(mesh.keeps_for(by, "r2"));
      CHECK(mesh.log_bytes(by) < kLimits.bytes_min + kLimits.bytes_max / 16 + 500);
    }
    mesh.retire(0, "r2", Retirement::kNone);
    mesh.run(3'000);
    CHECK(mesh.seen(1, "r2") == Retirement::kNone);
    CHECK(mesh.keeps_for(1, "r2"));
    mesh.add_up(1, 50);
    CHECK(mesh.log_bytes(1) > 10'000);
  }

  TEST_CASE("a retired region may return, and its stranded writes count") {
    Mesh mesh;
    mesh.isolate(2);
    mesh.retire(0, "r2", Retirement::kRetired);
    mesh.add_up(2, 10);
    mesh.add_up(0, 10);
    mesh.run(30'000);
    mesh.rejoin(2);
    REQUIRE(mesh.run_until_equal(5'000));
    for (std::size_t at = 0; at < 3; ++at) {
      CHECK(mesh.sum(at) == 20);
      CHECK(mesh.seen(at, "r2") == Retirement::kRetired);  // Until an operator takes it back.
      CHECK(mesh.alarms(at).empty());
    }
    CHECK(mesh.at(0).replica().members().list().ended() == std::set<core::Origin>{3});
    CHECK_FALSE(mesh.at(0).replica().members().list().succeeded(3));
    mesh.retire(1, "r2", Retirement::kNone);
    mesh.run(1'000);
    for (std::size_t at = 0; at < 3; ++at) CHECK(mesh.seen(at, "r2") == Retirement::kNone);
    CHECK(mesh.at(0).replica().members().list().ended().empty());
  }

  TEST_CASE("of concurrent words the stronger counts, and taking back takes back what it saw") {
    Mesh mesh;
    mesh.isolate(2);
    mesh.disconnect(0, 1);
    mesh.retire(0, "r2", Retirement::kRetired);
    mesh.retire(1, "r2", Retirement::kLost);
    mesh.connect(0, 1);
    mesh.run(2'000);
    CHECK(mesh.seen(0, "r2") == Retirement::kLost);
    CHECK(mesh.seen(1, "r2") == Retirement::kLost);
    mesh.disconnect(0, 1);
    mesh.retire(0, "r2", Retirement::kNone);
    mesh.retire(1, "r2", Retirement::kRetired);
    mesh.connect(0, 1);
    mesh.run(2'000);
    CHECK(mesh.seen(0, "r2") == Retirement::kRetired);
    CHECK(mesh.seen(1, "r2") == Retirement::kRetired);
  }

  TEST_CASE("a lost region that comes back gives way, and writes as new what only it has") {
    Mesh mesh;
    mesh.add_up(2, 7);
    REQUIRE(mesh.run_until_equal(5'000));
    mesh.isolate(2);
    mesh.retire(0, "r2", Retirement::kLost);
    mesh.run(1'000);
    mesh.add_up(2, 5);
    mesh.write(2, [](Group& group) { group.put(Path{"\1", "only", "s"}, "here"); });
    mesh.add_up(0, 1);
    mesh.rejoin(2);
    REQUIRE(mesh.run_until_equal(20'000));
    mesh.run(3'000);
    mesh.add_up(2, 1);
    REQUIRE(mesh.run_until_equal(5'000));
    for (std::size_t at = 0; at < 3; ++at) {
      CHECK(mesh.sum(at) == 14);
      CHECK(mesh.at(at).digest() == mesh.at(0).digest());
      CHECK(mesh.at(at).replica().reader()->row(Path{"\1", "only", "s"}).present());
      CHECK(mesh.seen(at, "r2") == Retirement::kNone);
      CHECK(mesh.at(at).vector().at(3) == 8);  // The others' part of it when it came back.
      CHECK(mesh.at(at).replica().members().list().lost("r2", 3));
    }
    CHECK(mesh.at(2).replica().identity().previous == 3);
    const std::vector<std::string>& alarms = mesh.alarms(2);
    REQUIRE_FALSE(alarms.empty());
    CHECK(alarms[0] ==
          "region r0 refuses this leader: it is region r2 with data that was declared "
          "lost; it joins again, and writes as new what only it has");
  }

  TEST_CASE("a lost region is refused with its old data, and taken when it joins empty") {
    Mesh mesh;
    mesh.isolate(2);
    mesh.retire(0, "r2", Retirement::kLost);
    mesh.run(1'000);
    mesh.add_up(2, 5);
    mesh.add_up(0, 1);
    mesh.replace(2, listed("r2", 77));
    mesh.rejoin(2);
    REQUIRE(mesh.run_until_equal(5'000));
    mesh.add_up(2, 1);
    REQUIRE(mesh.run_until_equal(5'000));
    CHECK(mesh.sum(1) == 2);
    CHECK(mesh.seen(1, "r2") == Retirement::kNone);  // Its former self was lost.
    CHECK(mesh.at(1).replica().members().list().lost("r2", 3));
    CHECK_FALSE(mesh.at(1).replica().members().list().lost("r2", 77));
  }

  TEST_CASE("a region that is declared lost while somebody talks to it is refused, and gives way") {
    Mesh mesh;
    mesh.disconnect(0, 2);
    mesh.retire(0, "r2", Retirement::kLost);
    mesh.run(1'000);
    mesh.add_up(2, 5);
    mesh.add_up(1, 1);
    mesh.run(3'000);
    CHECK(mesh.sum(1) == 6);  // Writes that only it had were written again.
    CHECK(mesh.at(1).vector().at(3) < mesh.at(2).replica().applied().head(3).seq + 5);
    REQUIRE_FALSE(mesh.alarms(1).empty());
    CHECK(mesh.alarms(1)[0].find("is region r2 with data that was declared lost") !=
          std::string::npos);
  }

  TEST_CASE("an origin that an older backup has replaced waits until it is declared lost") {
    Mesh mesh;
    mesh.replace_by_older_backup();
    for (std::size_t at = 0; at < 3; ++at) {
      CHECK(mesh.at(at).replica().members().list().ended() == std::set<core::Origin>{3});
      CHECK_FALSE(mesh.settled(at, 20));
    }
    std::size_t by = 0;
    SUBCASE("by a leader of another region") {}
    SUBCASE("by its own region's leader") { by = 2; }
    REQUIRE(mesh.at(by).replica().declare_lost("r2", 20).ok());
    REQUIRE(mesh.at(by).replica().commit().ok());
    mesh.run(20'000);
    for (std::size_t at = 0; at < 3; ++at) {
      const RegionList& list = mesh.at(at).replica().members().list();
      CHECK(list.lost("r2", 20));
      CHECK_FALSE(list.lost("r2", 3));  // The directory goes on from it.
      CHECK_FALSE(list.lost("r2", 30));
      CHECK(mesh.seen(at, "r2") == Retirement::kNone);
      CHECK(mesh.settled(at, 3));
      CHECK(mesh.settled(at, 20));
    }
    mesh.add_up(2, 1);
    REQUIRE(mesh.run_until_equal(5'000));
    CHECK(mesh.sum(0) == 6);
    CHECK(mesh.at(by).replica().declare_lost("r2", 20).ok());  // Once more: nothing to do.
    CHECK_FALSE(mesh.at(by).replica().writer().dirty());
  }

  TEST_CASE("with the last origin of a directory those before it are lost, and stay so") {
    Mesh mesh;
    for (const core::Origin origin : {20, 30}) {
      mesh.replace(2, listed("r2", origin, mesh.at(2).storage().clone(), true));
      REQUIRE(mesh.at(2).replica().announce().ok());
      REQUIRE(mesh.run_until_equal(5'000));
    }
    mesh.isolate(2);
    CHECK(mesh.at(0).replica().declare_lost("r2", 20).failure().message ==
          "origin 0000000000000014 of region r2 has ended with 000000000000001e, which has "
          "followed it: name that one if its leader never comes back");
    REQUIRE(mesh.at(0).replica().declare_lost("r2", 30).ok());
    REQUIRE(mesh.at(0).replica().commit().ok());
    mesh.run(20'000);
    const RegionList& list = mesh.at(1).replica().members().list();
    CHECK(mesh.seen(1, "r2") == Retirement::kLost);
    for (const core::Origin origin : {3, 20, 30}) {
      CHECK(list.lost("r2", origin));
      CHECK(mesh.settled(1, origin));
    }
    mesh.replace(2, listed("r2", 77));  // On an empty directory, and then on another one.
    mesh.rejoin(2);
    REQUIRE(mesh.at(2).replica().announce().ok());
    REQUIRE(mesh.run_until_equal(5'000));
    mesh.replace(2, listed("r2", 78));
    mesh.rejoin(2);
    REQUIRE(mesh.at(2).replica().announce().ok());
    REQUIRE(mesh.run_until_equal(5'000));
    mesh.retire(0, "r2", Retirement::kLost);  // Of those not connected.
    for (const core::Origin origin : {3, 20, 30, 77}) CHECK(list.lost("r2", origin));
    CHECK_FALSE(list.lost("r2", 78));
  }

  TEST_CASE("what is no lost origin cannot be declared one, and the refusal says why") {
    Mesh mesh;
    regions::Replica& replica = mesh.at(0).replica();
    const auto why = [&](const std::string& region, core::Origin origin) {
      return replica.declare_lost(region, origin).failure().message;
    };
    CHECK(why("xx", 3) ==
          "the list of regions has no origin 0000000000000003 of region xx; `anabranch status "
          "--json` has all under `applied`");
    CHECK(why("r1", 3).find("has no origin 0000000000000003 of region r1") != std::string::npos);
    CHECK(why("r0", 1) ==
          "this leader writes under origin 0000000000000001 of region r0, so it is not lost");
    CHECK(why("r2", 3) == "origin 0000000000000003 of region r2 is connected, so it is not lost");
    mesh.isolate(2);
    mesh.retire(0, "r2", Retirement::kRetired);
    CHECK(why("r2", 3) == "region r2 is retired as a whole: `anabranch region restore r2` first");
    CHECK_FALSE(replica.writer().dirty());
  }

  TEST_CASE("what makes no sense cannot be said") {
    Mesh mesh;
    regions::Replica& replica = mesh.at(0).replica();
    CHECK(replica.retire("r0", Retirement::kRetired).failure().message ==
          "this leader cannot retire its own region");
    CHECK(replica.retire("xx", Retirement::kRetired).failure().message ==
          "there is no region 'xx'");
    CHECK(replica.retire("r2", Retirement::kLost).failure().message ==
          "region r2 is connected, so it is not lost; one origin of it may be: "
          "`anabranch region retire r2 --lost ORIGIN`");
    CHECK(replica.retire("r1", Retirement::kNone).ok());
    CHECK_FALSE(replica.writer().dirty());
  }
}

}  // namespace anabranch::listed_regions_test
