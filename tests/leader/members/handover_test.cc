// The lead of a region goes from one real leader to another, and nothing is lost.
#include "leader/members/handover.h"

#include <functional>
#include <memory>
#include <string>

#include <doctest/doctest.h>

#include <anabranch/anabranch.h>

#include "leader/leader.h"
#include "tests/leader/store_world.h"

namespace anabranch::handover_test {

using leader::HandoverStatus;
using leader::Leader;
using test::code_of;
using Word = Register<std::string>;
using State = HandoverStatus::State;

namespace {

// eu-1, the leader of eu, and eu-2, its follower.
struct World {
  test::TempDir folder;
  std::unique_ptr<Leader> first;
  std::unique_ptr<Leader> second;

  World() {
    first = opened("eu-1", false);
    second = opened("eu-2", true);
  }
  [[nodiscard]] std::unique_ptr<Leader> opened(const std::string& name, bool follows) {
    Options options = test::listening(folder, name);
    options.region = "eu";
    options.node_name = name;
    options.follower = follows;
    if (first) options.peers = {first->status().endpoint};
    if (second) options.peers = {second->status().endpoint};
    return Leader::open(options).value_or_raise();
  }
  void turn() const {
    if (first) first->turn();
    if (second) second->turn();
  }
  [[nodiscard]] bool until(const std::function<bool()>& condition) const {
    return test::eventually([&] { return turn(), condition(); });
  }
  // Until the leader knows that the other one may take the lead.
  [[nodiscard]] bool knows(const Leader& leader, const std::string& name) const {
    return until([&] {
      for (const MemberStatus& each : leader.status().members) {
        if (each.name == name && each.fresh && each.lag_ms >= 0) return true;
      }
      return false;
    });
  }
  [[nodiscard]] bool hand_over(Leader& from, const std::string& name) const {
    if (!knows(from, name)) return false;
    from.begin_handover(name).value_or_raise();
    return until([&] { return !from.handover().under_way(); }) &&
           from.handover().state == State::kDone;
  }
};

void put(Leader& leader, const std::string& key, const std::string& value) {
  Word{leader.scope(), key}.put(value);
  leader.commit().value_or_raise();
}

}  // namespace

TEST_SUITE("leader: handover") {
  TEST_CASE("the lead goes over with all writes, under origins that stay, and comes back") {
    World eu;
    put(*eu.first, "before", "1");
    const std::string origins[] = {eu.first->status().origin, eu.second->status().origin};
    REQUIRE(eu.hand_over(*eu.first, "eu-2"));
    CHECK(eu.first->status().follower);
    CHECK_FALSE(eu.second->status().follower);
    CHECK(Word{eu.second->scope(), "before"}.get() == "1");
    CHECK(code_of([&] { put(*eu.first, "key", "2"); }) == ErrorCode::kReadOnly);
    put(*eu.second, "key", "2");
    CHECK(eu.until([&] { return eu.second->digest() == eu.first->digest(); }));
    REQUIRE(eu.hand_over(*eu.second, "eu-1"));
    put(*eu.first, "key", "3");
    CHECK(eu.until([&] { return eu.second->digest() == eu.first->digest(); }));
    CHECK(eu.first->status().origin == origins[0]);
    CHECK(eu.second->status().origin == origins[1]);
    CHECK(code_of([&] { put(*eu.second, "key", "4"); }) == ErrorCode::kReadOnly);
  }

  TEST_CASE("it goes to and fro without a pause, and each time the heir takes it") {
    World eu;
    REQUIRE(eu.knows(*eu.first, "eu-2"));
    REQUIRE(eu.knows(*eu.second, "eu-1"));
    const auto listed = [&] { return eu.second->status().regions.size(); };
    const std::size_t regions = listed();
    for (int i = 0; i < 20; ++i) {
      Leader& from = i % 2 == 0 ? *eu.first : *eu.second;
      Leader& to = i % 2 == 0 ? *eu.second : *eu.first;
      CAPTURE(i);
      put(from, "key", std::to_string(i));
      REQUIRE(eu.hand_over(from, i % 2 == 0 ? "eu-2" : "eu-1"));
      CHECK(from.follows());
      REQUIRE(eu.until([&] { return !to.follows(); }));
      CHECK(Word{to.scope(), "key"}.get() == std::to_string(i));
    }
    CHECK(listed() == regions);
    CHECK(eu.until([&] { return eu.second->digest() == eu.first->digest(); }));
    CHECK(eu.first->status().applied.size() == 2);  // Two origins, however often.
  }

  TEST_CASE("both go on after a start as they were, whatever the former leader is set to") {
    World eu;
    REQUIRE(eu.hand_over(*eu.first, "eu-2"));
    const std::string origin = eu.second->status().origin;
    eu.first.reset();
    eu.first = eu.opened("eu-1", false);
    CHECK(eu.first->status().follower);
    eu.second.reset();
    eu.second = eu.opened("eu-2", false);
    CHECK_FALSE(eu.second->status().follower);
    CHECK(eu.second->status().origin == origin);
    put(*eu.second, "key", "1");
    CHECK(eu.until([&] { return eu.second->digest() == eu.first->digest(); }));
    REQUIRE(eu.hand_over(*eu.second, "eu-1"));  // Under a reign above the first one.
    CHECK_FALSE(eu.first->status().follower);
  }

  TEST_CASE("while it leaves it takes no writes of applications") {
    World eu;
    REQUIRE(eu.knows(*eu.first, "eu-2"));
    eu.first->begin_handover({}).value_or_raise();
    CHECK(eu.first->handover().state == State::kLeaves);
    CHECK(eu.first->handover().member == "eu-2");
    std::string message;
    CHECK(code_of([&] { put(*eu.first, "key", "1"); }, &message) == ErrorCode::kReadOnly);
    CHECK(message.find("hands its lead over") != std::string::npos);
    CHECK(eu.first->begin_handover({}).failure().message.find("already") != std::string::npos);
    CHECK(eu.until([&] { return eu.first->handover().state == State::kDone; }));
    const auto leader = eu.first->region_leader();
    REQUIRE(leader);
    CHECK(leader->name == "eu-2");
  }

  TEST_CASE("where nobody can take the lead it is refused, and nothing changes") {
    World eu;
    REQUIRE(eu.knows(*eu.first, "eu-2"));
    const auto refused = [&](Leader& leader, const std::string& name) {
      const auto begun = leader.begin_handover(name);
      CHECK(leader.handover().state == State::kNone);
      return begun.ok() ? "" : begun.failure().message;
    };
    CHECK(refused(*eu.first, "eu-3").find("has no member eu-3") != std::string::npos);
    CHECK(refused(*eu.first, "eu-1").find("is this one") != std::string::npos);
    CHECK(refused(*eu.second, {}).find("this member follows") != std::string::npos);
    eu.second.reset();
    CHECK(eu.until([&] {
      return refused(*eu.first, "eu-2").find("has no direct link") != std::string::npos;
    }));
    put(*eu.first, "key", "1");
    CHECK(Word{eu.first->scope(), "key"}.get() == "1");
  }

  TEST_CASE("where the heir goes away meanwhile the leader leads on") {
    World eu;
    REQUIRE(eu.knows(*eu.first, "eu-2"));
    eu.first->begin_handover("eu-2").value_or_raise();  // Its row is not at the heir yet.
    eu.second.reset();
    CHECK(eu.until([&] { return !eu.first->handover().under_way(); }));
    CHECK(eu.first->handover().state == State::kFailed);
    CHECK(eu.first->handover().why.find("leads on") != std::string::npos);
    CHECK_FALSE(eu.first->status().follower);
    put(*eu.first, "key", "1");
    CHECK(Word{eu.first->scope(), "key"}.get() == "1");
  }

  TEST_CASE("an heir that dies before it leads is told of, and either may be promoted") {
    World eu;
    REQUIRE(eu.knows(*eu.first, "eu-2"));
    eu.first->begin_handover("eu-2").value_or_raise();
    // The heir takes the writes that it lacks, but is gone before it hears that it leads.
    CHECK(test::eventually([&] {
      eu.first->turn();
      if (eu.first->handover().state == State::kLeaves) eu.second->turn();
      return eu.first->handover().state == State::kNames;
    }));
    eu.second.reset();
    CHECK(eu.until([&] { return !eu.first->handover().under_way(); }));
    CHECK(eu.first->handover().state == State::kFailed);
    CHECK(eu.first->handover().why.find("promote") != std::string::npos);
    CHECK(eu.first->status().follower);
    eu.first->promote().value_or_raise();
    put(*eu.first, "key", "1");
    eu.second = eu.opened("eu-2", true);
    CHECK(eu.until([&] { return eu.second->digest() == eu.first->digest(); }));
    CHECK(eu.second->status().follower);  // The name of before has no effect any more.
  }
}

}  // namespace anabranch::handover_test
