#include "core/checksum.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "core/batch.h"
#include "core/hash.h"
#include "tests/core/random_batch.h"
#include "tests/seed.h"

namespace anabranch::core::checksum_test {
namespace {

using test::Rng;
using test::up_to;

TEST_SUITE_BEGIN("core: checksum");

TEST_CASE("a batch carries the checksum of all its other bytes") {
  const std::uint64_t seed = test::seed();
  CAPTURE(seed);
  Rng rng(seed);
  for (int i = 0; i < 300; ++i) {
    const std::string bytes = encode_batch(test::random_batch(rng));
    CHECK((checksum_of(bytes) == Checksum::kRight));
    CHECK(decode_batch(bytes).ok());
  }
}

TEST_CASE("any other value of any byte of a batch is noticed") {
  const std::uint64_t seed = test::seed();
  CAPTURE(seed);
  Rng rng(seed);
  for (int i = 0; i < 20; ++i) {
    const std::string bytes = encode_batch(test::random_batch(rng));
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      for (int tries = 0; tries < 8; ++tries) {
        std::string other = bytes;
        other[at] = static_cast<char>(other[at] ^ static_cast<char>(1 + up_to(rng, 254)));
        CAPTURE(at);
        REQUIRE_FALSE(decode_batch(other).ok());
      }
    }
  }
}

TEST_CASE("every value of every byte of a small batch but the right one is refused") {
  Batch batch;
  batch.origin = 7;
  batch.transactions = {{1, Hlc::of(1, 2), {Put{Path{"a"}, "v", {}, {}}}}};
  const std::string bytes = encode_batch(batch);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int bits = 1; bits < 256; ++bits) {
      std::string other = bytes;
      other[at] = static_cast<char>(other[at] ^ static_cast<char>(bits));
      CAPTURE(at);
      CAPTURE(bits);
      REQUIRE_FALSE(decode_batch(other).ok());
    }
  }
}

TEST_CASE("a batch of a version without checksums is read, and says that it has none") {
  const std::uint64_t seed = test::seed();
  CAPTURE(seed);
  Rng rng(seed);
  for (int i = 0; i < 300; ++i) {
    Batch batch = test::random_batch(rng);
    const std::string bytes = without_checksum(encode_batch(batch));
    batch.deps_hashes.clear();
    CHECK((checksum_of(bytes) == Checksum::kNone));
    const auto back = decode_batch(bytes);
    REQUIRE(back.ok());
    CHECK(back.value() == batch);
    CHECK(without_checksum(bytes) == bytes);
  }
}

TEST_CASE("what is no batch has no right checksum") {
  CHECK((checksum_of("") == Checksum::kWrong));
  CHECK((checksum_of("\x95") == Checksum::kWrong));
  CHECK((checksum_of(std::string(100, '\xC0')) == Checksum::kWrong));
}

TEST_CASE("looking at a checksum costs little beside the chain hash of the same bytes") {
  using Clock = std::chrono::steady_clock;
  constexpr int kTimes = 200;
  Batch batch;
  batch.origin = 7;
  batch.transactions = {{1, Hlc::of(1, 2), {Put{Path{"a"}, std::string(100'000, 'v'), {}, {}}}}};
  const std::string bytes = encode_batch(batch);
  const auto time_of = [&](const auto& function) {
    auto best = Clock::duration::max();
    for (int i = 0; i < kTimes; ++i) {
      const auto from = Clock::now();
      function();
      best = std::min(best, Clock::now() - from);
    }
    return best;
  };
  bool right = true;
  ChainHash hash{};
  const auto checksum = time_of([&] { right = right && checksum_of(bytes) == Checksum::kRight; });
  const auto chain = time_of([&] { hash = chain_hash(bytes); });
  CHECK(right);
  CHECK(hash != ChainHash{});
  MESSAGE("checksum ", checksum.count(), " ns, chain hash ", chain.count(), " ns of 100 kB");
  CHECK(checksum < chain);
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::core::checksum_test
