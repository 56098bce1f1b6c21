// Rows as bytes: encoded rows decode to the same, a row has one encoding, and all bytes that are no
// row are refused.

#include <doctest/doctest.h>

#include <limits>
#include <string>

#include "core/text.h"
#include "crdt/row_codec.h"
#include "tests/crdt/random.h"
#include "tests/crdt/random_row.h"
#include "tests/seed.h"

namespace anabranch::row_codec_test {

using crdt::decode_row;
using crdt::encode_row;
using crdt::Row;
using test::Random;
using test::random_path;
using test::random_row;

namespace {

constexpr int kRuns = 2'000;

// Whether `bytes` are refused, or are the encoding of the row that they decode to. Anything else
// would be a second encoding of a row, or one of something that is none.
bool refused_or_exact(const std::string& bytes, const core::Path& path,
                      const core::OriginTable& origins) {
  const auto stored = decode_row(bytes, origins);
  if (!stored.ok()) return stored.failure().code == ErrorCode::kCorrupt;
  const auto& [own_path, row] = stored.value();
  if (!own_path && core::is_hashed(path)) return encode_row({}, row, origins) == bytes;
  return encode_row(own_path.value_or(path), row, origins) == bytes;
}

// One sibling and one slot, both of the origin with the number 0.
Row small_row() {
  Row row;
  row.cell.add({{test::kOrigins[0], 5}, {7}, "abc", std::nullopt});
  crdt::Slot& slot = row.tally.slot(test::kOrigins[0]);
  slot.birth = 2;
  slot.seq = 4;
  slot.total = 10;
  slot.base_seq = 3;
  slot.base = -1;
  slot.reset = {test::kOrigins[1], 6};
  return row;
}

}  // namespace

TEST_SUITE("crdt: row codec") {
  TEST_CASE("rows and long paths survive their encoding") {
    const core::OriginTable origins = test::random_row_origins();
    for (int run = 0; run < kRuns; ++run) {
      const std::uint64_t seed = test::seed() + static_cast<std::uint64_t>(run);
      CAPTURE(seed);
      Random random(seed);
      const core::Path path = random_path(random);
      const Row row = random_row(random);
      const auto stored = decode_row(encode_row(path, row, origins), origins);
      REQUIRE(stored.ok());
      CHECK(stored.value().row == row);
      CHECK(stored.value().path.has_value() == core::is_hashed(path));
      if (core::is_hashed(path)) CHECK(stored.value().path == path);
    }
  }

  TEST_CASE("the bytes of a row with one value alone tell it, and those of no other row") {
    const core::OriginTable origins = test::random_row_origins();
    Random random(test::seed());
    CAPTURE(test::seed());
    int plain = 0;
    for (int run = 0; run < 20 * kRuns; ++run) {
      const core::Path path = random.chance(0.9) ? core::Path{"1", "key"} : random_path(random);
      Row row = random_row(random);
      if (random.chance(0.5) && !row.cell.siblings.empty()) {
        row.cell.siblings.resize(1);
        row.tally = {};
      }
      const std::vector<crdt::Sibling>& siblings = row.cell.siblings;
      const bool is_plain = siblings.size() == 1 && !siblings.front().base &&
                            row.tally.slots.empty() && !core::is_hashed(path);
      const std::string bytes = encode_row(path, row, origins);
      const auto value = crdt::plain_value(bytes, origins);
      REQUIRE(value.has_value() == is_plain);
      if (!is_plain) continue;
      ++plain;
      REQUIRE(*value == siblings.front().value);
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        REQUIRE_FALSE(crdt::plain_value(bytes.substr(0, size), origins));
      }
      REQUIRE_FALSE(crdt::plain_value(bytes + "x", origins));
      REQUIRE_FALSE(crdt::plain_value(bytes, core::OriginTable()));  // An unknown origin.
    }
    CHECK(plain > kRuns);
  }

  TEST_CASE("a row that is decoded into the memory of others is the same") {
    const core::OriginTable origins = test::random_row_origins();
    Random random(test::seed());
    CAPTURE(test::seed());
    crdt::StoredRow used;
    for (int run = 0; run < kRuns; ++run) {
      const core::Path path = random_path(random);
      const std::string bytes = encode_row(path, random_row(random), origins);
      REQUIRE(decode_row(bytes, origins, used).ok());
      CHECK(used.path == decode_row(bytes, origins).value().path);
      CHECK(encode_row(used.path.value_or(path), used.row, origins) == bytes);
      if (random.chance(0.1)) CHECK_FALSE(decode_row(bytes + "x", origins, used).ok());
    }
  }

  TEST_CASE("the numbers at the ends of their ranges survive") {
    const core::OriginTable origins = test::random_row_origins();
    const core::Int128 greatest = ~(core::Int128{1} << 127U);
    const core::Number numbers[] = {core::Number::integer(greatest),
                                    core::Number::integer(-greatest - 1),
                                    0,
                                    -1,
                                    core::Number::real(-0.0),
                                    core::Number::real(std::numeric_limits<double>::infinity())};
    for (const core::Number& number : numbers) {
      Row row = small_row();
      row.tally.slots[0].total = number;
      row.tally.slots[0].seq = std::numeric_limits<core::Seq>::max();
      row.cell.siblings[0].hlc.bits = std::numeric_limits<std::uint64_t>::max();
      const std::string bytes = encode_row({"key"}, row, origins);
      const auto stored = decode_row(bytes, origins);
      REQUIRE(stored.ok());
      CHECK(stored.value().row == row);
      CHECK(encode_row({"key"}, stored.value().row, origins) == bytes);
    }
  }

