// Files that Redis saved: their keys, their encodings, and files that are none.

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>
#include <string>

#include "server/cli/import/lzf.h"
#include "server/cli/import/packed.h"
#include "server/cli/import/rdb_file.h"
#include "tests/server/cli/import/recording_sink.h"
#include "tests/server/cli/import/saved_file.h"

namespace anabranch::rdb_test {

using namespace server::cli;
using namespace std::string_literals;
using test::RecordingSink;

namespace {

core::Result<void> read(const std::string& file, RecordingSink& sink,
                        std::optional<Position> from = {}) {
  std::istringstream in(file);
  return RdbFile(in, file.size()).read(sink, from);
}

// The sentence by which a file is refused; empty if it is read.
std::string refusal(const std::string& file) {
  RecordingSink sink;
  const core::Result<void> done = read(file, sink);
  return done.ok() ? "" : done.failure().message;
}

std::string text(std::string_view bytes) {
  return static_cast<char>(bytes.size()) + std::string(bytes);
}

// A file without a checksum.
std::string file_of(const std::string& contents, const std::string& version = "0009") {
  return "REDIS" + version + contents + "\xFF" + std::string(8, '\0');
}

const auto kHeld = "\x00\x01k\x01v"s;

std::string joined(const std::optional<std::vector<std::string>>& elements) {
  if (!elements) return "none";
  std::string all;
  for (const std::string& each : *elements) all += each + " ";
  return all;
}

}  // namespace

TEST_SUITE("server: files that Redis saved") {
  TEST_CASE("all keys are read, in their databases, and types that are not here are named") {
    RecordingSink sink;
    const core::Result<void> done = read(test::saved_file(), sink);
    REQUIRE_MESSAGE(done.ok(), done.failure().message);
    CHECK(sink.keys.size() == 12);
    CHECK(sink.keys["0/text"] == "string until 4102444800123 hello");
    CHECK(sink.keys["0/int"] == "string 12345");
    CHECK(sink.keys["0/small"] == "string -7");
    CHECK(sink.keys["0/middle"] == "string 300");
    std::string packed = "string ";
    for (int i = 0; i < 60; ++i) packed += "ab";
    CHECK(sink.keys["0/packed"] == packed);
    CHECK(sink.keys["0/hash"] == "hash f=v n=42");
    CHECK(sink.keys["0/numbers"] == "set 1 2 70000");
    CHECK((sink.keys["0/words"] == "set a b" || sink.keys["0/words"] == "set b a"));
    CHECK(sink.keys["0/hll"].starts_with("string HYLL"));
    CHECK(sink.keys["0/bits"] == "string \x01");
    CHECK(sink.keys["3/other"] == "string db");
    CHECK(sink.keys["3/big"] == "hash f1=v long=" + std::string(70, 'x') + " f2=v f0=v");
    std::ranges::sort(sink.left_out);
    CHECK(sink.left_out == std::vector<std::string>{"library of functions 0/", "list 0/list",
                                                    "sorted set 0/scores", "stream 0/stream"});
  }

  TEST_CASE("reading goes on from each position with all keys that were not named before it") {
    RecordingSink whole;
    REQUIRE(read(test::saved_file(), whole).ok());
    REQUIRE(whole.positions.size() == 15);
    for (std::size_t i = 0; i < whole.positions.size(); ++i) {
      RecordingSink rest;
      REQUIRE(read(test::saved_file(), rest, whole.positions[i]).ok());
      REQUIRE(rest.positions.size() == whole.positions.size() - i);
      CHECK(rest.positions.front() == whole.positions[i]);
      for (const auto& [key, value] : rest.keys) CHECK(value == whole.keys[key]);
    }
  }

  TEST_CASE("a file that is cut off anywhere is refused with an offset") {
    const std::string file = test::saved_file();
    for (std::size_t size = 0; size < file.size(); ++size) {
      const std::string why = refusal(file.substr(0, size));
      CHECK_MESSAGE(why.starts_with("at offset "), size, ": ", why);
    }
  }

  TEST_CASE("a file with any other byte is refused") {
    const std::string file = test::saved_file();
    for (std::size_t i = 0; i < file.size(); ++i) {
      std::string other = file;
      other[i] = static_cast<char>(other[i] ^ 1);
      CHECK_MESSAGE(!refusal(other).empty(), "offset ", i);
    }
  }

  TEST_CASE("files that are none, of newer versions, or damaged are refused in a sentence") {
    CHECK(refusal("").find("REDIS") != std::string::npos);
    CHECK(refusal("appendonly file").find("REDIS") != std::string::npos);
    CHECK(refusal(file_of("", "0099")).find("version 99") != std::string::npos);
    std::string damaged = test::saved_file();
    damaged.back() = static_cast<char>(damaged.back() ^ 1);
    CHECK(refusal(damaged).find("checksum") != std::string::npos);
    CHECK(refusal(file_of("\x1F" + text("k"))).find("number 31") != std::string::npos);
    CHECK(refusal(file_of("\x06" + text("k"))).find("number 6") != std::string::npos);
    CHECK(refusal(file_of("\x14" + text("k") + text("nonsense"))).find("packed set") !=
          std::string::npos);
    CHECK(refusal(file_of("\xF6")).find("preview") != std::string::npos);
    CHECK(refusal(file_of("\x00\x01k\xC4"s)).find("encoding 4") != std::string::npos);
    // Lengths of many bytes, and a compressed string that promises too much.
    CHECK(refusal(file_of("\x00\x01k\x81\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s)).find("cut off") !=
          std::string::npos);
    CHECK(refusal(file_of("\x02\x01k\x81\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s)).find("at offset ") !=
          std::string::npos);
    CHECK(refusal(file_of("\x00\x01k\xC3\x01\x80\x00\xFF\xFF\xFFx"s)).find("compressed") !=
          std::string::npos);
  }

  TEST_CASE("notes of all kinds stand before a key, and belong to it") {
    RecordingSink sink;
    const std::string notes = "\xFA" + text("mvcc-tstamp") + text("1") + "\xF8\x05" + "\xF9\x07" +
                              "\xF4\x01\x02\x03"s + "\xFD\x10\x00\x00\x00"s;
    REQUIRE(read(file_of("\xFE\x0F\xFB\x01\x00"s + notes + kHeld), sink).ok());
    CHECK(sink.keys["15/k"] == "string until 16000 v");
    CHECK(sink.positions.front() == Position{15, 9 + 2});  // Of the first note.
    RecordingSink oldest;
    REQUIRE(read("REDIS0003" + kHeld + "\xFF", oldest).ok());
    CHECK(oldest.keys["0/k"] == "string v");
  }

  TEST_CASE("types of modules, and hashes with fields that expire, are passed over") {
    const std::string module = "\x07" + text("m") + "\x05\x02\x07\x03" + "\0\0\0\0"s + "\x04" +
                               std::string(8, '\0') + "\x05" + text("text") + "\x01\x03" + "\0"s;
    const std::string hash =
        "\x18" + text("h") + std::string(8, '\0') + "\x01\x05" + text("f") + text("v");
    const std::string note = "\xF7\x05\x02\x01\x02\x07"s + "\0"s;
    RecordingSink sink;
    const core::Result<void> done = read(file_of(note + module + hash + kHeld, "0012"), sink);
    REQUIRE_MESSAGE(done.ok(), done.failure().message);
    CHECK(sink.keys["0/k"] == "string v");
    CHECK(sink.left_out == std::vector<std::string>{"data of a module 0/", "type of a module 0/m",
                                                    "hash with fields that expire 0/h"});
  }

  TEST_CASE("a string that is longer than any value here is passed over") {
    const std::uint64_t size = RdbBytes::kStringBytesMax + 1;
    std::string length = "\x80";
    for (int shift = 24; shift >= 0; shift -= 8) length += static_cast<char>(size >> shift);
    RecordingSink sink;
    REQUIRE(read(file_of("\x00\x01l"s + length + std::string(size, 'x') + kHeld), sink).ok());
    CHECK(sink.keys["0/l"] == "string");
    CHECK(sink.keys["0/k"] == "string v");
    CHECK(sink.left_out == std::vector<std::string>{"over the limits: a value of more than 64 MiB "
                                                    "0/l"});
  }
}

TEST_SUITE("server: packed collections of Redis") {
  TEST_CASE("a ziplist has strings and integers of all sizes") {
    const std::string body = "\x00\x02hi"s + "\x04\xFE\xFF" + "\x03\xC0\x00\x80"s +
                             "\x04\xF0\xFF\xFF\xFF" + "\x05\xD0\x01\x00\x00\x00"s +
                             "\x06\xE0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F" + "\x0A\xF1" + "\x02\xFD" +
                             "\x02\x40\x03xyz"s + "\xFE\x06\x00\x00\x00\x80\x00\x00\x00\x01z"s;
    const std::string head = std::string(1, static_cast<char>(10 + body.size() + 1)) + "\0\0\0"s;
    const std::string whole = head + "\0\0\0\0"s + "\x0A\x00"s + body + "\xFF";
    CHECK(joined(ziplist_elements(whole)) == "hi -1 -32768 -1 1 9223372036854775807 0 12 xyz z ");
    CHECK(joined(ziplist_elements(whole.substr(0, whole.size() - 1))) == "none");
    CHECK(joined(ziplist_elements("")) == "none");
  }

  TEST_CASE("a listpack has strings and integers of all sizes") {
    const std::string body = "\x07\x01" + "\x82hi\x03"s + "\xDF\xFF\x02" + "\xF1\x00\x80\x03"s +
                             "\xF2\xFF\xFF\xFF\x04" + "\xF3\x01\x00\x00\x00\x05"s +
                             "\xF4\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F\x09" + "\xE0\x03xyz\x05"s +
                             "\xF0\x01\x00\x00\x00z\x06"s;
    const std::string head = std::string(1, static_cast<char>(6 + body.size() + 1)) + "\0\0\0"s;
    CHECK(joined(listpack_elements(head + "\x09\x00"s + body + "\xFF")) ==
          "7 hi -1 -32768 -1 1 9223372036854775807 xyz z ");
    CHECK(joined(listpack_elements(head + "\x08\x00"s + body + "\xFF")) == "none");
    CHECK(joined(listpack_elements("")) == "none");
  }

  TEST_CASE("an intset has integers of one size") {
    CHECK(joined(intset_elements("\x02\0\0\0\x02\0\0\0\xFF\xFF\x05\0"s)) == "-1 5 ");
    CHECK(joined(intset_elements("\x08\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\x80"s)) ==
          "-9223372036854775808 ");
    CHECK(joined(intset_elements("\x03\0\0\0\x01\0\0\0\0\0\0"s)) == "none");
    CHECK(joined(intset_elements("\x02\0\0\0\xFF\xFF\xFF\xFF\0\0"s)) == "none");
  }

  TEST_CASE("a compressed string expands to its size or not at all") {
    CHECK(lzf_expand("\x02"s + "abc", 3) == "abc");
    CHECK(lzf_expand("\x00x\x80\x00"s, 7) == "xxxxxxx");
    CHECK(lzf_expand("\x00x\xE0\x0A\x00"s, 20) == std::string(20, 'x'));
    CHECK(!lzf_expand("\x00x\x80\x00"s, 6));
    CHECK(!lzf_expand("\x00x\x80\x00"s, 8));
    CHECK(!lzf_expand("\x00x\x80\x01"s, 7));
    CHECK(!lzf_expand("\x05x"s, 6));
    CHECK(!lzf_expand("\x00x\xE0"s, 20));
    CHECK(lzf_expand("", 0) == "");
  }
}

}  // namespace anabranch::rdb_test
