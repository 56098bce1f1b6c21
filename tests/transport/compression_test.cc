#include "transport/compression.h"

#include <doctest/doctest.h>

#include <random>

#include "tests/seed.h"
#include "transport/frame.h"

namespace anabranch::transport::compression_test {

TEST_SUITE_BEGIN("transport: compression");

namespace {

std::string text(std::size_t size) {
  std::string bytes;
  for (std::uint64_t i = 0; bytes.size() < size; ++i) {
    bytes += R"({"order":)" + std::to_string(i * 7919 % 1000) + R"(,"state":"paid"})";
  }
  bytes.resize(size);
  return bytes;
}

std::string noise(std::size_t size, std::mt19937_64& random) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

// A message through frames and the assembler; nothing when something refused it.
std::optional<Message> carried(const std::string& body, BodyForm form) {
  Assembler assembler;
  std::optional<Message> message;
  encode_frames(3, body, form, 1, [&](std::string bytes) {
    const auto frame = decode_frame(bytes);
    REQUIRE(frame.ok());
    auto added = assembler.add(frame.value());
    if (added.ok()) message = std::move(added).value();
  });
  return message;
}

}  // namespace

TEST_CASE("what repeats itself becomes smaller and comes back as it was") {
  Compressor compressor;
  for (const std::size_t size :
       {Compressor::kSizeMin, std::size_t{70'000}, std::size_t{9} << 20U}) {
    CAPTURE(size);
    const std::string body = text(size);
    const auto packed = compressor.compress(body);
    REQUIRE(packed);
    CHECK(packed->size() < size / 2);
    CHECK(decompress(*packed, size).value() == body);
    const auto message = carried(*packed, BodyForm::kCompressed);
    REQUIRE(message);
    CHECK(message->kind == 3);
    CHECK(message->body == body);
  }
}

TEST_CASE("small bodies and noise are left alone, noise more and more rarely tried") {
  std::mt19937_64 random(test::seed());
  Compressor compressor;
  CHECK(!compressor.compress(text(Compressor::kSizeMin - 1)));
  CHECK(!compressor.compress(noise(4096, random)));
  CHECK(!compressor.compress(text(4096)));  // Left out after the useless attempt.
  CHECK(compressor.compress(text(4096)));   // Tried again, and it pays.
  for (int i = 0; i < 1000; ++i) CHECK(!compressor.compress(noise(600, random)));
  std::uint32_t left_out = 0;
  while (!compressor.compress(text(4096))) ++left_out;
  CHECK(left_out <= Compressor::kSkipMax);
}

TEST_CASE("compressed bytes that lie or are cut are refused") {
  Compressor compressor;
  const std::string body = text(100'000);
  const std::string packed = *compressor.compress(body);
  CHECK(!decompress(packed, body.size() - 1).ok());
  CHECK(!decompress(packed + "x", body.size()).ok());
  CHECK(!decompress(packed + packed, body.size()).ok());
  CHECK(!decompress("", 10).ok());
  for (std::size_t cut = 0; cut < packed.size(); cut += 97) {
    CHECK(!decompress(packed.substr(0, cut), body.size()).ok());
  }
  std::mt19937_64 random(test::seed());
  for (int i = 0; i < 2000; ++i) {
    std::string mutated = packed;
    mutated[random() % mutated.size()] = static_cast<char>(random());
    const auto read = decompress(mutated, body.size());
    if (read.ok()) CHECK(read.value().size() <= body.size());
  }
  CHECK(!carried(body, BodyForm::kCompressed));
  CHECK(!carried(text(3'000'000), BodyForm::kCompressed));
}

TEST_SUITE_END();

}  // namespace anabranch::transport::compression_test
