// The policies in force: precedence, the longest prefix, and changes from one table to the next.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "rows/policy/policy_table.h"
#include "tests/crdt/random.h"
#include "tests/seed.h"

namespace anabranch::policy_table_test {

using core::Path;
using rows::Policy;
using rows::PolicyKind;
using rows::PolicyRow;
using rows::PolicyScope;
using rows::PolicyTable;
using test::Random;

namespace {

const std::string kSpace = "\x01";

PolicyRow set(std::string prefix, PolicyKind kind) {
  return {.scope = {.space = kSpace, .prefix = std::move(prefix)}, .policy = {.kind = kind}};
}

PolicyRow proposed(std::string prefix, std::string region, PolicyKind kind) {
  PolicyRow row = set(std::move(prefix), kind);
  row.region = std::move(region);
  return row;
}

// Returns the word of the policy that decides for a key; "-" if no row does.
std::string rule(const PolicyTable& table, std::string_view key) {
  const PolicyRow* const row = table.find(kSpace, key);
  return row == nullptr ? "-" : row->policy.text();
}

std::vector<std::string> prefixes(const std::vector<PolicyScope>& scopes) {
  std::vector<std::string> prefixes;
  for (const PolicyScope& each : scopes) prefixes.push_back(each.prefix);
  return prefixes;
}

std::string random_name(Random& random, std::size_t size_max) {
  std::string name(random.below(size_max + 1), 'a');
  for (char& c : name) c = random.chance(0.5) ? 'a' : 'b';
  return name;
}

std::vector<PolicyRow> random_rows(Random& random) {
  constexpr PolicyKind kKinds[] = {PolicyKind::kNone, PolicyKind::kLww, PolicyKind::kMax,
                                   PolicyKind::kMin};
  std::vector<PolicyRow> rows;
  for (std::size_t left = random.below(8); left > 0; --left) {
    PolicyRow row = set(random_name(random, 3), random.pick(kKinds));
    if (random.chance(0.5)) row.region = random_name(random, 1);
    const bool is_there = std::ranges::any_of(rows, [&](const PolicyRow& each) {
      return each.scope == row.scope && each.region == row.region;
    });
    if (!is_there) rows.push_back(std::move(row));
  }
  return rows;
}

// The rule for a key by the words of policy_table.h, one scope after the other.
std::uint64_t rule_by_definition(const std::vector<PolicyRow>& rows, std::string_view key) {
  for (std::size_t size = key.size() + 1; size-- > 0;) {
    const PolicyRow* best = nullptr;
    for (const PolicyRow& row : rows) {
      if (row.scope.prefix != key.substr(0, size)) continue;
      if (row.region && row.policy.kind == PolicyKind::kNone) continue;
      const bool is_better = best == nullptr || (best->region && !row.region) ||
                             (best->region && row.region && *row.region < *best->region);
      if (is_better) best = &row;
    }
    if (best != nullptr && best->policy.kind != PolicyKind::kNone) return best->policy.rule_id();
  }
  return 0;
}

}  // namespace

TEST_SUITE("rows: policies in force") {
  TEST_CASE("the longest prefix of a key decides, in its own database") {
    const PolicyTable table({set("", PolicyKind::kMin), set("doc/", PolicyKind::kMax),
                             set("doc/a", PolicyKind::kSiblings)});
    CHECK(rule(table, "x") == "min");
    CHECK(rule(table, "doc") == "min");
    CHECK(rule(table, "doc/") == "max");
    CHECK(rule(table, "doc/b") == "max");
    CHECK(rule(table, "doc/ab") == "siblings");
    CHECK(table.find("\x02", "doc/a") == nullptr);
  }

  TEST_CASE("the row of a key of any type is decided by the policy of its key") {
    const PolicyTable table({set("doc/", PolicyKind::kMax)});
    CHECK(table.find(Path{kSpace, "doc/1", "s"})->policy.kind == PolicyKind::kMax);
    CHECK(table.find(Path{kSpace, "doc/1", "h", "field", "s"}) != nullptr);
    CHECK(table.find(Path{kSpace, "other", "h", "doc/", "s"}) == nullptr);
    CHECK(table.find(Path{kSpace}) == nullptr);
    CHECK(table.find(Path{}) == nullptr);
    CHECK(table.find(Path{std::string_view("\0", 1), "doc/1"}) == nullptr);
  }

  TEST_CASE("a policy that was set precedes all proposals for its prefix, and only those") {
    const PolicyTable table({proposed("a/", "eu", PolicyKind::kMax), set("a/", PolicyKind::kMin),
                             proposed("a/b/", "us", PolicyKind::kMax)});
    CHECK(rule(table, "a/x") == "min");
    CHECK(rule(table, "a/b/x") == "max");
  }

  TEST_CASE("of several proposals that of the least region name counts, whatever their order") {
    std::vector<PolicyRow> rows = {proposed("a/", "us", PolicyKind::kMax),
                                   proposed("a/", "eu", PolicyKind::kMin),
                                   proposed("a/", "eu-2", PolicyKind::kSiblings)};
    CHECK(rule(PolicyTable(rows), "a/") == "min");
    std::ranges::reverse(rows);
    CHECK(rule(PolicyTable(rows), "a/") == "min");
    CHECK(PolicyTable(rows).find(kSpace, "a/")->region == "eu");
  }

  TEST_CASE("a removed policy decides nothing, and proposals for its prefix stay void") {
    const PolicyTable table({set("", PolicyKind::kMin), set("a/", PolicyKind::kNone),
                             proposed("a/", "eu", PolicyKind::kMax)});
    CHECK(rule(table, "a/x") == "min");
    CHECK(table.in_force().size() == 1);
  }

  TEST_CASE("a proposal of no policy does not stand before another one") {
    const PolicyTable table(
        {proposed("a/", "eu", PolicyKind::kNone), proposed("a/", "us", PolicyKind::kMax)});
    CHECK(rule(table, "a/") == "max");
  }

  TEST_CASE("an unknown policy decides, so that no other value is shown for it") {
    PolicyRow row = set("a/", PolicyKind::kUnknown);
    row.policy.name = "wasm9";
    row.policy.bytes = "bytes";
    CHECK(rule(PolicyTable({set("", PolicyKind::kMax), row}), "a/") == "unknown wasm9");
  }

  TEST_CASE("only the scopes of keys that are decided by another rule have changed") {
    const PolicyTable before({set("", PolicyKind::kMax), set("a", PolicyKind::kMax),
                              set("b", PolicyKind::kMin), set("c", PolicyKind::kMin)});
    PolicyRow keeps_base = set("b", PolicyKind::kMin);
    keeps_base.policy.keep_base = true;
    const PolicyTable after({set("", PolicyKind::kMax), keeps_base, set("d", PolicyKind::kLww)});
    CHECK(prefixes(before.changed(after)) == std::vector<std::string>{"c", "d"});
    CHECK(prefixes(after.changed(before)) == std::vector<std::string>{"c", "d"});
    CHECK(before.changed(before).empty());
    // Where no row rules, resolvers may decide otherwise than the last written.
    CHECK(prefixes(PolicyTable().changed(PolicyTable({set("e", PolicyKind::kLww)}))) ==
          std::vector<std::string>{"e"});
  }

  TEST_CASE("random rows are decided as defined, and changes name all keys that change") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Random random(seed);
    for (int run = 0; run < 500; ++run) {
      const std::vector<PolicyRow> rows = random_rows(random);
      const std::vector<PolicyRow> next_rows = random_rows(random);
      const PolicyTable table(rows);
      const PolicyTable next(next_rows);
      const std::vector<PolicyScope> changed = table.changed(next);
      for (int i = 0; i < 20; ++i) {
        const std::string key = random_name(random, 4);
        CAPTURE(key);
        const PolicyRow* const found = table.find(kSpace, key);
        const std::uint64_t rule = rule_by_definition(rows, key);
        CHECK((found == nullptr ? 0 : found->policy.rule_id()) == rule);
        const bool is_named = std::ranges::any_of(
            changed, [&](const PolicyScope& each) { return key.starts_with(each.prefix); });
        if (rule != rule_by_definition(next_rows, key)) CHECK(is_named);
      }
    }
  }

  TEST_CASE("the rules below a path are those of its key, or of its space") {
    const PolicyTable max({set("a", PolicyKind::kMax)});
    const PolicyTable min({set("a", PolicyKind::kMin)});
    const Path below{kSpace, "ab", "s"};
    CHECK(max.rules_below(below) != min.rules_below(below));
    CHECK(max.rules_below(Path{kSpace}) != min.rules_below(Path{kSpace}));
    CHECK(max.rules_below(Path{}) != min.rules_below(Path{}));
    CHECK(max.rules_below(Path{kSpace, "b"}) == core::Hash128());
    CHECK(max.rules_below(Path{"\x02"}) == core::Hash128());
    CHECK(PolicyTable().rules_below(below) == core::Hash128());
  }
}

}  // namespace anabranch::policy_table_test
