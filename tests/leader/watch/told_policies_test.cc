// Policies as watches are told of them.

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "leader/scopes/view.h"
#include "leader/watch/log_cursor.h"
#include "leader/watch/told.h"
#include "rows/policy/policy_rows.h"
#include "tests/node.h"

namespace anabranch::told_policies_test {

using core::Path;
using leader::LogCursor;
using regions::Group;
using rows::PolicyKind;

namespace {

const rows::PolicyScope kDoc{.space = "\1", .prefix = "doc/"};

// The batch of a transaction.
core::Batch batch_of(test::Node& node, const std::function<void(Group&)>& function) {
  const leader::LogSource source{
      node.storage(), node.replica().state().log(), node.replica().names(), "eu", {}};
  LogCursor cursor = LogCursor::now(source);
  node.write(1'000, function);
  core::Batch batch;
  REQUIRE(cursor.next(source, UINT64_MAX, batch) == LogCursor::Found::kBatch);
  return batch;
}

void set_max(Group& group) {
  group.put(rows::policy_path(kDoc), rows::encode_policy({.kind = PolicyKind::kMax}));
}

// Whether a watch of a database's keys with a prefix is told of a policy for doc/ of database 0.
bool is_told(const core::Batch& batch, std::uint8_t database, std::string_view keys) {
  return !leader::told_of(batch, leader::watched_prefix(database, keys)).empty();
}

}  // namespace

TEST_SUITE("leader: watched policies") {
  TEST_CASE("a policy is told to the watches whose keys it may rule, and to no others") {
    test::Node eu("eu", 1);
    const core::Batch batch = batch_of(eu, set_max);
    for (const char* keys : {"", "d", "doc/", "doc/1", "doc/1/2"}) {
      CAPTURE(keys);
      CHECK(is_told(batch, 0, keys));
      CHECK_FALSE(is_told(batch, 1, keys));
    }
    for (const char* keys : {"doc1", "do/", "e"}) {
      CAPTURE(keys);
      CHECK_FALSE(is_told(batch, 0, keys));
    }
    const auto told = leader::told_of(batch, leader::watched_prefix(0, "doc/1"));
    REQUIRE(told.size() == 1);
    REQUIRE(told[0].changes.all.size() == 1);
    const Change& change = told[0].changes.all[0];
    CHECK(change.kind == Change::Kind::kPolicy);
    CHECK(change.key == "doc/");
    CHECK(change.value == "max");
    CHECK(change.database == 0);
    CHECK(change.path.empty());
  }

  TEST_CASE("proposals are told, policies that are removed, and proposals that are withdrawn") {
    test::Node eu("eu", 1);
    const Path proposal = rows::proposal_path(kDoc, "eu");
    const std::string native = rows::encode_policy({.kind = PolicyKind::kNative, .name = "near"});
    const std::string none = rows::encode_policy({});
    (void)batch_of(eu, [&](Group& group) { group.put(proposal, native); });
    const core::Batch batch = batch_of(eu, [&](Group& group) {
      group.put(proposal, native);
      group.put(rows::policy_path(kDoc), none);
      group.remove(proposal);
      group.put(Path{"\1", "doc/1", "s"}, "v");
      group.put(Path{std::string_view("\0", 1), "region", "eu", "r"}, "v");
    });
    const auto told = leader::told_of(batch, leader::watched_prefix(0, "doc/"));
    REQUIRE(told.size() == 1);
    std::vector<std::string> values;
    for (const Change& each : told[0].changes.all) {
      CHECK((each.kind == Change::Kind::kPolicy) == (values.size() < 3));
      values.push_back(each.value);
    }
    CHECK(values == std::vector<std::string>{"native near", "none", "", "v"});
  }

  TEST_CASE(
      "a fingerprint covers the rule of its keys, also within the transaction that changes it") {
    test::Node eu("eu", 1);
    eu.write(1'000, [](Group& group) { group.put(Path{"\1", "doc/1", "s"}, "v"); });
    const rows::Resolvers none({});
    const auto of = [&](const rows::RowReader& rows, const Key& key) {
      return leader::View(rows, eu.replica().names(), none).fingerprint(key);
    };
    const auto now = [&](const Key& key) { return of(*eu.replica().reader(), key); };
    const Fingerprint doc = now(Key("doc/1"));
    const Fingerprint all = now(Key::all(0));
    const Fingerprint other = now(Key("other"));
    const Fingerprint database = now(Key::all(1));
    eu.write(1'000, [&](Group& group) {
      set_max(group);
      CHECK(of(group.stage(), Key("doc/1")) != doc);
    });
    CHECK(now(Key("doc/1")) != doc);
    CHECK(now(Key::all(0)) != all);
    CHECK(now(Key("other")) == other);
    CHECK(now(Key::all(1)) == database);
    eu.write(1'000,
             [&](Group& group) { group.put(rows::policy_path(kDoc), rows::encode_policy({})); });
    CHECK(now(Key("doc/1")) == doc);
  }
}

}  // namespace anabranch::told_policies_test
