// How far members meet the conditions of a concern, and its words.

#include "server/resp/concern/conditions.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include <anabranch/error.h>

namespace anabranch::conditions_test {

using server::Condition;
using Words = std::vector<std::string>;

namespace {

constexpr core::Seq kAll = std::numeric_limits<core::Seq>::max();

std::string text_of(const Words& words) { return control::parse_concern(words).text(); }

std::string error_of(const Words& words) {
  try {
    return "no error: " + text_of(words);
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

TEST_SUITE("server: conditions of concerns") {
  TEST_CASE("so many have a write, up to the one that the last of them has") {
    const Condition two{.holders = {{"a", 5}, {"b", 9}, {"c", 7}}, .count = 2};
    CHECK(server::reach({two}) == 7);
    CHECK(server::reach({{.holders = two.holders, .count = 3}}) == 5);
    CHECK(server::reach({{.holders = two.holders, .count = 4}}) == 0);
    CHECK(server::reach({{.holders = {}, .count = 1}}) == 0);
    CHECK(server::reach({{.holders = {}, .count = 0}}) == kAll);
    CHECK(server::reach({}) == kAll);
  }

  TEST_CASE("all conditions must hold, and each name is told once") {
    const std::vector<Condition> conditions{
        {.holders = {{"a", 9}, {"b", 2}}, .count = 1},
        {.holders = {{"b", 2}, {"us", 4}}, .count = 2},
        {.holders = {{"a", 3}}, .count = 1},
    };
    CHECK(server::reach(conditions) == 2);
    CHECK(server::holding(conditions, 2).have == Words{"a", "b", "us"});
    CHECK(server::holding(conditions, 2).lack.empty());
    // For one of the conditions it lacks the write: it lacks it.
    CHECK(server::holding(conditions, 4).have == Words{"us"});
    CHECK(server::holding(conditions, 4).lack == Words{"a", "b"});
    CHECK(server::lacking(server::holding(conditions, 4)) == "a, b");
    CHECK(server::lacking({}) == "another member");
  }

  TEST_CASE("words have one form, whatever their order and case") {
    CHECK(text_of({"durable", "zone", "count", "2", "member", "m"}) ==
          "DURABLE COUNT 2 MEMBER m ZONE WITHIN 5000");
    CHECK(text_of({"Applied", "ALL", "MAJORITY", "REGION", "us", "REGION", "us", "degrade", "7"}) ==
          "APPLIED MAJORITY ALL REGION us DEGRADE 7");
    CHECK(text_of({"local"}) == "LOCAL");
    CHECK_FALSE(control::parse_concern(Words{"LOCAL"}).waits());
    CHECK(control::parse_concern(Words{"durable", "all"}) ==
          control::parse_concern(Words{"DURABLE", "ALL", "WITHIN", "5000"}));
    CHECK(error_of({"local", "all"}) == "syntax error");
    CHECK(error_of({}) == "a concern begins with LOCAL, APPLIED or DURABLE");
  }
}

}  // namespace anabranch::conditions_test
