// Signatures by the keys of regions.

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "regions/delivery/key_signatures.h"

namespace anabranch::key_signatures_test {

using regions::KeySignatures;
using transport::Keys;
using transport::OwnKeys;

namespace {

transport::SharedKeys keys_of(const OwnKeys& own, const std::vector<OwnKeys>& others) {
  Keys keys;
  keys.own = own;
  for (const OwnKeys& each : others) {
    keys.known.push_back(
        {.region = each.region, .curve = each.curve_public, .signing = each.signing_public});
  }
  return std::make_shared<const Keys>(std::move(keys));
}

}  // namespace

TEST_SUITE("regions: key signatures") {
  TEST_CASE("what a region has signed no other has, and no other bytes") {
    const OwnKeys eu = transport::make_keys("eu");
    const OwnKeys us = transport::make_keys("us");
    const KeySignatures of_eu(keys_of(eu, {eu, us}));
    const KeySignatures of_us(keys_of(us, {eu, us}));
    const std::string signature = of_eu.sign("bytes");
    CHECK(of_us.verify("eu", "bytes", signature));
    CHECK_FALSE(of_us.verify("us", "bytes", signature));
    CHECK_FALSE(of_us.verify("ap", "bytes", signature));
    CHECK_FALSE(of_us.verify("eu", "other bytes", signature));
    CHECK_FALSE(of_us.verify("eu", "bytes", signature.substr(1)));
    CHECK_FALSE(of_us.verify("eu", "bytes", {}));
  }

  TEST_CASE("a region may have several keys, and keys that are taken away prove nothing") {
    const OwnKeys before = transport::make_keys("eu");
    const OwnKeys now = transport::make_keys("eu");
    const OwnKeys us = transport::make_keys("us");
    KeySignatures of_us(keys_of(us, {before, now}));
    const std::string signature = KeySignatures(keys_of(before, {})).sign("bytes");
    CHECK(of_us.verify("eu", "bytes", signature));
    of_us.use(keys_of(us, {now}));
    CHECK_FALSE(of_us.verify("eu", "bytes", signature));
  }
}

}  // namespace anabranch::key_signatures_test
