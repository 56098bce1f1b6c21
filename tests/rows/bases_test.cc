// The base of a put: the value that its policy shows among those that it replaces.

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "rows/bases.h"
#include "tests/rows/empty_state.h"

namespace anabranch::bases_test {

using core::Path;
using core::VersionVector;
using rows::PolicyKind;
using rows::PolicyRow;
using rows::Resolvers;
using test::EmptyState;

namespace {

const Path kDoc{"\1", "doc/1", "s"};

PolicyRow policy(const std::string& prefix, PolicyKind kind, bool keep_base,
                 const std::string& name = {}) {
  PolicyRow row{.scope = {.space = "\1", .prefix = prefix}, .policy = {.kind = kind}};
  row.policy.keep_base = keep_base;
  row.policy.name = name;
  return row;
}

// The values of the origins 1, 2 ..., each written later than those before.
crdt::Cell cell(const std::vector<std::string>& values) {
  crdt::Cell cell;
  for (std::size_t i = 0; i < values.size(); ++i) {
    cell.add({.dot = {i + 1, 1},
              .hlc = core::Hlc::of(static_cast<core::Millis>(1000 + i), 0),
              .value = values[i],
              .base = "older"});
  }
  return cell;
}

const VersionVector kAll{{1, 9}, {2, 9}, {3, 9}};

std::string base(const PolicyRow& policy, const std::vector<std::string>& values,
                 const VersionVector& context = kAll, const Resolvers& resolvers = Resolvers({})) {
  const EmptyState state({policy});
  return rows::base_of_put(state, kDoc, cell(values), context, resolvers).value_or("none");
}

}  // namespace

TEST_SUITE("rows: bases") {
  TEST_CASE("bases are kept where the policy in force says so, and nowhere else") {
    const EmptyState state({policy("doc/", PolicyKind::kLww, true),
                            policy("doc/no", PolicyKind::kLww, false),
                            policy("x", PolicyKind::kUnknown, false)});
    CHECK(rows::keeps_bases(state, kDoc));
    CHECK_FALSE(rows::keeps_bases(state, Path{"\1", "doc/no", "s"}));
    CHECK_FALSE(rows::keeps_bases(state, Path{"\1", "doc", "s"}));
    CHECK_FALSE(rows::keeps_bases(state, Path{"\2", "doc/1", "s"}));
    CHECK_FALSE(rows::keeps_bases(state, Path{"\1", "x", "s"}));
    CHECK_FALSE(rows::keeps_bases(EmptyState(), kDoc));
  }

  TEST_CASE("bases are kept of values between which a policy decides, of no others") {
    const EmptyState state({policy("", PolicyKind::kMax, true)});
    const auto keeps = [&](const Path& path) { return rows::keeps_bases(state, path); };
    CHECK(keeps({"\1", "k", "s"}));
    CHECK(keeps({"\1", "k", "h", "f", "s"}));
    CHECK(keeps({"\1", "k", "l", "position"}));
    CHECK_FALSE(keeps({"\1", "k", "f"}));
    CHECK_FALSE(keeps({"\1", "k", "E", "element"}));
    CHECK_FALSE(keeps({"\1", "k", "t", "run"}));
    CHECK_FALSE(keeps({"\1", "k", "l", "m", "moved"}));
    CHECK_FALSE(keeps({"\1", "k", "x"}));
    CHECK_FALSE(keeps({std::string(1, '\0'), "policy", "\1", "k"}));
  }

  TEST_CASE("a put over one value has that as its base, and over none no base") {
    CHECK(base(policy("", PolicyKind::kLww, true), {"1"}) == "1");
    CHECK(base(policy("", PolicyKind::kLww, true), {}) == "none");
    CHECK(base(policy("", PolicyKind::kLww, true), {""}) == "");
  }

  TEST_CASE("of several values the base is the one that the policy shows") {
    const std::vector<std::string> values{"9", "10", "8"};
    CHECK(base(policy("", PolicyKind::kLww, true), values) == "8");
    CHECK(base(policy("", PolicyKind::kSiblings, true), values) == "8");
    CHECK(base(policy("", PolicyKind::kMax, true), values) == "10");
    const Resolvers resolvers({}, {Resolver("f", [](const Conflict& conflict) {
                                return conflict.siblings.front().value + *conflict.siblings[0].base;
                              })});
    CHECK(base(policy("", PolicyKind::kNative, true, "f"), values, kAll, resolvers) == "9older");
    CHECK(base(policy("", PolicyKind::kNative, true, "g"), values, kAll, resolvers) == "8");
  }

  TEST_CASE("values that a put does not replace have no part in its base") {
    const std::vector<std::string> values{"9", "10", "8"};
    CHECK(base(policy("", PolicyKind::kMax, true), values, {{1, 1}, {3, 1}}) == "9");
    CHECK(base(policy("", PolicyKind::kLww, true), values, {{2, 1}}) == "10");
    CHECK(base(policy("", PolicyKind::kLww, true), values, {{4, 1}}) == "none");
  }
}

}  // namespace anabranch::bases_test
