// Requests come out of the parser as they went in, however the bytes arrive; bytes that are no
// request end in an error, never in a crash or in memory that was only announced.

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "control/resp/parser.h"
#include "tests/seed.h"
#include "tests/server/resp_client.h"

namespace anabranch::parser_test {

using control::Parser;
using control::ParserLimits;
using test::request;
using test::Words;

namespace {

// A parser with its buffer, fed piece by piece, as a connection does it.
struct Reader {
  explicit Reader(const ParserLimits& limits = {}) : parser(limits) {}

  // Requests, "too large" and errors in their order.
  void feed(std::string_view piece) {
    buffer.erase(0, parser.consumed());
    parser.drop_consumed();
    buffer.append(piece);
    for (;;) {
      switch (parser.next(buffer)) {
        case Parser::Outcome::kIncomplete:
          return;
        case Parser::Outcome::kRequest:
          found.emplace_back(parser.arguments().begin(), parser.arguments().end());
          break;
        case Parser::Outcome::kTooLarge:
          found.push_back({"", "too large"});
          break;
        case Parser::Outcome::kBroken:
          error = parser.error();
          return;
      }
    }
  }

  Parser parser;
  std::string buffer;
  std::vector<Words> found;
  std::string error;
};

std::string error_of(std::string_view bytes, const ParserLimits& limits = {}) {
  Reader reader(limits);
  reader.feed(bytes);
  CHECK(reader.found.empty());
  return reader.error;
}

Words line(std::string_view text) {
  Reader reader;
  reader.feed(text);
  REQUIRE(reader.found.size() == 1);
  return reader.found[0];
}

const std::vector<Words> kRequests{{"SET", "key", std::string("a\r\nb\0c", 6)},
                                   {"GET", ""},
                                   {"PING"},
                                   {"ECHO", "*1\r\n$1\r\nx\r\n"}};

std::string stream() {
  std::string bytes;
  for (const Words& words : kRequests) bytes += request(words);
  return bytes + "\r\n*0\r\n*-1\r\nset  inline \"a b\"\r\n";
}

std::vector<Words> expected() {
  std::vector<Words> all = kRequests;
  all.push_back({"set", "inline", "a b"});
  return all;
}

}  // namespace

TEST_SUITE("server: parser") {
  TEST_CASE("a stream of requests is the same in one piece and byte by byte") {
    Reader whole;
    whole.feed(stream());
    CHECK(whole.found == expected());
    Reader bytes;
    for (const char c : stream()) bytes.feed({&c, 1});
    CHECK(bytes.found == expected());
    CHECK(bytes.parser.consumed() == bytes.buffer.size());
  }

  TEST_CASE("a stream may be cut anywhere in two") {
    const std::string bytes = stream();
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      CAPTURE(cut);
      Reader reader;
      reader.feed(std::string_view(bytes).substr(0, cut));
      reader.feed(std::string_view(bytes).substr(cut));
      CHECK(reader.found == expected());
      CHECK(reader.error.empty());
    }
  }

