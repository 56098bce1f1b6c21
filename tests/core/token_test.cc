#include "core/token.h"

#include <sodium.h>

#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "core/varint.h"
#include "tests/seed.h"

namespace anabranch::token_test {

using core::VersionVector;

namespace {

constexpr core::Hash128 kMesh{7, 8};

VersionVector random_vector(std::mt19937_64& random, std::size_t entries) {
  VersionVector vector;
  while (vector.size() < entries)
    vector.raise(random() | 1U, 1 + random() % (std::uint64_t{1} << random() % 40));
  return vector;
}

std::string refusal(std::string_view token) {
  const auto decoded = core::decode_token(kMesh, token);
  if (decoded.ok()) return "taken";
  CHECK(decoded.failure().code == ErrorCode::kInvalid);
  return decoded.failure().message;
}

void put_fixed(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = bytes; i-- > 0;) out.push_back(static_cast<char>(value >> (8 * i)));
}

// A token of these entries, right or wrong, with a right checksum.
std::string token_of(const std::vector<std::pair<core::Origin, core::Seq>>& entries,
                     std::size_t count, std::string_view behind = "") {
  std::string bytes;
  put_fixed(bytes, kMesh.high, 8);
  core::put_varint(bytes, count);
  for (const auto& [origin, seq] : entries) {
    put_fixed(bytes, origin, 8);
    core::put_varint(bytes, seq);
  }
  bytes += behind;
  put_fixed(bytes, core::checksum64(bytes), 4);
  std::string text(2 * bytes.size() + 4, '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  return std::string("1") + text.c_str();
}

}  // namespace

TEST_SUITE("core: token") {
  TEST_CASE("what was seen comes back, and nothing seen is the empty token") {
    std::mt19937_64 random(test::seed());
    CAPTURE(test::seed());
    for (const std::size_t entries : {0U, 1U, 5U, 300U}) {
      const VersionVector seen = random_vector(random, entries);
      CHECK(core::decode_token(kMesh, core::encode_token(kMesh, seen)).value() == seen);
    }
    CHECK(core::decode_token(kMesh, "").value().empty());
  }

  TEST_CASE("five regions that write much fit into a cookie") {
    VersionVector seen;
    for (core::Origin origin = 1; origin <= 5; ++origin) seen.set(origin << 60U | 5, 1U << 30U);
    const std::string token = core::encode_token(kMesh, seen);
    CHECK(token.size() <= 110);
    CHECK(token.find_first_not_of(
              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
          std::string::npos);
  }

  TEST_CASE("it has 19 characters, and 12 to 18 for each incarnation") {  // session.h.
    CHECK(core::encode_token(kMesh, {}).size() == 19);
    for (const core::Seq seq : {core::Seq{1}, (core::Seq{1} << 35U) - 1}) {
      VersionVector seen;
      for (core::Origin origin = 1; origin <= 9; ++origin) {
        seen.set(origin, seq);
        const std::size_t more = core::encode_token(kMesh, seen).size() - 19;
        CHECK(more >= 12 * origin);
        CHECK(more <= 18 * origin);
      }
    }
  }

  TEST_CASE("garbage, damage, another mesh and newer versions are told apart") {
    const std::string token = core::encode_token(kMesh, {{1, 2}, {3, 4}});
    CHECK(refusal("garbage") == "this is no token: give back what token() has returned, unchanged");
    CHECK(refusal("1===") == refusal("garbage"));
    CHECK(refusal("2" + token.substr(1)) ==
          "the token is of a newer version of the format: upgrade this region");
    CHECK(refusal("1AAAA") == "the token is cut off");
    CHECK(core::decode_token({9, 8}, token).failure().message == "the token is of another mesh");
  }

  TEST_CASE("only entries in order, each with a position, are a token") {
    CHECK(token_of({{1, 2}, {3, 4}}, 2) == core::encode_token(kMesh, {{1, 2}, {3, 4}}));
    const std::string damaged = "the token is damaged";
    CHECK(refusal(token_of({{3, 4}, {1, 2}}, 2)) == damaged);
    CHECK(refusal(token_of({{3, 4}, {3, 5}}, 2)) == damaged);
    CHECK(refusal(token_of({{0, 4}}, 1)) == damaged);
    CHECK(refusal(token_of({{1, 0}}, 1)) == damaged);
    CHECK(refusal(token_of({{1, 2}}, 2)) == damaged);
    CHECK(refusal(token_of({{1, 2}, {3, 4}}, 1)) == damaged);
    CHECK(refusal(token_of({{1, 2}}, 1, "x")) == damaged);
    CHECK(refusal(token_of({}, core::VersionVector::kEntriesMax + 1)) == damaged);
  }

  TEST_CASE("no change of a single character goes unnoticed") {
    const std::string token = core::encode_token(kMesh, {{1, 2}, {3, 4}});
    for (std::size_t at = 0; at < token.size(); ++at) {
      for (const char other : std::string_view("AZaz09-_ \0\xFF", 11)) {
        std::string changed = token;
        if (std::exchange(changed[at], other) == other) continue;
        CHECK(refusal(changed) != "taken");
      }
      if (at > 0) CHECK(refusal(token.substr(0, at)) != "taken");
    }
  }
}

}  // namespace anabranch::token_test
