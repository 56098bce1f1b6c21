// Policies as a leader sets, removes and proposes them, and its word about those of others.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "regions/policies.h"
#include "tests/regions/origins.h"
#include "tests/regions/parts.h"

namespace anabranch::policies_test {

using regions::Group;
using regions::LocalRules;
using regions::Policies;
using rows::PolicyKind;
using rows::PolicyScope;
using test::kLink;
using test::kUs;
using test::Parts;

namespace {

PolicyScope scope(std::string prefix) { return {.space = "\1", .prefix = std::move(prefix)}; }

Resolver nearest() {
  return {"nearest", [](const Conflict&) { return std::optional<std::string>("here"); }};
}

struct PoliciesWorld : Parts {
  rows::Resolvers resolvers{{}, {nearest()}};
  Policies policies;

  explicit PoliciesWorld(Policies::Proposals proposals = {}, bool follows = false)
      : Parts("eu", 1, follows),
        policies({state, exchange, writer, alarms}, &resolvers, std::move(proposals)) {
    state.join(policies);
    policies.look();
  }
  void set(const std::string& prefix, PolicyKind kind, const std::string& name = {}) {
    REQUIRE(policies.set(scope(prefix), {.kind = kind, .name = name}).ok());
    REQUIRE(writer.commit().ok());
  }
  void remove(const std::string& prefix) {
    REQUIRE(policies.remove(scope(prefix)).ok());
    REQUIRE(writer.commit().ok());
  }
  void write_row(const core::Path& path, const std::string& value) {
    write([&](Group& group) { group.put(path, value); });
  }
  void propose_elsewhere(const std::string& prefix, const std::string& region, PolicyKind kind) {
    write_row(rows::proposal_path(scope(prefix), region), rows::encode_policy({.kind = kind}));
  }
  // The policy that decides for a key, as text; "-" if none does.
  [[nodiscard]] std::string rule(const std::string& key) const {
    const rows::PolicyRow* const row = state.policies()->find("\1", key);
    return row == nullptr ? "-" : row->policy.text();
  }
  // A heartbeat of region us comes.
  void hear(const LocalRules& rules, core::Millis now) {
    regions::Heartbeat beat{.applied = {}, .durable = {}, .hlc = {}};
    beat.rules = rules;
    policies.on(kLink, beat, now);
  }
  [[nodiscard]] std::vector<std::string> take_lines() {
    std::vector<std::string> lines;
    for (const regions::Effect& effect : std::exchange(effects, {})) {
      if (const auto* alarm = std::get_if<regions::Alarm>(&effect)) lines.push_back(alarm->text);
      if (const auto* notice = std::get_if<regions::Notice>(&effect)) lines.push_back(notice->text);
    }
    return lines;
  }
};

// The reason for which something was not done.
std::string refusal(const core::Result<void>& done) {
  return done.ok() ? std::string("done") : done.failure().message;
}

}  // namespace

TEST_SUITE("regions: policies") {
  TEST_CASE("a policy is set, replaced and removed, and the next shorter prefix then decides") {
    PoliciesWorld eu;
    eu.set("", PolicyKind::kMin);
    eu.set("bids/", PolicyKind::kMax);
    CHECK(eu.rule("bids/1") == "max");
    CHECK(eu.rule("other") == "min");
    eu.set("bids/", PolicyKind::kSiblings);
    CHECK(eu.rule("bids/1") == "siblings");
    eu.remove("bids/");
    CHECK(eu.rule("bids/1") == "min");
  }

  TEST_CASE("setting the same again writes nothing, and neither does removing again") {
    PoliciesWorld eu;
    eu.set("bids/", PolicyKind::kMax);
    const storage::Position set = eu.storage.last_position();
    eu.set("bids/", PolicyKind::kMax);
    CHECK(eu.storage.last_position() == set);
    eu.remove("bids/");
    const storage::Position removed = eu.storage.last_position();
    CHECK(removed > set);
    eu.remove("bids/");
    CHECK(eu.storage.last_position() == removed);
  }

  TEST_CASE("a policy that nobody set or proposed is not removed") {
    PoliciesWorld eu;
    eu.set("bids/", PolicyKind::kMax);
    const std::string why = refusal(eu.policies.remove(scope("bids")));
    CHECK(why.find("there is no policy of database 0 \"bids\"") == 0);
    CHECK_FALSE(eu.writer.dirty());
  }

  TEST_CASE("what cannot be set is refused with the remedy") {
    PoliciesWorld eu;
    const std::string native =
        refusal(eu.policies.set(scope(""), {.kind = PolicyKind::kNative, .name = "farthest"}));
    CHECK(native.find("no function \"farthest\"") != native.npos);
    CHECK(native.find("Options::functions") != native.npos);
    const auto prefix = [](std::size_t size) { return scope(std::string(size, 'p')); };
    CHECK(eu.policies.set(prefix(Policies::kPrefixBytesMax), {.kind = PolicyKind::kMax}).ok());
    const auto longer =
        eu.policies.set(prefix(Policies::kPrefixBytesMax + 1), {.kind = PolicyKind::kMax});
    REQUIRE_FALSE(longer.ok());
    CHECK(longer.failure().code == ErrorCode::kTooLarge);
    REQUIRE(eu.writer.commit().ok());
    PoliciesWorld follower({}, true);
    CHECK_THROWS_AS((void)follower.policies.set(scope(""), {.kind = PolicyKind::kMax}), Error);
  }

  TEST_CASE("there are at most a thousand in force, and those there are can still be changed") {
    PoliciesWorld eu;
    for (std::size_t i = 0; i < Policies::kInForceMax; ++i) {
      REQUIRE(eu.policies.set(scope(std::to_string(i)), {.kind = PolicyKind::kMax}).ok());
    }
    REQUIRE(eu.writer.commit().ok());
    const auto one_more = eu.policies.set(scope("x"), {.kind = PolicyKind::kMax});
    REQUIRE_FALSE(one_more.ok());
    CHECK(one_more.failure().code == ErrorCode::kTooLarge);
    eu.set("5", PolicyKind::kMin);
    eu.remove("7");
    eu.set("x", PolicyKind::kMax);
    CHECK(eu.rule("x") == "max");
  }

  TEST_CASE("proposals are announced once, and count until a policy is set") {
    PoliciesWorld eu({{scope("bids/"), {.kind = PolicyKind::kMax}}});
    CHECK(eu.rule("bids/1") == "-");
    REQUIRE(eu.policies.announce().ok());
    CHECK(eu.rule("bids/1") == "max");
    const storage::Position announced = eu.storage.last_position();
    REQUIRE(eu.policies.announce().ok());
    CHECK(eu.storage.last_position() == announced);
    eu.set("bids/", PolicyKind::kMin);
    CHECK(eu.rule("bids/1") == "min");
    eu.remove("bids/");
    CHECK(eu.rule("bids/1") == "-");
  }

  TEST_CASE(
      "of several regions' proposals that of the least name counts, and none proposes nothing") {
    PoliciesWorld eu({{scope("bids/"), {.kind = PolicyKind::kMax}}});
    REQUIRE(eu.policies.announce().ok());
    eu.propose_elsewhere("bids/", "us", PolicyKind::kMin);
    CHECK(eu.rule("bids/1") == "max");
    eu.propose_elsewhere("bids/", "ap", PolicyKind::kSiblings);
    CHECK(eu.rule("bids/1") == "siblings");
    eu.propose_elsewhere("bids/", "ap", PolicyKind::kNone);
    CHECK(eu.rule("bids/1") == "max");
  }

  TEST_CASE("a leader withdraws what its region no longer proposes, and nothing of other regions") {
    PoliciesWorld eu(
        {{scope("new/"), {.kind = PolicyKind::kMax}}, {scope("same/"), {PolicyKind::kMin}}});
    eu.propose_elsewhere("old/", "eu", PolicyKind::kMin);
    eu.propose_elsewhere("same/", "eu", PolicyKind::kMin);
    eu.propose_elsewhere("theirs/", "us", PolicyKind::kMin);
    eu.set("set/", PolicyKind::kMin);
    REQUIRE(eu.policies.announce().ok());
    CHECK(eu.rule("old/") == "-");
    CHECK(eu.rule("new/") == "max");
    CHECK(eu.rule("same/") == "min");
    CHECK(eu.rule("theirs/") == "min");
    CHECK(eu.rule("set/") == "min");
  }

  TEST_CASE(
      "a leader that has nothing to announce writes nothing, and a follower announces nothing") {
    PoliciesWorld eu;
    const storage::Position last = eu.storage.last_position();
    REQUIRE(eu.policies.announce().ok());
    CHECK(eu.storage.last_position() == last);
    PoliciesWorld follower({{scope(""), {.kind = PolicyKind::kMax}}}, true);
    REQUIRE(follower.policies.announce().ok());
    CHECK(follower.rule("k") == "-");
  }

  TEST_CASE("proposals without room are announced later, and no row is read until there is room") {
    constexpr std::uint64_t kReserve = 1000;
    const PolicyScope proposed = scope(std::string(500, 'p'));
    Parts eu("eu", 1);
    regions::LocalWriter writer(eu.state, eu.exchange, {.nonce = 1, .reserve_bytes = kReserve});
    Policies policies({eu.state, eu.exchange, writer, eu.alarms}, nullptr,
                      {{proposed, {.kind = PolicyKind::kMax}}});
    eu.state.join(policies);
    policies.look();
    const auto leave = [&](std::uint64_t free) {
      eu.storage.set_faults({.room = {.outside = free, .inside = 0}});
      writer.reserve().look();
    };
    // While the table has a row that cannot be read, all that read it fail.
    const auto write_to_table = [&](std::optional<std::string> bytes) {
      std::vector<storage::Change> changes;
      changes.push_back({storage::Table::kRows, core::row_key(rows::policies_path().child("\1")),
                         std::move(bytes)});
      REQUIRE(eu.storage.commit({}, changes).ok());
    };
    write_to_table("no row");
    leave(kReserve / 2);
    CHECK(policies.announce().ok());
    write_to_table({});
    leave(2 * kReserve);  // Enough for writes, and too little for this one.
    CHECK_FALSE(writer.reserve().full());
    CHECK(policies.announce().ok());
    write_to_table("no row");
    CHECK(policies.announce().ok());
    write_to_table({});
    CHECK(eu.state.policies()->empty());
    leave(10 * kReserve);
    REQUIRE(policies.announce().ok());
    CHECK(eu.state.policies()->in_force().contains(proposed));
    write_to_table("no row");
    Policies next({eu.state, eu.exchange, writer, eu.alarms}, nullptr, {});
    CHECK_FALSE(next.announce().ok());
  }

  TEST_CASE("a policy that this version does not know is told once, and stands in the status") {
    PoliciesWorld eu;
    eu.write_row(rows::policy_path(scope("doc/")), "bytes of the future");
    eu.put("k", "v");
    const std::vector<std::string> lines = eu.take_lines();
    REQUIRE(lines.size() == 1);
    CHECK(lines.front().find("the policy of database 0 \"doc/\" cannot be read") == 0);
    CHECK(lines.front().find("upgrade this leader") != std::string::npos);
    CHECK(eu.policies.troubles() == lines);
    eu.set("other/", PolicyKind::kMax);
    CHECK(eu.take_lines().empty());
    eu.set("doc/", PolicyKind::kMax);
    CHECK(eu.policies.troubles().empty());
  }

  TEST_CASE("a function that this leader lacks is told, and named in its heartbeats") {
    PoliciesWorld eu;
    eu.set("geo/", PolicyKind::kNative, "nearest");
    CHECK(eu.take_lines().empty());
    CHECK(eu.policies.rules() == LocalRules{});
    eu.write_row(rows::policy_path(scope("geo/")),
                 rows::encode_policy({.kind = PolicyKind::kNative, .name = "farthest"}));
    const std::vector<std::string> lines = eu.take_lines();
    REQUIRE(lines.size() == 1);
    CHECK(lines.front().find("\"farthest\", which this leader lacks") != std::string::npos);
    CHECK(eu.policies.rules().absent == std::vector<std::string>{"farthest"});
  }

  TEST_CASE("a peer with other functions is told to the log when that changes, and to the status") {
    PoliciesWorld eu;
    eu.greet(kLink, "us", kUs);
    eu.hear(LocalRules{}, 0);
    CHECK(eu.take_lines().empty());
    CHECK_FALSE(eu.policies.resolvers_differ(kUs));
    const LocalRules other{core::Hash128{1, 2}, {"nearest"}};
    eu.hear(other, 1000);
    eu.hear(other, 2000);
    const std::vector<std::string> lines = eu.take_lines();
    REQUIRE(lines.size() == 1);
    CHECK(lines.front().find("region us has other resolvers") == 0);
    CHECK(lines.front().find("lacks the functions \"nearest\"") != std::string::npos);
    CHECK(eu.policies.resolvers_differ(kUs));
    CHECK(eu.policies.absent_functions(kUs) == "nearest");
    eu.hear(LocalRules{}, 3000);
    CHECK_FALSE(eu.policies.resolvers_differ(kUs));
    CHECK(eu.take_lines().empty());
    eu.hear(LocalRules{}, 3000 + Policies::kTellMs);
    CHECK(eu.take_lines().size() == 1);
  }
}

}  // namespace anabranch::policies_test