  TEST_CASE("no row is read from a part of its bytes, or from more than them") {
    const core::OriginTable origins = test::random_row_origins();
    for (int run = 0; run < kRuns / 10; ++run) {
      const std::uint64_t seed = test::seed() + static_cast<std::uint64_t>(run);
      CAPTURE(seed);
      Random random(seed);
      const std::string bytes = encode_row(random_path(random), random_row(random), origins);
      std::size_t read = 0;
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        if (decode_row(bytes.substr(0, size), origins).ok()) ++read;
      }
      CHECK(read == 0);
      CHECK_FALSE(decode_row(bytes + '\0', origins).ok());
    }
  }

  TEST_CASE("changed bytes are refused, or are the one encoding of another row") {
    const core::OriginTable origins = test::random_row_origins();
    for (int run = 0; run < kRuns; ++run) {
      const std::uint64_t seed = test::seed() + static_cast<std::uint64_t>(run);
      CAPTURE(seed);
      Random random(seed);
      const core::Path path = random_path(random);
      const std::string bytes = encode_row(path, random_row(random), origins);
      for (int change = 0; change < 20; ++change) {
        std::string changed = bytes;
        for (std::size_t i = random.below(3) + 1; i > 0; --i) {
          changed[random.below(changed.size())] = static_cast<char>(random.bits());
        }
        if (random.chance(0.2)) changed.erase(random.below(changed.size()), 1);
        REQUIRE(refused_or_exact(changed, path, origins));
      }
    }
  }

  TEST_CASE("random bytes are refused, or are the one encoding of a row") {
    const core::OriginTable origins = test::random_row_origins();
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    Random random(seed);
    for (int run = 0; run < 10 * kRuns; ++run) {
      std::string bytes = random.bytes(40);
      if (!bytes.empty()) bytes[0] = static_cast<char>(random.below(16));
      REQUIRE(refused_or_exact(bytes, {"key"}, origins));
    }
  }

  TEST_CASE("the format is the documented one") {
    const core::OriginTable origins = test::random_row_origins();
    // Flags, one sibling: origin 0, seq 5, hlc, 3 bytes; one slot: origin 0, seq 4, kind 0, birth
    // 2, total 10, base_seq 3, base -1, reset by origin 1 at 6.
    CHECK(core::to_hex(encode_row({"key"}, small_row(), origins)) ==
          "06"
          "01"
          "00050000000000000007"
          "03616263"
          "01"
          "00040002"
          "1403"
          "010106");
  }

  TEST_CASE("what no row has is refused, field by field") {
    const core::OriginTable origins = test::random_row_origins();
    const std::string bytes = encode_row({"key"}, small_row(), origins);
    struct Change {
      std::size_t at;
      char to;
      const char* why;
    };
    const Change changes[] = {
        {0, 0x16, "an unknown flag"},        {0, 0x0e, "bases announced and none there"},
        {1, 0, "a cell without siblings"},   {1, 2, "more siblings than there are"},
        {2, 9, "an unknown origin"},         {3, 0, "a dot with seq 0"},
        {16, 0, "a tally without slots"},    {17, 9, "a slot of an unknown origin"},
        {19, 4, "an unknown kind"},          {20, 0, "a birth of 0"},
        {20, 5, "a birth after the newest"}, {22, 5, "a base after the newest"},
        {22, 1, "a base before the birth"},  {24, 9, "a reset of an unknown origin"},
        {25, 0, "a reset with seq 0"},       {18, 0, "a slot with seq 0"},
    };
    for (const Change& change : changes) {
      CAPTURE(change.why);
      std::string changed = bytes;
      changed[change.at] = change.to;
      CHECK_FALSE(decode_row(changed, origins).ok());
    }
  }

  TEST_CASE("a birth after the newest addition is refused where no reset was applied either") {
    const core::OriginTable origins = test::random_row_origins();
    Row row;
    row.tally.slot(test::kOrigins[0]) = {test::kOrigins[0], 4, 4, 10};
    CHECK(decode_row(encode_row({"key"}, row, origins), origins).ok());
    row.tally.slots[0].birth = 5;
    CHECK_FALSE(decode_row(encode_row({"key"}, row, origins), origins).ok());
  }

  TEST_CASE("a number that is none is refused") {
    const core::OriginTable origins = test::random_row_origins();
    Row row = small_row();
    row.tally.slots[0].total = core::Number::real(std::numeric_limits<double>::infinity());
    std::string bytes = encode_row({"key"}, row, origins);
    const auto at = bytes.find("\x7f\xf0");
    REQUIRE(at != std::string::npos);
    bytes[at + 2] = 1;
    CHECK_FALSE(decode_row(bytes, origins).ok());
    bytes.replace(at, 3, std::string("\x80\0\0", 3));  // A negative zero, read as zero.
    CHECK_FALSE(decode_row(bytes, origins).ok());
  }

  TEST_CASE("siblings and slots out of order are refused") {
    const core::OriginTable origins = test::random_row_origins();
    Row row = small_row();
    row.cell.siblings.push_back(row.cell.siblings[0]);
    CHECK_FALSE(decode_row(encode_row({"key"}, row, origins), origins).ok());
    row.cell.siblings.pop_back();
    row.tally.slots.push_back(row.tally.slots[0]);
    CHECK_FALSE(decode_row(encode_row({"key"}, row, origins), origins).ok());
  }
}

}  // namespace anabranch::row_codec_test
