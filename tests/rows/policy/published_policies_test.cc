// The board of policies: a reader gets the policies of the moment of its snapshot, or none.

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "rows/policy/published_policies.h"

namespace anabranch::published_policies_test {

using rows::PolicyKind;
using rows::PolicyTable;
using rows::PublishedPolicies;

namespace {

PublishedPolicies::Shared table_of(std::string prefix) {
  return std::make_shared<const PolicyTable>(
      std::vector<rows::PolicyRow>{{.scope = {.space = "\x01", .prefix = std::move(prefix)},
                                    .policy = {.kind = PolicyKind::kMax}}});
}

std::string prefix_of(const PolicyTable& table) {
  return table.empty() ? "" : table.in_force().begin()->first.prefix;
}

}  // namespace

TEST_SUITE("rows: published policies") {
  TEST_CASE("before the first table is posted every reader reads its own rows") {
    const PublishedPolicies board;
    CHECK(board.policies(board.look(), board.look()) == nullptr);
  }

  TEST_CASE("without a change all readers share the table that was posted") {
    PublishedPolicies board;
    board.publish(table_of("a"), nullptr);
    const auto look = board.look();
    const auto policies = board.policies(look, board.look());
    REQUIRE(policies != nullptr);
    CHECK(prefix_of(*policies) == "a");
    CHECK(board.policies(look, look) == policies);
  }

  TEST_CASE("a snapshot taken while a commit changes policies has none of the board's") {
    PublishedPolicies board;
    board.publish(table_of("a"), nullptr);
    const auto before = board.look();
    board.begin_publish();
    const auto during = board.look();
    CHECK(board.policies(before, during) == nullptr);
    CHECK(board.policies(during, during) == nullptr);
    board.publish(table_of("b"), nullptr);
    CHECK(board.policies(during, board.look()) == nullptr);
    CHECK(board.policies(before, board.look()) == nullptr);
  }

  TEST_CASE("a reader that asks after the next change does not get the newer policies") {
    PublishedPolicies board;
    board.publish(table_of("a"), nullptr);
    const auto look = board.look();
    board.begin_publish();
    CHECK(board.policies(look, look) == nullptr);
    board.publish(table_of("b"), nullptr);
    CHECK(board.policies(look, look) == nullptr);
    CHECK(prefix_of(*board.policies(board.look(), board.look())) == "b");
  }

  TEST_CASE("the regions of origins are posted with the policies, and read by the same looks") {
    PublishedPolicies board;
    const auto regions = std::make_shared<const rows::OriginRegions>();
    board.publish(table_of("a"), regions);
    const auto look = board.look();
    CHECK(board.regions(look, board.look()) == regions);
    board.begin_publish();
    CHECK(board.regions(look, look) == nullptr);
    CHECK(board.regions(look, board.look()) == nullptr);
  }

  TEST_CASE("readers beside a writer get the policies of their rows or none") {
    PublishedPolicies board;
    std::atomic<int> committed = 0;  // The number of the policies in the rows.
    board.publish(table_of("0"), nullptr);
    std::atomic<bool> ends = false;
    std::atomic<int> wrong = 0;
    std::thread reader([&] {
      while (!ends) {
        const auto before = board.look();
        const int snapshot = committed;
        const auto policies = board.policies(before, board.look());
        if (policies && prefix_of(*policies) != std::to_string(snapshot)) ++wrong;
      }
    });
    for (int next = 1; next <= 2000; ++next) {
      board.begin_publish();
      committed = next;
      board.publish(table_of(std::to_string(next)), nullptr);
    }
    ends = true;
    reader.join();
    CHECK(wrong == 0);
    CHECK(prefix_of(*board.policies(board.look(), board.look())) == "2000");
  }
}

}  // namespace anabranch::published_policies_test
