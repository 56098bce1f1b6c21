// The judge of shown values, and policies over a network that loses and reorders.

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "rows/policy/policy_rows.h"
#include "tests/policies_oracle.h"
#include "tests/sim/network.h"

namespace anabranch::policies_test {

using core::Path;
using regions::Group;
using rows::PolicyKind;
using rows::PolicyScope;
using test::Network;
using test::PoliciesOracle;

namespace {

struct Value {
  std::string value;
};
using Cells = std::map<Path, std::vector<Value>>;

PolicyScope scope(std::string prefix) { return {.space = "\1", .prefix = std::move(prefix)}; }
std::string bytes(PolicyKind kind) { return rows::encode_policy({.kind = kind}); }
Path set_at(const std::string& prefix) { return rows::policy_path(scope(prefix)); }
Path proposed_at(const std::string& prefix, const std::string& region) {
  return rows::proposal_path(scope(prefix), region);
}

// The value shown at a key with these concurrent values; "-" if nobody can tell.
std::string shown(const Cells& policies, const Path& path, const PoliciesOracle::Values& values) {
  return PoliciesOracle(policies).shown(path, values).value_or("-");
}
std::string shown(const Cells& policies, const std::string& key = "k1") {
  return shown(policies, {"\1", key, "s"}, {"10", "9", "text"});
}

}  // namespace

TEST_SUITE("sim: policies") {
  TEST_CASE("the judge: the longest prefix decides, set before proposed, the last setting") {
    CHECK(shown({}) == "text");
    CHECK(shown({{set_at("k"), {{bytes(PolicyKind::kMin)}}}}) == "9");
    CHECK(shown({{set_at("k"), {{bytes(PolicyKind::kMin)}}},
                 {set_at(""), {{bytes(PolicyKind::kMax)}}}}) == "9");
    CHECK(shown({{set_at("k"), {{bytes(PolicyKind::kMin)}}}}, "other") == "text");
    CHECK(shown({{set_at("k"), {{bytes(PolicyKind::kLww)}, {bytes(PolicyKind::kMin)}}}}) == "9");
    CHECK(shown({{proposed_at("k", "us"), {{bytes(PolicyKind::kMin)}}},
                 {proposed_at("k", "eu"), {{bytes(PolicyKind::kNone)}}}}) == "9");
    CHECK(shown({{set_at("k"), {{bytes(PolicyKind::kNone)}}},
                 {proposed_at("k", "us"), {{bytes(PolicyKind::kMin)}}}}) == "text");
  }

  TEST_CASE("the judge: a policy that cannot be read shows nothing, where it decides") {
    const Cells unknown{{set_at("k"), {{"\xc1"}}}};
    CHECK(shown(unknown) == "-");
    CHECK(shown(unknown, "other") == "text");
    CHECK(shown(unknown, {"\1", "k", "s"}, {"alone"}) == "alone");
    CHECK(shown(unknown, {"\1", "k", "f"}, {"0", "1"}) == "1");
    CHECK(shown(unknown, {"\2", "k", "s"}, {"a", "b"}) == "b");
  }

  TEST_CASE("the judge: types with rules of their own ask no policy") {
    const Cells max{{set_at(""), {{bytes(PolicyKind::kMax)}}}};
    CHECK(shown(max, {"\1", "k", "F"}, {"1", "0"}) == "0");
    CHECK(shown(max, {"\1", "k", "E", "x"}, {"0", "1"}) == "0");
    CHECK(shown(max, {"\1", "k", "t", "at"}, {"b", "a"}) == "a");
    CHECK(shown(max, {"\1", "k", "h", "field", "s"}, {"9", "10", "1"}) == "10");
    CHECK(shown(max, {"\1", "k", "l", "at"}, {"2.5", "1"}) == "2.5");
  }

  TEST_CASE("regions with the same writes show the same while policies come and go in a storm") {
    Network network(7);
    network.mesh(3);
    network.set_weather({.loss = 0.2, .repeat = 0.1, .delay_ms_max = 200, .reorder = true});
    const std::vector<PolicyKind> kinds{PolicyKind::kMax, PolicyKind::kMin, PolicyKind::kLww,
                                        PolicyKind::kNone};
    for (std::size_t round = 0; round < 60; ++round) {
      const Network::Index at = round % 3;
      network.write(at, [&](Group& group) {
        group.put({"\1", "k" + std::to_string(round % 5), "s"}, std::to_string(97 * round % 50));
        const std::string prefix = round % 4 == 0 ? "" : "k" + std::to_string(round % 5);
        if (round % 2 == 0) group.put(set_at(prefix), bytes(kinds[round / 2 % kinds.size()]));
        if (round % 7 == 0) group.put(proposed_at("k", "r1"), bytes(PolicyKind::kMax));
      });
      network.run(50);
      REQUIRE(network.wrong() == "");
    }
    network.set_weather({});
    REQUIRE(network.run_until_equal(60'000));
    CHECK(network.wrong() == "");
  }
}

}  // namespace anabranch::policies_test
