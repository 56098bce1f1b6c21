#include "core/codec.h"

#include <limits>
#include <random>

#include <doctest/doctest.h>

#include "tests/seed.h"

namespace anabranch::core::codec_test {
namespace {

std::string nested(std::size_t depth) { return std::string(depth, '\x91') + '\xC0'; }

// Takes the whole input as values of any kind; whether that worked.
bool skims(std::string_view bytes) {
  Reader in(bytes);
  in.skip();
  return in.done();
}

std::string why_not(std::string_view bytes) {
  Reader in(bytes);
  in.skip();
  return in.done() ? "" : in.failure().message;
}

TEST_SUITE_BEGIN("core: codec");

TEST_CASE("what is written is read") {
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  const std::string big(70'000, 'x');
  std::string bytes;
  Writer out(bytes);
  out.array(11).uint64(0).uint64(~0ULL).int64(kMin).int64(kMax).int64(-1).real(0.1);
  out.bin(std::string_view("\x00\xFF", 2)).bin(big).text("eu").nil().boolean(true);

  Reader in(bytes);
  CHECK(in.array() == 11);
  CHECK(in.uint64() == 0);
  CHECK(in.uint64() == ~0ULL);
  CHECK(in.int64() == kMin);
  CHECK(in.int64() == kMax);
  CHECK(in.int64() == -1);
  CHECK(in.real() == 0.1);
  CHECK(in.bin() == std::string_view("\x00\xFF", 2));
  CHECK(in.bin() == big);
  CHECK(in.text() == "eu");
  CHECK_FALSE(in.done());
  Reader again(bytes);
  again.array();
  again.skip(9);
  CHECK(again.peek() == Token::Kind::kNil);
  CHECK(again.take_nil());
  CHECK_FALSE(again.take_nil());
  CHECK(again.boolean());
  CHECK(again.peek() == std::nullopt);
  CHECK(again.done());
}

TEST_CASE("numbers of every width survive the round trip") {
  const std::uint64_t seed = test::seed();
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  for (unsigned bits = 0; bits < 64; ++bits) {
    const std::uint64_t value = rng() >> bits;
    const auto with_sign = static_cast<std::int64_t>(rng()) >> bits;
    std::string bytes;
    Writer(bytes).array(2).uint64(value).int64(with_sign);
    Reader in(bytes);
    in.array_of(2);
    CHECK(in.uint64() == value);
    CHECK(in.int64() == with_sign);
    CHECK(in.done());
  }
}

TEST_CASE("a real that is a whole number stays a real") {
  std::string bytes;
  Writer(bytes).real(4.0);
  CHECK(bytes == std::string("\xCB\x40\x10\0\0\0\0\0\0", 9));
  Reader in(bytes);
  CHECK(in.peek() == Token::Kind::kReal);
  CHECK(in.real() == 4.0);
}

TEST_CASE("bytes are views into the input") {
  std::string bytes;
  Writer(bytes).bin("abc");
  Reader in(bytes);
  CHECK(in.bin().data() == bytes.data() + 2);
}

TEST_CASE("the first failure stays, and everything after it gives nothing") {
  std::string bytes;
  Writer(bytes).array(3).uint64(5).text("x").nil();
  Reader in(bytes);
  in.array();
  CHECK(in.bin().empty());
  CHECK_FALSE(in.ok());
  CHECK(in.failure().code == ErrorCode::kCorrupt);
  CHECK(in.failure().message == "expected bytes, found a whole number");
  in.fail("later");
  CHECK(in.uint64() == 0);
  CHECK(in.array() == 0);
  CHECK(in.array_of(3) == 0);
  CHECK(in.text().empty());
  CHECK_FALSE(in.take_nil());
  CHECK(in.peek() == std::nullopt);
  in.skip();
  CHECK_FALSE(in.done());
  CHECK(in.failure().message == "expected bytes, found a whole number");
}

TEST_CASE("a value too few is a failure, and so is a value too many") {
  std::string bytes;
  Writer(bytes).array(1).uint64(5);
  Reader few(bytes);
  few.array();
  few.uint64();
  few.uint64();
  CHECK_FALSE(few.ok());
  Reader many(bytes);
  many.array();
  CHECK(many.ok());
  CHECK_FALSE(many.done());
  Reader skipping(bytes);
  skipping.skip(2);
  CHECK_FALSE(skipping.ok());
}

TEST_CASE("an array may be longer than asked, never shorter") {
  std::string bytes;
  Writer(bytes).array(3).uint64(5).array(1).nil().text("new");
  Reader in(bytes);
  const std::size_t extra = in.array_of(1);
  CHECK(extra == 2);
  CHECK(in.uint64() == 5);
  in.skip(extra);
  CHECK(in.done());
  Reader shorter(bytes);
  shorter.array_of(4);
  CHECK_FALSE(shorter.ok());
}

TEST_CASE("a whole number beyond 63 bits is no signed number") {
  std::string bytes;
  Writer(bytes).uint64(std::uint64_t{1} << 63);
  Reader in(bytes);
  CHECK(in.int64() == 0);
  CHECK_FALSE(in.ok());
}

TEST_CASE("a negative number is no unsigned number") {
  std::string bytes;
  Writer(bytes).int64(-1);
  Reader in(bytes);
  CHECK(in.uint64() == 0);
  CHECK_FALSE(in.ok());
}

TEST_CASE("signed forms of what is not negative are read as numbers") {
  Reader in(std::string_view("\xD0\x05", 2));
  CHECK(in.uint64() == 5);
  CHECK(in.done());
}

TEST_CASE("trailing bytes are a failure") {
  CHECK(skims(std::string_view("\xC0", 1)));
  CHECK_FALSE(skims(std::string_view("\xC0\xC0", 2)));
  CHECK_FALSE(skims(std::string_view("\x90\x00", 2)));
  CHECK_FALSE(skims(""));
}

TEST_CASE("a first value is taken off, and the rest left") {
  std::string bytes;
  Writer(bytes).array(1).uint64(5).text("rest");
  std::string_view rest = bytes;
  Reader first = Reader::first_of(rest);
  CHECK(first.array() == 1);
  CHECK(first.uint64() == 5);
  CHECK(first.done());
  Reader second(rest);
  CHECK(second.text() == "rest");
  CHECK(second.done());

  rest = std::string_view("\x92\xC0", 2);
  CHECK_FALSE(Reader::first_of(rest).ok());
  CHECK(rest.size() == 2);
}

TEST_CASE("maps, extension types and 32-bit floats are refused as unsupported") {
  CHECK(why_not(std::string_view("\x80", 1)) == "unsupported: a map");
  CHECK(why_not(std::string_view("\x82\x01\x02\x01\x03", 5)) == "unsupported: a map");
  CHECK(why_not(std::string_view("\xDE\x00\x01\x01\x02", 5)) == "unsupported: a map");
  CHECK(why_not(std::string_view("\xD4\x01\x02", 3)) == "unsupported: an extension type");
  CHECK(why_not(std::string_view("\xC7\x01\x05\x00", 4)) == "unsupported: an extension type");
  CHECK(why_not(std::string_view("\xCA\x00\x00\x00\x00", 5)) == "unsupported: a 32-bit float");
  CHECK(why_not(std::string_view("\xC1", 1)) == "not msgpack");
}

TEST_CASE("five bytes that promise four billion values are refused at once") {
  CHECK(why_not("\xDD\xFF\xFF\xFF\xFF") == "an array is longer than the input");
  CHECK(why_not("\xDC\xFF\xFF") == "an array is longer than the input");
  CHECK_FALSE(skims("\xC6\xFF\xFF\xFF\xFF"));
  CHECK_FALSE(skims("\xDB\xFF\xFF\xFF\xFF"));
  CHECK_FALSE(skims("\xDF\xFF\xFF\xFF\xFF"));
  CHECK_FALSE(skims("\xC9\xFF\xFF\xFF\xFF"));
  // Many arrays that each lie a little: together they promise more than there is.
  std::string bytes = "\x93";
  for (int i = 0; i < 3; ++i) bytes += "\x9F";
  CHECK(why_not(bytes) == "an array is longer than the input");
}

TEST_CASE("nesting is bounded") {
  CHECK(skims(nested(Reader::kDepthMax)));
  CHECK(why_not(nested(Reader::kDepthMax + 1)) == "arrays are nested too deeply");
  CHECK_FALSE(skims(nested(1'000'000)));
  std::string wide = "\x9F";
  for (int i = 0; i < 15; ++i) wide += nested(Reader::kDepthMax - 1);
  CHECK(skims(wide));
}

TEST_CASE("the number of values is bounded") {
  std::string bytes;
  Writer out(bytes);
  out.array(100);
  for (int i = 0; i < 100; ++i) out.nil();
  CHECK(Reader(bytes, 101).ok());
  CHECK_FALSE(Reader(bytes, 100).ok());
  std::string_view rest = bytes;
  CHECK_FALSE(Reader::first_of(rest, 100).ok());
}

TEST_CASE("any bytes are read or refused, without a crash and without an exception") {
  const std::uint64_t seed = test::seed();
  CAPTURE(seed);
  std::mt19937_64 rng(seed);
  std::size_t read = 0;
  for (int i = 0; i < (test::long_run() ? 3'000'000 : 100'000); ++i) {
    std::string bytes(rng() % 24, '\0');
    for (char& byte : bytes) byte = static_cast<char>(rng() % 2 == 0 ? rng() : 0x90 + rng() % 5);
    read += skims(bytes) ? 1 : 0;
  }
  CHECK(read > 0);
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::core::codec_test
