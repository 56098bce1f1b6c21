// The rows of policies: their paths, and which value of a row counts.

#include <doctest/doctest.h>

#include <string>

#include "rows/policy/policy_rows.h"

namespace anabranch::policy_rows_test {

using core::Path;
using crdt::Cell;
using rows::Policy;
using rows::policy_path;
using rows::PolicyKind;
using rows::PolicyRow;
using rows::PolicyScope;
using rows::proposal_path;
using rows::read_policy_row;

namespace {

const Policy kMax{.kind = PolicyKind::kMax};
const Policy kMin{.kind = PolicyKind::kMin};

void put(Cell& cell, core::Dot dot, core::Millis millis, const Policy& policy) {
  cell.add({.dot = dot,
            .hlc = core::Hlc::of(millis, 0),
            .value = rows::encode_policy(policy),
            .base = {}});
}

Cell cell_of(const Policy& policy) {
  Cell cell;
  put(cell, {1, 1}, 1000, policy);
  return cell;
}

}  // namespace

TEST_SUITE("rows: rows of policies") {
  TEST_CASE("a row is read back from its path, whatever the bytes of the prefix") {
    for (const std::string& prefix : {std::string(), std::string("doc/"),
                                      std::string("\0\xFF\0\1", 4), std::string(900, 'x')}) {
      const PolicyScope scope{.space = "\x01", .prefix = prefix};
      CHECK(read_policy_row(policy_path(scope), cell_of(kMax)) ==
            PolicyRow{.scope = scope, .policy = kMax});
      CHECK(read_policy_row(proposal_path(scope, "eu"), cell_of(kMin)) ==
            PolicyRow{.scope = scope, .region = "eu", .policy = kMin});
    }
  }

  TEST_CASE("all rows of policies are below one path of the mesh's own space") {
    const PolicyScope scope{.space = "\x10", .prefix = "p"};
    CHECK(policy_path(scope) == Path{std::string_view("\0", 1), "policy", "\x10", "p"});
    CHECK(rows::policies_path().is_prefix_of(policy_path(scope)));
    CHECK(policy_path(scope).is_prefix_of(proposal_path(scope, "eu")));
  }

  TEST_CASE("other rows are those of no policy") {
    const Path above = rows::policies_path().child("\x01");
    const Path set = above.child("doc/");
    CHECK_FALSE(read_policy_row(above, cell_of(kMax)));
    CHECK_FALSE(read_policy_row(set.child("p"), cell_of(kMax)));
    CHECK_FALSE(read_policy_row(set.child("q").append("eu"), cell_of(kMax)));
    CHECK_FALSE(read_policy_row(set.child("p").append("eu").append("x"), cell_of(kMax)));
    CHECK_FALSE(read_policy_row(Path{"\x01", "policy", "\x01", "doc/"}, cell_of(kMax)));
    const PolicyScope mesh{.space = std::string(1, '\0'), .prefix = "region"};
    CHECK_FALSE(read_policy_row(policy_path(mesh), cell_of(kMax)));
    CHECK_FALSE(read_policy_row(policy_path({.space = "\x01\x01", .prefix = "p"}), cell_of(kMax)));
    CHECK_FALSE(read_policy_row(set, Cell()));  // Removed.
  }

  TEST_CASE("of concurrent settings the last written counts, known or not") {
    const PolicyScope scope{.space = "\x01", .prefix = "doc/"};
    Cell cell;
    put(cell, {1, 7}, 3000, kMax);
    put(cell, {2, 5}, 2000, kMin);
    CHECK(read_policy_row(policy_path(scope), cell)->policy == kMax);
    put(cell, {3, 1}, 4000, {.kind = PolicyKind::kUnknown, .bytes = "of a newer version"});
    CHECK(read_policy_row(policy_path(scope), cell)->policy.kind == PolicyKind::kUnknown);
  }
}

}  // namespace anabranch::policy_rows_test
