// The parts of a leader's answers.

#include <doctest/doctest.h>

#include <string>

#include <nlohmann/json.hpp>

#include "server/cli/ask.h"

namespace anabranch::ask_test {

using namespace server;
using nlohmann::json;

TEST_SUITE("server: answers of a leader") {
  TEST_CASE("bytes in an answer are its text, or those of its digits, and nothing else") {
    CHECK(cli::bytes_of("bids/") == "bids/");
    CHECK(cli::bytes_of(json{{"hex", "00ff41"}}) == std::string("\0\377A", 3));
    CHECK(cli::bytes_of(json{{"hex", ""}}).empty());
    CHECK_THROWS_AS((void)cli::bytes_of(json(7)), json::exception);
    CHECK_THROWS_AS((void)cli::bytes_of(json::object()), json::exception);
  }
}

}  // namespace anabranch::ask_test