  TEST_CASE("random requests in random pieces come out as they went in") {
    const std::uint64_t seed = anabranch::test::seed();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    for (int round = 0; round < 200; ++round) {
      std::vector<Words> sent;
      std::string bytes;
      for (std::size_t i = 0; i < 1 + random() % 8; ++i) {
        Words words(1 + random() % 5);
        for (std::string& word : words) {
          for (std::size_t n = random() % 40; n > 0; --n) word += static_cast<char>(random());
        }
        bytes += request(words);
        sent.push_back(std::move(words));
      }
      Reader reader;
      for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t size = 1 + random() % 30;
        reader.feed(std::string_view(bytes).substr(at, size));
        at += size;
      }
      CHECK(reader.found == sent);
    }
  }

  TEST_CASE("what is no request gets the words of Redis") {
    CHECK(error_of("*x\r\n") == "Protocol error: invalid multibulk length");
    CHECK(error_of("*1000001\r\n") == "Protocol error: invalid multibulk length");
    CHECK(error_of("*99999999999999999999\r\n") == "Protocol error: invalid multibulk length");
    CHECK(error_of("*1\r\nGET\r\n") == "Protocol error: expected '$', got 'G'");
    CHECK(error_of("*1\r\n$-1\r\n") == "Protocol error: invalid bulk length");
    CHECK(error_of("*1\r\n$x\r\n") == "Protocol error: invalid bulk length");
    CHECK(error_of("*1\r\n$536870913\r\n") == "Protocol error: invalid bulk length");
    CHECK(error_of("set \"a b\r\n") == "Protocol error: unbalanced quotes in request");
    CHECK(error_of("set \"a\"b\r\n") == "Protocol error: unbalanced quotes in request");
    CHECK(error_of(std::string(70'000, 'x')) == "Protocol error: too big inline request");
    CHECK(error_of("*" + std::string(70'000, '1')) == "Protocol error: too big mbulk count string");
    CHECK(error_of("*1\r\n$" + std::string(70'000, '1')) ==
          "Protocol error: too big bulk count string");
  }

  TEST_CASE("after an error there are no more requests") {
    Reader reader;
    reader.feed("*x\r\n" + request({"PING"}));
    reader.feed(request({"PING"}));
    CHECK(reader.found.empty());
    CHECK(reader.error == "Protocol error: invalid multibulk length");
  }

  TEST_CASE("a line is split as a shell would, with quotes and escapes") {
    CHECK(line("set a b\n") == Words{"set", "a", "b"});
    CHECK(line("  set\t'a b' \"c\\n\\x41\\\"\" '\\''\r\n") == Words{"set", "a b", "c\nA\"", "'"});
    CHECK(line("set \"\" ''\r\n") == Words{"set", "", ""});
    CHECK(line("a\"b c\"\r\n") == Words{"ab c"});
    CHECK(line("a\\n\r\n") == Words{"a\\n"});
  }

  TEST_CASE("a request over the limit is skipped without being kept and the next one is found") {
    ParserLimits limits;
    limits.request_bytes_max = 1000;
    const std::string large = request({"SET", "k", std::string(5000, 'v'), "x"});
    for (std::size_t piece = 1; piece < 6000; piece = piece * 3 + 1) {
      CAPTURE(piece);
      Reader reader(limits);
      std::size_t buffered = 0;
      const std::string bytes = request({"PING"}) + large + request({"PING"});
      for (std::size_t at = 0; at < bytes.size(); at += piece) {
        reader.feed(std::string_view(bytes).substr(at, piece));
        buffered = std::max(buffered, reader.buffer.size());
      }
      CHECK(reader.found == std::vector<Words>{{"PING"}, {"", "too large"}, {"PING"}});
      CHECK(buffered < 1100 + 2 * piece);
    }
  }

  TEST_CASE("many small arguments may also be too large") {
    ParserLimits limits;
    limits.request_bytes_max = 1000;
    Reader reader(limits);
    reader.feed(request(Words(500, "xy")) + request({"PING"}));
    CHECK(reader.found == std::vector<Words>{{"", "too large"}, {"PING"}});
  }

  TEST_CASE("an announced bulk is missed, byte by byte") {
    Reader reader;
    reader.feed("*2\r\n$3\r\nGET\r\n$10\r\n");
    CHECK(reader.parser.missing(reader.buffer.size()) == 12);
    reader.feed("01234");
    CHECK(reader.parser.missing(reader.buffer.size()) == 7);
    reader.feed("56789\r\n");
    CHECK(reader.found == std::vector<Words>{{"GET", "0123456789"}});
    CHECK(reader.parser.missing(reader.buffer.size()) == 0);
  }

  TEST_CASE("random and damaged bytes never do more than end in an error") {
    const std::uint64_t seed = anabranch::test::seed();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const std::string alphabet = "*$\r\n0123456789-GETx\"'\\ ";
    const std::string good = stream();
    for (int round = 0; round < 2000; ++round) {
      std::string bytes = round % 2 == 0 ? good : std::string(random() % 60, ' ');
      for (char& c : bytes) {
        if (round % 2 == 1 || random() % 20 == 0) c = alphabet[random() % alphabet.size()];
      }
      Reader reader;
      for (std::size_t at = 0; at < bytes.size(); at += 7) {
        reader.feed(std::string_view(bytes).substr(at, 7));
      }
      for (const Words& words : reader.found) CHECK(!words.empty());
    }
  }
}

}  // namespace anabranch::parser_test
