// The orders of scores while policies change: stale at once, sorted from rows for readers, and made
// anew in slices.

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include <anabranch/error.h>

#include "regions/upkeep.h"
#include "rows/policy/policy_rows.h"
#include "rows/scores/ranking.h"
#include "rows/scores/score_check.h"
#include "storage/layout.h"
#include "tests/regions/ranked.h"
#include "tests/regions/receiver.h"

namespace anabranch::policy_orders_test {

using core::Path;
using regions::Group;
using regions::Upkeep;
using rows::PolicyKind;
using test::Parts;
using test::Receiver;

namespace {

Path set_of(const std::string& key) { return {"\1", key, "z"}; }

void set_policy(Group& group, const std::string& prefix, const rows::Policy& policy) {
  group.put(rows::policy_path({.space = "\1", .prefix = prefix}), rows::encode_policy(policy));
}

struct PolicyOrdersWorld : Receiver {
  Upkeep upkeep{state, writer, {.changes = 3, .looks = 2}};
  Parts us{"us", 2};

  PolicyOrdersWorld() : Receiver("eu", 1, {.own_rows_direct = 2, .foreign_rows_direct = 2}) {
    state.join(upkeep);
    state.watch(upkeep);
    finish();
  }
  // Both regions give members of a sorted set scores, concurrently: by the last written the members
  // are in another order than by the greatest.
  void fill(const std::string& key, int members = 5) {
    const auto member = [&](int i) { return set_of(key).child("m" + std::to_string(i)); };
    write([&](Group& group) {
      for (int i = 0; i < members; ++i) group.put(member(i), std::to_string(100 + i));
      group.put(set_of(key).child("alone"), "50");
    });
    us.clock.advance(10);
    take(us.write([&](Group& group) {
      for (int i = 0; i < members; ++i) group.put(member(i), std::to_string(members - i));
    }));
  }
  void set(const std::string& prefix, PolicyKind kind) {
    write([&](Group& group) { set_policy(group, prefix, {.kind = kind}); });
  }
  bool slice() {
    REQUIRE(++slices_ < 10'000);  // The work ends.
    REQUIRE(upkeep.sweep(writer.close_group()).ok());
    return upkeep.sweeping() || upkeep.ordering();
  }
  void finish() {
    while (upkeep.sweeping() || upkeep.ordering()) slice();
  }
  // The members as a reader of the newest state finds them, after a check of the ranks.
  [[nodiscard]] std::vector<std::string> ranked(const std::string& key) const {
    const auto reader = rows::SnapshotReader::newest(storage, state.names());
    return test::ranked(reader, rows::Decider(reader, none_), set_of(key));
  }
  // The same, sorted here by the scores of the rows.
  [[nodiscard]] std::vector<std::string> sorted(const std::string& key) const {
    const auto reader = state.reader();
    const rows::Decider decider(*reader, none_);
    return test::sorted(*reader, set_of(key), [&](const Path& path, const crdt::Row& row) {
      return decider.score(path, row);
    });
  }
  [[nodiscard]] rows::ScoreOrder order(const std::string& key) const {
    const auto reader = state.reader();
    return rows::find_order(*reader, *reader->masks(), set_of(key)).value();
  }
  [[nodiscard]] std::string wrong() const {
    std::string first;
    const rows::ScoreCheck check{.wrong =
                                     [&](std::string what) {
                                       if (first.empty()) first = std::move(what);
                                     },
                                 .scores = &state.scores(),
                                 .seed = state.scores().seed(),
                                 .reordering = !state.reorder().empty()};
    (void)rows::check_scores(*state.reader(), check);
    return first;
  }
  // Goes on to the end of all work, with readers that rank rightly all the while.
  void finish_with_readers(const std::vector<std::string>& keys) {
    for (bool more = true; more; more = slice()) {
      for (const std::string& key : keys) REQUIRE(ranked(key) == sorted(key));
      REQUIRE(wrong() == "");
    }
    CHECK(state.reorder().empty());
    CHECK_FALSE(has_meta(storage::kReorderKey));
    for (const std::string& key : keys) {
      CHECK(order(key).whole);
      CHECK(ranked(key) == sorted(key));
    }
    CHECK(wrong() == "");
  }

 private:
  rows::Resolvers none_{{}};
  std::size_t slices_ = 0;
};

}  // namespace

TEST_SUITE("regions: policies and orders of scores") {
  TEST_CASE("a changed policy is in force for ranks at once, and orders are made anew in slices") {
    PolicyOrdersWorld eu;
    for (const std::string key : {"a1", "a2", "a3", "b"}) eu.fill(key);
    const auto by_time = eu.ranked("a1");
    const auto other = eu.order("b").id;
    eu.set("a", PolicyKind::kMax);
    CHECK(eu.ranked("a1") == eu.sorted("a1"));
    CHECK(eu.ranked("a1") != by_time);
    CHECK(eu.ranked("b") == by_time);
    CHECK(eu.state.reorder().size() == 1);
    CHECK(eu.upkeep.orders_left() == 1);
    while (!eu.state.reorder().empty()) eu.slice();
    CHECK(eu.upkeep.orders_left() == 3);
    eu.finish_with_readers({"a1", "a2", "a3", "b"});
    CHECK(eu.upkeep.orders_left() == 0);
    CHECK(eu.order("b").id == other);
    CHECK(eu.order("a2").rule != 0);
    eu.set("a", PolicyKind::kNone);
    CHECK(eu.ranked("a1") == by_time);
    eu.finish_with_readers({"a1", "a2", "a3", "b"});
    CHECK(eu.order("a2").rule == 0);
  }

  TEST_CASE("a score that changes by the former rule alone is found when that rule comes back") {
    PolicyOrdersWorld eu;
    eu.fill("a");
    eu.set("a", PolicyKind::kMax);
    const Path member = set_of("a").child("m0");
    const auto reader = eu.state.reader();
    REQUIRE(eu.state.scores().of(member, reader->row(member), *reader) == 100);
    eu.us.clock.advance(10);
    eu.take(eu.us.write([&](Group& group) { group.put(member, "70"); }));  // Still less than 100.
    REQUIRE(eu.wrong() == "");
    eu.set("a", PolicyKind::kLww);
    CHECK(eu.ranked("a") == eu.sorted("a"));
    eu.finish_with_readers({"a"});
  }

  TEST_CASE("a policy that shows the last written leaves the orders as they are") {
    PolicyOrdersWorld eu;
    eu.fill("a");
    const auto before = eu.order("a").id;
    for (const PolicyKind kind : {PolicyKind::kLww, PolicyKind::kSiblings, PolicyKind::kNone}) {
      eu.set("a", kind);
      eu.finish_with_readers({"a"});
      CHECK(eu.order("a").id == before);
    }
  }

  TEST_CASE("a native policy decides no scores, whether its function is there or not") {
    PolicyOrdersWorld eu;
    eu.fill("a");
    const auto by_time = eu.ranked("a");
    eu.write([](Group& group) {
      set_policy(group, "a", {.kind = PolicyKind::kNative, .name = "first"});
    });
    CHECK(eu.ranked("a") == by_time);
    eu.finish_with_readers({"a"});
  }

  TEST_CASE("writes to a stale order, and to one that is being made, are ranked rightly") {
    PolicyOrdersWorld eu;
    eu.fill("a", 9);
    const auto add = [&](int i) {
      eu.write([&](Group& group) {
        group.put(set_of("a").child("new" + std::to_string(i)), std::to_string(i * 3));
        group.add(set_of("a").child("m" + std::to_string(i % 9)), core::Number::real(2));
      });
      REQUIRE(eu.ranked("a") == eu.sorted("a"));
      REQUIRE(eu.wrong() == "");
    };
    eu.set("a", PolicyKind::kMax);
    add(0);
    for (int i = 1; eu.slice(); ++i) {
      if (i % 3 == 0) add(i);
      if (i == 12) eu.set("a", PolicyKind::kMin);  // A rebuild is half done.
      if (i == 30) eu.set("", PolicyKind::kMax);   // Rules nothing here.
      REQUIRE(eu.ranked("a") == eu.sorted("a"));
      REQUIRE(eu.wrong() == "");
      REQUIRE(i < 1000);
    }
    CHECK(eu.state.policies()->find("\1", "a")->policy.kind == PolicyKind::kMin);
    eu.finish_with_readers({"a"});
  }

  TEST_CASE("members that come behind a policy in the same group are ordered in the end") {
    PolicyOrdersWorld eu;
    eu.fill("a");
    eu.us.clock.advance(10);
    eu.take(eu.us.write([](Group& group) {
      set_policy(group, "", {.kind = PolicyKind::kMax});
      group.put(set_of("a").child("m1"), "7");
      group.put(set_of("fresh").child("m"), "7");
    }));
    CHECK(eu.ranked("a") == eu.sorted("a"));
    CHECK(eu.ranked("fresh") == std::vector<std::string>{"m"});
    eu.finish_with_readers({"a", "fresh"});
  }

  TEST_CASE("a transaction ranks by its own policy, and by the old one when that is undone") {
    PolicyOrdersWorld eu;
    eu.fill("a");
    const auto by_time = eu.ranked("a");
    const rows::Resolvers none({});
    struct Undo {};
    const auto in_transaction = [&](Group& group) {
      set_policy(group, "a", {.kind = PolicyKind::kMax});
      const rows::Decider decider(group.stage(), none);
      std::vector<std::string> members;
      rows::Ranking(group.stage(), decider, set_of("a")).scan({}, [&](const ScoredEntry& entry) {
        members.push_back(entry.member);
        return true;
      });
      CHECK(members.size() == by_time.size());
      CHECK(members != by_time);
      throw Undo{};
    };
    CHECK_THROWS_AS(test::write(eu.writer, in_transaction), Undo);
    REQUIRE(eu.writer.commit().ok());
    CHECK(eu.ranked("a") == by_time);
    CHECK(eu.state.reorder().empty());
    CHECK(eu.wrong() == "");
  }

  TEST_CASE("a large clear makes a stale order void, and its members do not come back") {
    PolicyOrdersWorld eu;
    eu.fill("a");
    eu.set("a", PolicyKind::kMax);
    eu.write([](Group& group) { group.clear(set_of("a")); });
    CHECK(eu.ranked("a").empty());
    eu.write([](Group& group) { group.put(set_of("a").child("m1"), "1"); });
    CHECK(eu.ranked("a") == std::vector<std::string>{"m1"});
    CHECK(eu.wrong() == "");
    eu.finish_with_readers({"a"});
  }

  TEST_CASE("what is left to be looked at outlives a restart") {
    PolicyOrdersWorld eu;
    for (int i = 0; i < 9; ++i) eu.fill("a" + std::to_string(i));
    eu.set("a", PolicyKind::kMax);
    eu.slice();
    regions::CommittedState again(eu.storage, {});
    REQUIRE(again.load().value());
    REQUIRE_FALSE(again.reorder().empty());
    CHECK(again.reorder().next() == eu.state.reorder().next());
    CHECK(again.reorder().next() != again.reorder().keys());
    eu.finish();
    regions::CommittedState end(eu.storage, {});
    REQUIRE(end.load().value());
    CHECK(end.reorder().empty());
  }

  TEST_CASE("keys of prefixes that are longer than a key of the tables are found") {
    PolicyOrdersWorld eu;
    const std::string prefix(600, 'p');
    eu.fill(prefix + "in", 3);
    eu.fill(prefix.substr(0, 599) + "out", 3);
    const auto by_time = eu.ranked(prefix + "in");
    eu.set(prefix, PolicyKind::kMax);
    CHECK(eu.ranked(prefix + "in") != by_time);
    eu.finish_with_readers({prefix + "in", prefix.substr(0, 599) + "out"});
    CHECK(eu.ranked(prefix.substr(0, 599) + "out") == by_time);
    CHECK(eu.order(prefix.substr(0, 599) + "out").rule == 0);
    CHECK(eu.order(prefix + "in").rule != 0);
  }

  TEST_CASE("under a policy of a newer version batches are applied, and ranks are refused") {
    PolicyOrdersWorld eu;
    eu.fill("a");
    eu.fill("b");
    const std::string newer = "\x93\xa5wasm9\xc2\xc0";
    eu.write(
        [&](Group& group) { group.put(rows::policy_path({.space = "\1", .prefix = "a"}), newer); });
    eu.finish();
    CHECK_THROWS_AS((void)eu.ranked("a"), Error);
    CHECK(eu.ranked("b") == eu.sorted("b"));
    eu.us.clock.advance(10);
    eu.take(eu.us.write([](Group& group) { group.put(set_of("a").child("m1"), "7"); }));
    eu.write([](Group& group) { group.put(set_of("a").child("m2"), "8"); });
    CHECK(eu.wrong() == "");
    eu.set("a", PolicyKind::kMax);
    eu.finish_with_readers({"a", "b"});
  }

  TEST_CASE("scopes that were added again are walked from their beginning, and too many are all") {
    rows::ScoreReorder reorder;
    reorder.add({{.space = "\1", .prefix = "a"}, {.space = "\1", .prefix = "b"}});
    reorder.go_on_at("ca-further");
    CHECK(reorder.next() == "ca-further");
    reorder.add({{.space = "\1", .prefix = "a"}});
    CHECK(reorder.size() == 2);
    reorder.finish();
    CHECK(reorder.next() == reorder.keys());
    reorder.go_on_at("c");
    reorder.add_all();
    CHECK(reorder.size() == 1);
    CHECK(reorder.keys() == storage::kScoreOrderPrefix);
    for (std::size_t i = 0; i <= rows::ScoreReorder::kScopesMax; ++i) {
      reorder.add({{.space = "\1", .prefix = std::to_string(i)}});
    }
    CHECK(reorder.size() <= rows::ScoreReorder::kScopesMax);
  }
}

}  // namespace anabranch::policy_orders_test
