// Policies and their bytes.

#include <doctest/doctest.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/codec.h"
#include "core/text.h"
#include "rows/policy/policy.h"
#include "tests/crdt/random.h"
#include "tests/seed.h"

namespace anabranch::policy_test {

using rows::decode_policy;
using rows::encode_policy;
using rows::Policy;
using rows::PolicyKind;

namespace {

const std::vector<Policy>& known_policies() {
  static const std::vector<Policy> kPolicies = {
      {.kind = PolicyKind::kNone},
      {.kind = PolicyKind::kLww},
      {.kind = PolicyKind::kSiblings, .keep_base = true},
      {.kind = PolicyKind::kMax},
      {.kind = PolicyKind::kMin, .keep_base = true},
      {.kind = PolicyKind::kNative, .name = "nearest"},
      {.kind = PolicyKind::kWasm1, .name = std::string(64, 'a')},
      {.kind = PolicyKind::kNative, .keep_base = true, .name = "farthest"},
  };
  return kPolicies;
}

std::string newer_kind(std::string_view word) {
  std::string bytes;
  core::Writer(bytes).array(4).text(word).boolean(true).nil().bin("hash");
  return bytes;
}

}  // namespace

TEST_SUITE("rows: policy") {
  TEST_CASE("a policy is read as it was written") {
    for (const Policy& each : known_policies()) {
      CAPTURE(each.text());
      CHECK(decode_policy(encode_policy(each)) == each);
      CHECK(each.is_known());
    }
  }

  TEST_CASE("the bytes are those of the format") {
    CHECK(core::to_hex(encode_policy({.kind = PolicyKind::kMax, .keep_base = true})) ==
          "93a36d6178c3c0");
    CHECK(core::to_hex(encode_policy({.kind = PolicyKind::kNative, .name = "f"})) ==
          "93a66e6174697665c2a166");
    const Policy module{.kind = PolicyKind::kWasm1, .name = std::string(64, 'a')};
    CHECK(encode_policy(module) == "\x93\xa5wasm1\xc2\xd9\x40" + std::string(64, 'a'));
  }

  TEST_CASE("elements that a newer version appends to a known kind are skipped") {
    CHECK(decode_policy(newer_kind("max")) == Policy{.kind = PolicyKind::kMax, .keep_base = true});
  }

  TEST_CASE("a policy of a newer kind keeps its bytes and its word") {
    const std::string bytes = newer_kind("wasm9");
    const Policy policy = decode_policy(bytes);
    CHECK(policy.kind == PolicyKind::kUnknown);
    CHECK(policy.name == "wasm9");
    CHECK(policy.text() == "unknown wasm9");
    CHECK(encode_policy(policy) == bytes);
  }

  TEST_CASE("bytes that are no policy are an unknown one, never none at all") {
    std::string nameless;
    core::Writer(nameless).array(3).text("native").boolean(false).nil();
    std::string with_name;
    core::Writer(with_name).array(3).text("max").boolean(false).text("f");
    std::string flagless;
    core::Writer(flagless).array(3).text("max").nil().nil();
    std::string no_hash;
    core::Writer(no_hash).array(3).text("wasm1").boolean(false).text("bid");
    for (const std::string& bytes : {std::string(), std::string("max"), std::string("\xC1"),
                                     nameless, with_name, flagless, no_hash}) {
      CAPTURE(core::to_hex(bytes));
      const Policy policy = decode_policy(bytes);
      CHECK(policy.kind == PolicyKind::kUnknown);
      CHECK(encode_policy(policy) == bytes);
    }
  }

  TEST_CASE("random bytes are read without harm, and written as they were") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    test::Random random(seed);
    for (int i = 0; i < 2000; ++i) {
      std::string bytes = encode_policy(random.pick(known_policies()));
      bytes[random.below(bytes.size())] = static_cast<char>(random.bits());
      const Policy policy = decode_policy(bytes);
      const bool is_same = policy.is_known() || encode_policy(policy) == bytes;
      CHECK(is_same);
      CHECK(decode_policy(encode_policy(policy)) == policy);
    }
  }

  TEST_CASE("policies that show the same have the same rule, all others have one of their own") {
    const auto rule = [](PolicyKind kind, bool keep_base, std::string name) {
      return Policy{.kind = kind, .keep_base = keep_base, .name = std::move(name)}.rule_id();
    };
    CHECK(rule(PolicyKind::kNone, false, "") == 0);
    CHECK(rule(PolicyKind::kLww, true, "") == 0);
    CHECK(rule(PolicyKind::kSiblings, false, "") == 0);
    CHECK(rule(PolicyKind::kMax, true, "") == rule(PolicyKind::kMax, false, ""));
    const std::set<std::uint64_t> rules = {
        0,
        rule(PolicyKind::kMax, false, ""),
        rule(PolicyKind::kMin, false, ""),
        rule(PolicyKind::kNative, false, "a"),
        rule(PolicyKind::kNative, false, "b"),
        decode_policy(newer_kind("wasm9")).rule_id(),
        decode_policy(newer_kind("wasm2")).rule_id(),
    };
    CHECK(rules.size() == 7);
  }
}

}  // namespace anabranch::policy_test
