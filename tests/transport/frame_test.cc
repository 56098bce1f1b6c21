#include "transport/frame.h"

#include <doctest/doctest.h>

#include <random>

#include "core/hash.h"
#include "tests/seed.h"
#include "transport/compression.h"

namespace anabranch::transport::frame_test {

TEST_SUITE_BEGIN("transport: frame");

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20U;

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + (i >> 12U));
  return bytes;
}

std::vector<std::string> frames_of(std::uint8_t kind, std::string_view body, std::uint64_t stream) {
  std::vector<std::string> frames;
  encode_frames(kind, body, BodyForm::kPlain, stream,
                [&](std::string frame) { frames.push_back(std::move(frame)); });
  return frames;
}

Frame chunk(std::uint64_t stream, std::uint64_t offset, std::uint64_t total,
            std::string_view bytes) {
  return {.kind = 1,
          .is_chunk = true,
          .stream = stream,
          .offset = offset,
          .total = total,
          .bytes = bytes};
}

// Whether the assembler took the chunk and gave the whole body.
bool completes(Assembler& assembler, const Frame& frame, const std::string& body) {
  const auto message = assembler.add(frame);
  return message.ok() && message.value() && message.value()->body == body;
}

bool takes(Assembler& assembler, const Frame& frame) {
  const auto message = assembler.add(frame);
  return message.ok() && !message.value();
}

bool refuses(Assembler& assembler, const Frame& frame) { return !assembler.add(frame).ok(); }

}  // namespace

TEST_CASE("a message of any size comes out of its frames as it went in") {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, kSentBodyMax, kSentBodyMax + 1, kMiB, 10 * kMiB}) {
    CAPTURE(size);
    const std::string body = pattern(size);
    const auto frames = frames_of(200, body, 7);
    CHECK(frames.size() == (size == 0 ? 1 : (size + kSentBodyMax - 1) / kSentBodyMax));
    Assembler assembler;
    std::optional<Message> whole;
    for (const std::string& bytes : frames) {
      CHECK_FALSE(whole.has_value());
      CHECK(bytes.size() <= kSentFrameMax);
      const auto frame = decode_frame(bytes);
      REQUIRE(frame.ok());
      auto message = assembler.add(frame.value());
      REQUIRE(message.ok());
      whole = std::move(message.value());
    }
    REQUIRE(whole.has_value());
    CHECK(whole->kind == 200);
    CHECK((whole->body == body));
  }
}

namespace {

std::string little_endian(std::uint64_t value, unsigned bytes) {
  std::string text;
  for (unsigned i = 0; i < bytes; ++i) text.push_back(static_cast<char>(value >> (8 * i)));
  return text;
}

// A frame as the format says, made by hand.
std::string frame_by_hand(std::uint8_t kind, std::string_view rest) {
  const std::string head = std::string("\x01") + static_cast<char>(kind) + std::string(2, '\0') +
                           little_endian(rest.size(), 4);
  const std::string hashed = head + little_endian(core::checksum64(rest), 8);
  return head + little_endian(core::checksum64(hashed), 8) + std::string(rest);
}

}  // namespace

TEST_CASE("the bytes of a frame are those of the format") {
  const auto frames = frames_of(5, "abc", 0);
  REQUIRE(frames.size() == 1);
  CHECK(frames[0] == frame_by_hand(5, "abc"));
}

TEST_CASE("a frame with 1 MiB of a body, as older programs send them, is taken") {
  const std::string body = pattern(kFrameBodyMax);
  const std::string bytes = frame_by_hand(4, body);
  const auto frame = decode_frame(bytes);
  REQUIRE(frame.ok());
  CHECK((frame.value().bytes == body));
  CHECK_FALSE(decode_frame(frame_by_hand(4, body + 'x')).ok());
}

TEST_CASE("every truncation of a frame is refused") {
  for (const std::string& body : {std::string{}, std::string{"hello"}}) {
    const std::string frame = frames_of(1, body, 0).front();
    for (std::size_t size = 0; size < frame.size(); ++size) {
      CAPTURE(size);
      CHECK_FALSE(decode_frame(std::string_view{frame}.substr(0, size)).ok());
    }
    CHECK_FALSE(decode_frame(frame + '\0').ok());
  }
  const std::string last = frames_of(1, pattern(kMiB + 5), 0).back();
  for (std::size_t size = 0; size < last.size(); ++size) {
    CHECK_FALSE(decode_frame(std::string_view{last}.substr(0, size)).ok());
  }
}

