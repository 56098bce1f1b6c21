// The functions between siblings that a process was given.

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>

#include "rows/resolvers.h"

namespace anabranch::resolvers_test {

using rows::Resolvers;

namespace {

Resolver named(std::string name) {
  return {std::move(name), [](const Conflict&) { return std::optional<std::string>(); }};
}

}  // namespace

TEST_SUITE("rows: resolvers") {
  TEST_CASE("the resolver with the longest matching prefix decides, else the last written") {
    const Resolvers resolvers({{"a", Resolver::max()}, {"ab", Resolver::min()}});
    CHECK(resolvers.find("abc").resolver.name() == "min");
    CHECK(resolvers.find("ac").resolver.name() == "max");
    CHECK(resolvers.find("b").resolver.name() == "lww");
    CHECK(resolvers.find("abc").prefix == "ab");
    CHECK(resolvers.find("b").prefix.empty());
  }

  TEST_CASE("a function is found by its whole name only") {
    const Resolvers resolvers({}, {named("nearest"), named("far"), named("near")});
    REQUIRE(resolvers.native("near") != nullptr);
    CHECK(resolvers.native("near")->name() == "near");
    CHECK(resolvers.native("nearest")->name() == "nearest");
    CHECK(resolvers.native("nea") == nullptr);
    CHECK(resolvers.native("") == nullptr);
    CHECK(Resolvers({}).native("near") == nullptr);
  }

  TEST_CASE(
      "the fingerprint covers the names of functions, in any order, and the one of scores no") {
    const Resolvers none({{"a", Resolver::max()}});
    const Resolvers two({{"a", Resolver::max()}}, {named("x"), named("y")});
    const Resolvers turned({{"a", Resolver::max()}}, {named("y"), named("x")});
    const Resolvers one({{"a", Resolver::max()}}, {named("x")});
    CHECK(none.fingerprint() == none.score_fingerprint());
    CHECK(two.fingerprint() == turned.fingerprint());
    CHECK(two.fingerprint() != one.fingerprint());
    CHECK(one.fingerprint() != none.fingerprint());
    CHECK(two.score_fingerprint() == none.score_fingerprint());
    CHECK(Resolvers({{"a", Resolver::min()}}).score_fingerprint() != none.score_fingerprint());
  }
}

}  // namespace anabranch::resolvers_test
