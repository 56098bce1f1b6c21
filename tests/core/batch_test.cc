#include "core/batch.h"

#include <bit>

#include <doctest/doctest.h>

#include "core/checksum.h"
#include "core/codec.h"
#include "core/op_codec.h"
#include "core/text.h"
#include "tests/core/random_batch.h"
#include "tests/seed.h"

namespace anabranch::core::batch_test {
namespace {

using test::Rng;
using test::up_to;

// One of everything, small enough to be read by eye.
Batch sample() {
  Batch batch;
  batch.origin = 7;
  batch.deps_changed = {{8, 3}};
  batch.opening = Opening{{1, 2}, "eu", 1, 5, 0};
  batch.transactions = {
      {10, Hlc::of(1, 2), {Put{Path{"a"}, "v", "b", VersionVector{{7, 4}}}, Remove{Path{"a"}, {}}}},
      {12, Hlc::of(1, 3), {Add{Path{"a"}, 12, -1, Number::integer(Int128{1} << 64)}}},
      {13, Hlc::of(1, 4), {Reset{Path{"a"}, {{8, 1, 3, Number::real(0.5)}}}}},
      {14, Hlc::of(1, 5), {Clear{Path{"a"}, {{Path{"a", "b"}, {{8, 1, 3, 300}}}}}, UnknownOp{9}}},
  };
  return batch;
}

TEST_SUITE_BEGIN("core: batch");

TEST_CASE("a batch has the bytes of the format") {
  const std::string zeros(64, '0');
  const std::string expected =
      // format, origin, first, last, previous, checksum
      "9601070a0fc420" + zeros + "c408980482cbda31cab8" +
      // deps, opening
      "93"
      "920803"
      "95c410"
      "00000000000000010000000000000002"
      "a26575"
      "010500"
      // put and remove
      "94"
      "92ce00010002"
      "92"
      "9501c403610001c40176c401629207"
      "04"
      "9302c403610001c0"
      // add
      "92ce00010003"
      "91"
      "9503c4036100010cffc41000000000000000010000000000000000"
      // reset
      "92ce00010004"
      "91"
      "9304c403610001"
      "94080103cb3fe0000000000000"
      // clear and an op of a later version
      "92ce00010005"
      "92"
      "9305c403610001"
      "92c40661000162000194080103cd012c"
      "9109";
  CHECK(to_hex(encode_batch(sample())) == expected);
  // And without a checksum those of the versions before.
  std::string former = expected;
  former.erase(former.find("c408"), 20);
  former[1] = '5';
  CHECK(to_hex(without_checksum(encode_batch(sample()))) == former);
}

TEST_CASE("the hashes of what a batch depends on stand in its head") {
  Batch batch = sample();
  ChainHash chain{};
  for (std::size_t i = 0; i < chain.size(); ++i) chain[i] = static_cast<std::uint8_t>(i + 1);
  batch.deps_hashes = {history_hash(chain)};
  const std::string hex = to_hex(encode_batch(batch));
  constexpr std::size_t kChecksumEnd = 98;
  CHECK(hex.starts_with("97"));
  CHECK(hex.substr(kChecksumEnd, 36) ==
        "c4080102030405060708"
        "9392080395c41000");
  CHECK(decode_batch(encode_batch(batch)).value() == batch);
  batch.deps_hashes.clear();
  CHECK(without_checksum(encode_batch(batch)) == without_checksum(encode_batch(sample())));
}

TEST_CASE("a batch survives the round trip") {
  const Batch batch = sample();
  const auto back = decode_batch(encode_batch(batch));
  REQUIRE(back.ok());
  CHECK(back.value() == batch);
  CHECK(back.value().first() == 10);
  CHECK(back.value().last() == 15);
}

TEST_CASE("random batches survive the round trip, and the head alone agrees") {
  const std::uint64_t seed = test::seed();
  CAPTURE(seed);
  Rng rng(seed);
  for (int i = 0; i < 3000; ++i) {
    const Batch batch = test::random_batch(rng);
    const std::string bytes = encode_batch(batch);
    const auto back = decode_batch(bytes);
    REQUIRE_MESSAGE(back.ok(), back.failure().message);
    CHECK(back.value() == batch);
    CHECK(encode_batch(back.value()) == bytes);
    const auto header = decode_batch_header(bytes);
    REQUIRE(header.ok());
    CHECK(header.value().origin == batch.origin);
    CHECK(header.value().first == batch.first());
    CHECK(header.value().last == batch.last());
    CHECK(header.value().previous == batch.previous);
  }
}

// Writes the transactions of a batch with detours: ops that are taken back, and empty transactions.
void write_with_detours(const Batch& batch, Rng& rng, TransactionWriter& out,
                        const Op& none = Remove{Path{"taken back"}, {}}) {
  for (const Transaction& transaction : batch.transactions) {
    if (up_to(rng, 2) == 0) {
      out.begin(transaction.first, Hlc::of(9, 9));
      const TransactionWriter::Mark begin = out.mark();
      out.add(none);
      out.rollback(begin);
      CHECK(out.newest() == transaction.first - 1);
      out.end();
    }
    out.begin(transaction.first, transaction.hlc);
    for (const Op& op : transaction.ops) {
      const TransactionWriter::Mark before = out.mark();
      for (std::size_t i = up_to(rng, 2); i > 0; --i) out.add(none);
      out.rollback(before);
      out.add(op);
    }
    CHECK(out.newest() == transaction.last());
    out.end();
  }
}

// The values that the ops of a batch are in their encoding, as a reader counts them.
std::size_t values_in(const Batch& batch) {
  std::size_t values = 0;
  for (const Transaction& transaction : batch.transactions) {
    for (const Op& op : transaction.ops) {
      std::string bytes;
      Writer out(bytes);
      encode_op(out, op);
      CHECK(Reader(bytes, out.values()).ok());
      CHECK_FALSE(Reader(bytes, out.values() - 1).ok());
      values += out.values();
    }
  }
  return values;
}

TEST_CASE("transactions that are encoded op by op are those of a whole batch") {
  const std::uint64_t seed = test::seed();
  CAPTURE(seed);
  Rng rng(seed);
  CHECK(TransactionWriter().empty());
  for (int i = 0; i < 500; ++i) {
    const Batch batch = test::random_batch(rng);
    TransactionWriter out;
    write_with_detours(batch, rng, out);
    CHECK(out.ops() == batch.last() - batch.first() + 1);
    CHECK(out.values() == values_in(batch));
    CHECK(out.extent().hlc == batch.transactions.back().hlc);
    CHECK(encode_batch(batch, out) == encode_batch(batch));
  }
}

TEST_CASE("transactions of many MiB are encoded in pieces, and taken back over several of them") {
  const std::uint64_t seed = test::seed();
  CAPTURE(seed);
  Rng rng(seed);
  for (int i = 0; i < 5; ++i) {
    Batch batch = test::random_batch(rng);
    for (Transaction& transaction : batch.transactions) {
      for (Op& op : transaction.ops) {
        op = Put{
            Path{"large"}, std::string(up_to(rng, 1'500'000), static_cast<char>(rng())), {}, {}};
      }
    }
    TransactionWriter out;
    write_with_detours(batch, rng, out, Put{Path{"back"}, std::string(1'100'000, 'b'), {}, {}});
    CHECK((encode_batch(batch, out) == encode_batch(batch)));
    const auto back = decode_batch(encode_batch(batch, out));
    REQUIRE(back.ok());
    CHECK((back.value() == batch));
  }
}

TEST_CASE("the head is read without the body") {
  std::string bytes = encode_batch(sample());
  constexpr std::size_t kHead = 7 + 32 + 10;
  CHECK(decode_batch_header(bytes.substr(0, kHead)).ok());
  CHECK_FALSE(decode_batch_header(bytes.substr(0, kHead - 1)).ok());
  CHECK_FALSE(decode_batch(bytes.substr(0, kHead)).ok());
  bytes.resize(kHead);
  bytes.append(100, '\xC1');
  CHECK(decode_batch_header(bytes).ok());
  CHECK_FALSE(decode_batch(bytes).ok());
}

TEST_CASE("a batch of 1000 ops has little overhead") {
  Batch batch;
  batch.origin = ~0ULL;
  batch.transactions.push_back({1, Hlc::of(1'700'000'000'000, 0), {}});
  const std::string value(100, 'v');
  for (int i = 0; i < 1000; ++i) {
    const Path path{"1", "key:" + std::to_string(100'000 + i), "s"};
    batch.transactions.front().ops.emplace_back(Put{path, value, {}, {}});
  }
  const std::string bytes = encode_batch(batch);
  CHECK(bytes.size() < 1000 * (100 + 18 + 8) + 100);
  const auto back = decode_batch(bytes);
  REQUIRE(back.ok());
  CHECK(back.value() == batch);
}

TEST_CASE("values with 64 KiB and more survive the round trip") {
  Batch batch;
  batch.origin = 1;
  const Path path{std::string(65536, '\0')};
  batch.transactions.push_back({1, {}, {Put{path, std::string(1 << 20, 'x'), {}, {}}}});
  const auto back = decode_batch(encode_batch(batch));
  REQUIRE(back.ok());
  CHECK(back.value() == batch);
}

TEST_CASE("every truncation of a batch is refused") {
  const std::uint64_t seed = test::seed();
  CAPTURE(seed);
  Rng rng(seed);
  for (int i = 0; i < 50; ++i) {
    const std::string bytes = encode_batch(i == 0 ? sample() : test::random_batch(rng));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      // A copy of its own size, so that a read beyond the end is found by the sanitizer.
      const std::vector<char> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      CHECK_FALSE(decode_batch({cut.data(), cut.size()}).ok());
    }
    CHECK_FALSE(decode_batch(bytes + '\xC0').ok());
    CHECK_FALSE(decode_batch(bytes + bytes).ok());
  }
}

// Changes a few bytes: flipped, overwritten, inserted, removed or swapped with other places.
void mutate(Rng& rng, std::string& bytes) {
  for (std::uint64_t n = 1 + up_to(rng, 3); n > 0 && !bytes.empty(); --n) {
    const std::size_t at = up_to(rng, bytes.size() - 1);
    switch (up_to(rng, 4)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << up_to(rng, 7)));
        break;
      case 1:
        bytes[at] = static_cast<char>(up_to(rng, 255));
        break;
      case 2:
        bytes.insert(at, 1, static_cast<char>(up_to(rng, 255)));
        break;
      case 3:
        bytes.erase(at, 1 + up_to(rng, 3));
        break;
      default:
        std::swap(bytes[at], bytes[up_to(rng, bytes.size() - 1)]);
    }
  }
}

TEST_CASE("mutated batches are refused or valid, without a crash and without an exception") {
  const std::uint64_t seed = test::seed();
  CAPTURE(seed);
  Rng rng(seed);
  std::size_t valid = 0;
  std::size_t refused = 0;
  for (int i = 0; i < (test::long_run() ? 1'000'000 : 30'000); ++i) {
    std::string bytes = encode_batch(test::random_batch(rng));
    // A checksum would refuse nearly all.
    if (i % 2 == 0) bytes = without_checksum(std::move(bytes));
    mutate(rng, bytes);
    const auto batch = decode_batch(bytes);
    (batch.ok() ? valid : refused) += 1;
    if (!batch.ok()) {
      CHECK_FALSE(batch.failure().message.empty());
      continue;
    }
    // A decoded batch is one that this version could have written, extensions left out.
    const auto back = decode_batch(encode_batch(batch.value()));
    REQUIRE_MESSAGE(back.ok(), back.failure().message);
    CHECK(back.value() == batch.value());
  }
  CHECK(valid > 0);
  CHECK(refused > 0);
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::core::batch_test
