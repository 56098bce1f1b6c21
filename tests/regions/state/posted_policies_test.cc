// The policies of committed rows, as they are posted to readers.

#include <doctest/doctest.h>

#include <string>

#include "regions/state/committed.h"
#include "rows/policy/policy_rows.h"
#include "tests/regions/parts.h"

namespace anabranch::posted_policies_test {

using regions::CommittedState;
using regions::Group;
using rows::PolicyKind;
using rows::PolicyScope;
using rows::SnapshotReader;
using test::Parts;

namespace {

const PolicyScope kDoc{.space = "\x01", .prefix = "doc/"};

void set_policy(Group& group, PolicyKind kind) {
  group.put(rows::policy_path(kDoc), rows::encode_policy({.kind = kind}));
}

SnapshotReader newest(const Parts& parts) {
  return SnapshotReader::newest(parts.storage, parts.state.names());
}

// Returns the policy that decides for a document, as text; "-" if no row does.
std::string rule(const rows::PolicyTable& policies) {
  const rows::PolicyRow* const row = policies.find(kDoc.space, "doc/1");
  return row == nullptr ? "-" : row->policy.text();
}

}  // namespace

TEST_SUITE("regions: posted policies") {
  TEST_CASE("readers share the policies of the newest commit, and keep those of an earlier one") {
    Parts eu("eu", 1);
    const SnapshotReader before = newest(eu);
    const SnapshotReader early = newest(eu);  // Does not ask before the change.
    CHECK(before.policies() == eu.state.policies());
    eu.write([](Group& group) { set_policy(group, PolicyKind::kMax); });
    CHECK(rule(*eu.state.policies()) == "max");
    CHECK(newest(eu).policies() == eu.state.policies());
    CHECK(eu.state.reader()->policies() == eu.state.policies());
    CHECK(rule(*before.policies()) == "-");
    CHECK(rule(*early.policies()) == "-");
  }

  TEST_CASE("a commit without rows of policies leaves the posted ones as they are") {
    Parts eu("eu", 1);
    eu.write([](Group& group) { set_policy(group, PolicyKind::kMin); });
    const SnapshotReader before = newest(eu);
    eu.put("k", "v");
    CHECK(before.policies() == newest(eu).policies());
  }

  TEST_CASE("a policy is in force for reads of its own transaction") {
    Parts eu("eu", 1);
    eu.write([](Group& group) {
      CHECK(rule(*group.stage().policies()) == "-");
      set_policy(group, PolicyKind::kMax);
      CHECK(rule(*group.stage().policies()) == "max");
    });
  }

  TEST_CASE("an opened directory posts the policies of its rows") {
    Parts eu("eu", 1);
    eu.write([](Group& group) { set_policy(group, PolicyKind::kMax); });
    CommittedState again(eu.storage, {});
    REQUIRE(again.load().value());
    CHECK(rule(*again.policies()) == "max");
    CHECK(SnapshotReader::newest(eu.storage, again.names()).policies() == again.policies());
  }

  TEST_CASE("after a failed commit of a policy readers have those of the rows that are there") {
    Parts eu("eu", 1);
    eu.write([](Group& group) { set_policy(group, PolicyKind::kMax); });
    eu.storage.set_faults({.fail_commit = 1});
    test::write(eu.writer, [](Group& group) { set_policy(group, PolicyKind::kMin); });
    REQUIRE_FALSE(eu.writer.commit().ok());
    CHECK(rule(*eu.state.policies()) == "max");
    CHECK(rule(*newest(eu).policies()) == "max");
  }
}

}  // namespace anabranch::posted_policies_test
