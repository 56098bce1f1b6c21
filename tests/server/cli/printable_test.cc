// The output of commands: bytes, times, tables.

#include <doctest/doctest.h>

#include <string>

#include "server/address.h"
#include "server/cli/printable.h"
#include "server/cli/table.h"

namespace anabranch::server::cli::printable_test {
namespace {

using namespace std::string_literals;

TEST_SUITE_BEGIN("server: printing");

TEST_CASE("text is printed as it is, and everything else is escaped") {
  CHECK(printable("plain \"text\" \\ here") == "plain \"text\" \\ here");
  CHECK(printable("Zürich 東京 🛶") == "Zürich 東京 🛶");
  CHECK(printable("a\nb\rc\td\x1b[2J\x7f\0e"s) == "a\\nb\\rc\\td\\x1b[2J\\x7f\\x00e");
}

TEST_CASE("bytes that are no UTF-8 are escaped one by one") {
  CHECK(printable("\xff\xfe ok") == "\\xff\\xfe ok");
  CHECK(printable("cut \xe6\x9d") == "cut \\xe6\\x9d");
  CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");
  CHECK(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");
  CHECK(printable("\xc2\x9b") == "\\xc2\\x9b");
}

TEST_CASE("no two byte strings look alike in quotes") {
  CHECK(in_quotes("\n") == R"("\n")");
  CHECK(in_quotes("\\n") == R"("\\n")");
  CHECK(in_quotes("say \"hi\"") == R"("say \"hi\"")");
  CHECK(in_quotes("") == R"("")");
}

TEST_CASE("times are in UTC to the millisecond, before 1970 too") {
  CHECK(utc_time(0) == "1970-01-01 00:00:00.000");
  CHECK(utc_time(1'700'000'000'007) == "2023-11-14 22:13:20.007");
  CHECK(utc_time(-1) == "1969-12-31 23:59:59.999");
}

TEST_CASE("sizes and time spans are told in the units that fit") {
  CHECK(byte_size(0) == "0 B");
  CHECK(byte_size(1023) == "1023 B");
  CHECK(byte_size(1024) == "1.0 KiB");
  CHECK(byte_size(1536) == "1.5 KiB");
  CHECK(byte_size((std::uint64_t{1} << 30U) - 1) == "1023.9 MiB");
  CHECK(byte_size(std::uint64_t{1} << 30U) == "1.0 GiB");
  CHECK(time_span(999) == "0 s");
  CHECK(time_span(61'000) == "1 min 1 s");
  CHECK(time_span(3'600'000) == "1 h");
  CHECK(time_span(90'061'000) == "1 d 1 h");
}

TEST_CASE("columns are aligned by characters, numbers to the right") {
  CHECK(table_of({{"peer", "lag"}, {"Zürich", "5"}, {"us", "1200"}}) ==
        "peer     lag\nZürich     5\nus      1200\n");
  CHECK(table_of({}).empty());
}

TEST_CASE("an address is a host and a port") {
  CHECK(parse_address("127.0.0.1:6400").value().port == 6400);
  CHECK(parse_address("localhost:0").value().host == "localhost");
  CHECK(parse_address("[::1]:6400").value().host == "::1");
  for (const char* wrong : {"", ":", "6400", "host:", "host:x", "host:65536", ":6400", "::1:6400",
                            "[]:1", "tcp://127.0.0.1:6400", "host:-1", "host:1 "}) {
    CAPTURE(wrong);
    CHECK(!parse_address(wrong).ok());
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::server::cli::printable_test
