// Replies, byte for byte, in both versions of the protocol; and the patterns of KEYS.

#include <doctest/doctest.h>

#include <ctime>
#include <limits>
#include <random>
#include <string>

#include <anabranch/error.h>

#include "control/resp/writer.h"
#include "server/compiled_pattern.h"
#include "server/pattern.h"
#include "tests/seed.h"

namespace anabranch::writer_test {

using control::Output;
using control::Writer;
using server::matches;

namespace {

template <typename Write>
std::string written(int protocol, Write write) {
  Output output;
  Writer reply(output, 1000);
  reply.set_protocol(protocol);
  write(reply);
  return output.text(0);
}

}  // namespace

TEST_SUITE("server: writer") {
  TEST_CASE("version 2 has its five types") {
    CHECK(written(2, [](Writer& reply) { reply.ok(); }) == "+OK\r\n");
    CHECK(written(2, [](Writer& reply) { reply.status("PONG"); }) == "+PONG\r\n");
    CHECK(written(2, [](Writer& reply) { reply.integer(-7); }) == ":-7\r\n");
    CHECK(written(2, [](Writer& reply) {
            reply.integer(std::numeric_limits<std::int64_t>::min());
          }) == ":-9223372036854775808\r\n");
    CHECK(written(2, [](Writer& reply) { reply.bulk(""); }) == "$0\r\n\r\n");
    CHECK(written(2, [](Writer& reply) { reply.null(); }) == "$-1\r\n");
    CHECK(written(2, [](Writer& reply) { reply.null_array(); }) == "*-1\r\n");
    CHECK(written(2, [](Writer& reply) { reply.map(2); }) == "*4\r\n");
    CHECK(written(2, [](Writer& reply) { reply.set(2); }) == "*2\r\n");
    CHECK(written(2, [](Writer& reply) { reply.verbatim("a"); }) == "$1\r\na\r\n");
  }

  TEST_CASE("version 3 has types of its own") {
    CHECK(written(3, [](Writer& reply) { reply.null(); }) == "_\r\n");
    CHECK(written(3, [](Writer& reply) { reply.map(2); }) == "%2\r\n");
    CHECK(written(3, [](Writer& reply) { reply.set(2); }) == "~2\r\n");
    CHECK(written(3, [](Writer& reply) { reply.array(2); }) == "*2\r\n");
    CHECK(written(3, [](Writer& reply) { reply.verbatim("a"); }) == "=5\r\ntxt:a\r\n");
  }

  TEST_CASE("an error stays on one line") {
    CHECK(written(2, [](Writer& reply) { reply.error("ERR a\r\nb"); }) == "-ERR a  b\r\n");
  }

  TEST_CASE("an aggregate can get its size at its end") {
    CHECK(written(2, [](Writer& reply) {
            reply.integer(0);
            const std::size_t mark = reply.mark();
            reply.bulk("a");
            reply.bulk("b");
            reply.enclose(mark, Writer::Aggregate::kArray, 2);
          }) == ":0\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n");
  }

  TEST_CASE("what would pass the limit throws and can be taken back, an error cannot fail") {
    Output output;
    Writer reply(output, 20);
    reply.ok();
    const std::size_t mark = reply.mark();
    reply.array(2);
    CHECK_THROWS_AS(reply.bulk(std::string(20, 'x')), anabranch::Error);
    reply.rewind(mark);
    reply.error("ERR that was more than twenty");
    CHECK(output.text(0) == "+OK\r\n-ERR that was more than twenty\r\n");
  }
}

TEST_SUITE("server: output") {
  TEST_CASE("an output of many pieces is one sequence of bytes") {
    const std::uint64_t seed = test::seed();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const auto up_to = [&](std::size_t most) { return random() % (most + 1); };
    for (int round = 0; round < 20; ++round) {
      Output output;
      std::string expected;
      for (int step = 0; step < 40; ++step) {
        const std::string bytes(up_to(up_to(3) == 0 ? 3'000'000 : 1'000),
                                static_cast<char>('a' + step % 26));
        const std::size_t at = up_to(expected.size());
        switch (up_to(7)) {
          case 0:
            output.truncate(at);
            expected.resize(at);
            break;
          case 1:
            output.insert(at, bytes.substr(0, 10));
            expected.insert(at, bytes.substr(0, 10));
            break;
          case 2:
            expected.erase(0, output.drop_sent(at));
            break;
          case 3: {
            Output other;
            other.append(bytes);
            other.append(output, at, output.size());
            expected += bytes + expected.substr(at);
            output.append(std::move(other));
            break;
          }
          case 4:
            output.reserve(bytes.size());
            [[fallthrough]];
          default:
            output.append(bytes);
            expected += bytes;
        }
        if (expected.size() > 30'000'000) break;
        REQUIRE(output.size() == expected.size());
        if (!expected.empty())
          CHECK(output.at(at % expected.size()) == expected[at % expected.size()]);
        CHECK((output.text(0) == expected));
        CHECK(output.text(at, 100) == (at <= expected.size() ? expected.substr(at, 100) : ""));
      }
      output.clear();
      CHECK(output.empty());
    }
  }

  TEST_CASE("what was sent is dropped, and each byte moves once at most") {
    Output output;
    output.append(std::string(1'000, 'a'));
    CHECK(output.drop_sent(500) == 0);
    CHECK(output.drop_sent(501) == 501);
    for (int i = 0; i < 5; ++i) output.append(std::string(1'100'000, static_cast<char>('b' + i)));
    CHECK(output.drop_sent(2'000'000) == 1'100'499);
    CHECK(output.text(0, 1) == "c");
  }
}

TEST_SUITE("server: pattern") {
  TEST_CASE("a pattern matches as in Redis") {
    CHECK(matches("*", ""));
    CHECK(matches("a*c*e", "abcde"));
    CHECK(matches("h?llo", "hello"));
    CHECK(matches("h[ae]llo", "hallo"));
    CHECK(matches("h[^e]llo", "hallo"));
    CHECK(matches("[a-c]", "b"));
    CHECK(matches("[c-a]", "b"));
    CHECK(matches("\\*", "*"));
    CHECK(matches("[\\]]", "]"));
    CHECK_FALSE(matches("", "a"));
    CHECK_FALSE(matches("h?llo", "hllo"));
    CHECK_FALSE(matches("h[^e]llo", "hello"));
    CHECK_FALSE(matches("\\*", "a"));
    CHECK_FALSE(matches("a*b", "acbd"));
    CHECK_FALSE(matches("[a", "b"));
  }

  TEST_CASE("a pattern of many stars is not slow") {
    std::string stars;
    for (int i = 0; i < 1000; ++i) stars += "*a";
    CHECK_FALSE(matches(stars + "b", std::string(10'000, 'a')));
  }

  TEST_CASE("a pattern taken apart matches what it matches step by step") {
    std::mt19937_64 random(test::seed());
    constexpr const char* kPieces[] = {"a",    "b",     "*",   "?",  "[ab]",
                                       "[^a]", "[b-a]", "\\*", "ab", "[a"};
    int matching = 0;
    for (int i = 0; i < 20'000; ++i) {
      std::string pattern;
      for (auto left = random() % 7; left > 0; --left) pattern += kPieces[random() % 10];
      std::string text;
      for (auto left = random() % 9; left > 0; --left) text += "ab*"[random() % 3];
      CAPTURE(pattern);
      CAPTURE(text);
      const bool matched = matches(pattern, text);
      REQUIRE(server::CompiledPattern(pattern).matches(text) == matched);
      matching += matched ? 1 : 0;
    }
    CHECK(matching > 1000);
  }

  TEST_CASE("a match takes a time that grows with the text, whatever the pattern") {
    const std::string text(60'000, 'a');
    std::string wild = "*";
    while (wild.size() + 7 < server::kPatternBytesMax) wild += "[a-z]?";
    const std::string plain = "*" + std::string(server::kPatternBytesMax - 2, 'a');
    const std::string stars = "*aaaaaaaa*[b-z]aaaaaaa";
    for (const std::string& pattern : {plain + "b", wild + "b", stars, plain + "*b"}) {
      const auto processor_ms = [] { return std::clock() * 1000 / CLOCKS_PER_SEC; };
      const auto begin = processor_ms();
      constexpr int kTimes = 5;
      for (int i = 0; i < kTimes; ++i) CHECK_FALSE(matches(pattern, text));
      // Step by step it takes 200 ms each time; a tenth under sanitizers is more than enough.
      CHECK((processor_ms() - begin) / kTimes < 100);
    }
  }
}

}  // namespace anabranch::writer_test
