// This leader as a member of the mesh: the list of regions, and the report of where it stands.

#include <doctest/doctest.h>

#include <string>

#include "regions/membership.h"
#include "regions/state/incarnation.h"
#include "tests/regions/origins.h"
#include "tests/regions/parts.h"

namespace anabranch::membership_test {

using regions::Group;
using regions::Membership;
using regions::RegionList;
using regions::Retirement;
using test::kEu;
using test::kLink;
using test::kUs;
using test::Parts;

namespace {

struct MembershipWorld : Parts {
  regions::Inbox inbox{{state, exchange, alarms, effects, writer, writer.reserve()}, {}};
  Membership members{
      {state, exchange, keeper, inbox, writer, [] { return false; }, alarms, effects}};

  MembershipWorld() : Parts("eu", kEu) {
    state.join(members);
    state.watch(members);
    REQUIRE(members.load_list().ok());
  }
  void list_us() {
    write([](Group& group) {
      group.put(RegionList::origin_row("us", kUs), RegionList::origin_value(0));
    });
  }
};

}  // namespace

TEST_SUITE("regions: membership") {
  TEST_CASE("a leader announces its origin once") {
    MembershipWorld eu;
    CHECK_FALSE(eu.members.list().knows("eu", kEu));
    REQUIRE(eu.members.announce().ok());
    CHECK(eu.members.list().knows("eu", kEu));
    const storage::Position last = eu.storage.last_position();
    REQUIRE(eu.members.announce().ok());
    CHECK(eu.storage.last_position() == last);
  }

  TEST_CASE("a leader also announces the origins that it has used since without announcing them") {
    MembershipWorld eu;
    bool log_is_there = true;
    bool identity_knows = true;
    SUBCASE("by its identity and its log") {}
    SUBCASE("by its identity, with a log that is trimmed or damaged") { log_is_there = false; }
    SUBCASE("by its log, with an identity of an earlier version") { identity_knows = false; }
    REQUIRE(eu.members.announce().ok());
    for (const core::Origin origin : {11, 12}) {  // As a follower, that has led and lists counters.
      begin_incarnation(eu.state.identity(), origin, true, "a test");
      ++eu.state.identity().opening;
      eu.put("k", "v");
    }
    begin_incarnation(eu.state.identity(), 13, true, "a test");
    if (!log_is_there) REQUIRE(eu.state.trim(eu.storage.last_position() + 1).ok());
    if (!identity_knows) eu.state.identity().formers.clear();
    REQUIRE(eu.members.announce().ok());
    CHECK(eu.members.list().previous(11) == kEu);
    CHECK(eu.members.list().previous(12) == 11);
    CHECK(eu.members.list().previous(13) == 12);
    CHECK(eu.members.list().line(13) == kEu);
  }

  TEST_CASE("a leader whose present origin another one has listed announces those before it") {
    MembershipWorld eu;
    REQUIRE(eu.members.announce().ok());
    begin_incarnation(eu.state.identity(), 11, true, "a test");
    eu.put("k", "v");
    begin_incarnation(eu.state.identity(), 12, true, "a test");
    eu.write([](Group& group) {
      group.put(RegionList::origin_row("eu", 12), RegionList::origin_value(11));
    });
    REQUIRE(eu.members.list().knows("eu", 12));
    REQUIRE(eu.members.announce().ok());
    CHECK(eu.members.list().previous(11) == kEu);
    CHECK(eu.members.list().ended() == std::set<core::Origin>{kEu, 11});
    const storage::Position last = eu.storage.last_position();
    REQUIRE(eu.members.announce().ok());
    CHECK(eu.storage.last_position() == last);
  }

  TEST_CASE("a leader lists a member that may lead, with its directory") {
    MembershipWorld eu;
    REQUIRE(eu.members.announce().ok());
    CHECK(eu.members.list().all().find("eu")->second.origins.at(kEu).node ==
          eu.state.identity().node);
    const core::Hash128 node{0, 7};
    const regions::ShownMember member{
        .node = node, .made_ms = 0, .ripe = true, .origin = 20, .previous = 19, .formers = {0}};
    eu.members.see({member}, 0, 0);
    eu.members.see({member}, 0, regions::Lister::kRipeMs);
    REQUIRE(eu.members.announce().ok());
    const auto& origins = eu.members.list().all().find("eu")->second.origins;
    REQUIRE(origins.contains(20));
    CHECK(origins.at(20).node == node);
    CHECK(eu.members.list().succeeded(19));
    const storage::Position last = eu.storage.last_position();
    REQUIRE(eu.members.announce().ok());
    CHECK(eu.storage.last_position() == last);
  }

  TEST_CASE("a leader writes the row of its reign, and again where its origin has begun since") {
    MembershipWorld eu;
    eu.members.lead_under(3, true);
    REQUIRE(eu.members.announce().ok());
    CHECK(eu.members.list().newest_reign("eu") == regions::ReignRow{});  // It is blind.
    eu.members.lead_under(4, false);
    REQUIRE(eu.members.announce().ok());
    CHECK(eu.members.list().newest_reign("eu") == regions::ReignRow{4, kEu});
    const core::Hash128 list = eu.members.list().hash();
    eu.members.lead_under(5, false);
    REQUIRE(eu.members.announce().ok());
    CHECK(eu.members.list().newest_reign("eu") == regions::ReignRow{5, kEu});
    CHECK(eu.members.list().hash() == list);
    begin_incarnation(eu.state.identity(), 11, true, "a test");
    REQUIRE(eu.members.announce().ok());
    CHECK(eu.members.list().reign_in("eu", 11) == 5);
    const storage::Position last = eu.storage.last_position();
    REQUIRE(eu.members.announce().ok());
    CHECK(eu.storage.last_position() == last);
  }

  TEST_CASE("what a leader announces is on its disk, also where that syncs later") {
    MembershipWorld eu;
    eu.storage.set_faults({.durable_at_once = false});
    eu.put("k", "v");
    CHECK(eu.storage.durable_position() < eu.storage.last_position());
    REQUIRE(eu.members.announce().ok());
    CHECK(eu.storage.durable_position() == eu.storage.last_position());
  }

  TEST_CASE("the list follows each commit that touches it") {
    MembershipWorld eu;
    eu.put("k", "v");
    CHECK(eu.members.list().all().empty());
    eu.list_us();
    CHECK(eu.members.list().knows("us", kUs));
  }

  TEST_CASE("a region is retired and counts again, one that is not known cannot be") {
    MembershipWorld eu;
    eu.list_us();
    CHECK_FALSE(eu.members.retire("ap", Retirement::kRetired).ok());
    CHECK_FALSE(eu.members.retire("eu", Retirement::kRetired).ok());
    REQUIRE(eu.members.retire("us", Retirement::kRetired).ok());
    REQUIRE(eu.writer.commit().ok());
    CHECK(eu.members.list().retirement("us") == Retirement::kRetired);
    REQUIRE(eu.members.retire("us", Retirement::kNone).ok());
    REQUIRE(eu.writer.commit().ok());
    CHECK(eu.members.list().retirement("us") == Retirement::kNone);
  }

  TEST_CASE("nothing is exchanged with a leader whose data were declared lost") {
    MembershipWorld eu;
    eu.list_us();
    REQUIRE(eu.members.retire("us", Retirement::kLost).ok());
    REQUIRE(eu.writer.commit().ok());
    eu.exchange.link_up(kLink, {}, 0, {});
    eu.effects.clear();
    const regions::Greeting greeting{regions::Greeting::kProtocol, {1, 1}, "us", kUs, 7, {}};
    CHECK(eu.members.refuses(kLink, greeting));
    CHECK_FALSE(eu.effects.empty());
    regions::Greeting other = greeting;
    other.origin = 3;
    CHECK_FALSE(eu.members.refuses(kLink, other));
  }

  TEST_CASE("streams begin anew when an origin has ended, not with each change of the list") {
    MembershipWorld eu;
    eu.greet(kLink, "us", kUs, {{kUs, 1}});
    const auto stream = [&] { return eu.exchange.peers().at(kUs).in.id; };
    REQUIRE(stream() == 1);
    eu.list_us();
    eu.members.renew_report(10'000);
    CHECK(stream() == 1);
    eu.write([](Group& group) {
      group.put(RegionList::origin_row("us", 9), RegionList::origin_value(kUs));
    });
    REQUIRE(eu.members.list().ended().contains(kUs));
    eu.members.renew_report(20'000);
    CHECK(stream() == 2);
    eu.members.renew_report(30'000);
    CHECK(stream() == 2);
  }

  TEST_CASE("it reports where it stands, and again when that has changed for some time") {
    MembershipWorld eu;
    eu.put("k", "v");
    eu.members.renew_report(0);
    const auto number = [&] { return eu.keeper.reports().numbers().at(kEu); };
    const std::uint64_t first = number();
    CHECK(first > 0);
    CHECK(eu.keeper.reports().find(kEu)->durable.at(kEu) == 1);
    eu.put("k", "w");
    eu.members.renew_report(1);
    CHECK(number() == first);
    eu.members.renew_report(Membership::kReportMs);
    CHECK(number() == first + 1);
    CHECK(eu.keeper.reports().find(kEu)->durable.at(kEu) == 2);
  }

  TEST_CASE("it reports nothing before all that it has applied is on its disk") {
    MembershipWorld eu;
    eu.storage.set_faults({.durable_at_once = false});
    eu.put("k", "v");
    eu.members.renew_report(0);
    CHECK(eu.keeper.reports().find(kEu) == nullptr);
    eu.storage.sync();
    eu.members.renew_report(0);
    CHECK(eu.keeper.reports().find(kEu) != nullptr);
  }
}

}  // namespace anabranch::membership_test