TEST_CASE("every flipped bit of a frame is refused") {
  for (const std::string& good :
       {frames_of(3, "some body", 0).front(), frames_of(3, pattern(kMiB + 9), 1).back()}) {
    REQUIRE(decode_frame(good).ok());
    for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
      CAPTURE(bit);
      std::string bad = good;
      bad[bit / 8] =
          static_cast<char>(static_cast<unsigned char>(bad[bit / 8]) ^ (1U << (bit % 8)));
      CHECK_FALSE(decode_frame(bad).ok());
    }
  }
}

TEST_CASE("random bytes are refused") {
  CAPTURE(test::seed());
  std::mt19937_64 random{test::seed()};
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 80, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    if (bytes.size() > 8 && i % 2 == 0) {  // A plausible header goes deeper.
      bytes.replace(0, 4, std::string{'\1', '\1', static_cast<char>(random() % 2), '\0'});
      bytes.replace(4, 4, {static_cast<char>(bytes.size() - 16), '\0', '\0', '\0'});
    }
    CHECK_FALSE(decode_frame(bytes).ok());
  }
}

TEST_CASE("a frame of another version is refused by both numbers") {
  std::string frame = frames_of(1, "body", 0).front();
  frame[0] = 42;
  const auto decoded = decode_frame(frame);
  REQUIRE_FALSE(decoded.ok());
  CHECK(decoded.failure().message == "frame format 42, this program speaks 1");
}

TEST_CASE("chunks that follow each other make the body, whole frames may come between") {
  Assembler assembler;
  CHECK(takes(assembler, chunk(1, 0, 6, "ab")));
  CHECK(takes(assembler, chunk(1, 2, 6, "cd")));
  const auto whole = assembler.add({.kind = 9, .bytes = "between"});
  REQUIRE(whole.ok());
  REQUIRE(whole.value().has_value());
  CHECK(whole.value()->kind == 9);
  CHECK(completes(assembler, chunk(1, 4, 6, "ef"), "abcdef"));
  CHECK(completes(assembler, chunk(2, 0, 2, "gh"), "gh"));
}

TEST_CASE("chunks that do not follow each other are refused and the partial body is dropped") {
  const auto check_refused = [](const Frame& second) {
    Assembler assembler;
    CHECK(takes(assembler, chunk(1, 0, 6, "ab")));
    CHECK(refuses(assembler, second));
    CHECK(refuses(assembler, chunk(1, 2, 6, "cdef")));
    CHECK(completes(assembler, chunk(1, 0, 2, "ab"), "ab"));
  };
  SUBCASE("a gap") { check_refused(chunk(1, 3, 6, "def")); }
  SUBCASE("an overlap") { check_refused(chunk(1, 1, 6, "bcdef")); }
  SUBCASE("a repetition") { check_refused(chunk(1, 0, 6, "ab")); }
  SUBCASE("another total") { check_refused(chunk(1, 2, 7, "cdef")); }
  SUBCASE("another stream") { check_refused(chunk(2, 2, 6, "cdef")); }
  SUBCASE("the beginning of another stream") { check_refused(chunk(2, 0, 6, "ab")); }
  SUBCASE("another kind") {
    Frame other = chunk(1, 2, 6, "cdef");
    other.kind = 2;
    check_refused(other);
  }
}

TEST_CASE("a body over the bound of its kind is refused before it is decompressed") {
  const std::string body(1000, 'z');
  const std::string packed = Compressor().compress(body).value();
  const auto takes_within = [](Frame frame, std::size_t bytes_max) {
    frame.kind = 1;
    Assembler assembler;
    const auto message = assembler.add(frame, bytes_max);
    return message.ok();
  };
  CHECK(takes_within({.is_compressed = true, .bytes = packed}, 1000));
  CHECK_FALSE(takes_within({.is_compressed = true, .bytes = packed}, 999));
  CHECK(takes_within({.bytes = body}, 1000));
  CHECK_FALSE(takes_within({.bytes = body}, 999));
  CHECK(takes_within(chunk(1, 0, 1000, "a"), 1000));
  CHECK_FALSE(takes_within(chunk(1, 0, 1000, "a"), 999));
}

TEST_CASE("a body over the maximum is refused with its first chunk") {
  Assembler assembler;
  CHECK(refuses(assembler, chunk(1, 0, kMessageSizeMax + 1, "a")));
  CHECK(takes(assembler, chunk(1, 0, kMessageSizeMax, "a")));
}

TEST_SUITE_END();

}  // namespace anabranch::transport::frame_test
