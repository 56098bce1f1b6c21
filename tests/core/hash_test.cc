// The constants below are part of the formats: they were computed by other programs (Python's
// hashlib, the xxHash specification), and must never change.
#include "core/hash.h"

#include <doctest/doctest.h>

#include "core/text.h"

namespace anabranch::core::hash_test {
namespace {

template <std::size_t kSize>
std::string hex(const std::array<std::uint8_t, kSize>& bytes) {
  return to_hex(std::string(bytes.begin(), bytes.end()));
}

TEST_SUITE_BEGIN("core: hash");

TEST_CASE("checksums and digests are XXH3") {
  CHECK(checksum64("") == 0x2D06800538D394C2U);
  CHECK(checksum64("abc") == 0x78AF5F94892F3950U);
  CHECK(to_string(digest128("")) == "99aa06d3014798d86001c324468d497f");
  CHECK(to_string(digest128("abc")) == "06b05ab6733a618578af5f94892f3950");
}

TEST_CASE("the chain is BLAKE2b-256") {
  CHECK(hex(chain_hash("")) == "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
  CHECK(hex(chain_hash("abc")) ==
        "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

TEST_CASE("paths are hashed by BLAKE2b-128 under the key of the format") {
  CHECK(hex(path_hash("")) == "07c2ed0480694adc6d182fc756b1aac7");
  CHECK(hex(path_hash(std::string(1000, 'x'))) == "d61f3c576c14dbb4af69e0aa1402cb6d");
  CHECK(hex(path_hash("abc")) != hex(path_hash("abd")));
}

TEST_CASE("128-bit sums carry, wrap around and are undone by differences") {
  Hash128 sum{0, ~0ULL};
  sum += {0, 1};
  CHECK(sum == Hash128{1, 0});
  sum -= {0, 1};
  CHECK(sum == Hash128{0, ~0ULL});
  sum -= {1, 0};
  CHECK(sum == Hash128{~0ULL, ~0ULL});
  sum += {0, 1};
  CHECK(sum == Hash128{});

  const Hash128 a = digest128("a");
  const Hash128 b = digest128("b");
  Hash128 forwards = a;
  forwards += b;
  Hash128 backwards = b;
  backwards += a;
  CHECK(forwards == backwards);
  backwards -= b;
  CHECK(backwards == a);
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::core::hash_test
