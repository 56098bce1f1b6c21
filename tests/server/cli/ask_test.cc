// The parts of a leader's answers.

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <string>

#include <nlohmann/json.hpp>

#include "control/resp/file.h"
#include "server/cli/ask.h"
#include "server/cli/client.h"
#include "tests/server/running_server.h"

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

TEST_SUITE("server: questions to a leader") {
  TEST_CASE("a leader whose loop stands still is given up after seconds, one that answers is not") {
    const test::RunningServer server;
    core::Result<cli::Client> alive = cli::Client::connect(server.endpoint());
    REQUIRE(alive.ok());
    CHECK(alive.value().await_life().ok());
    CHECK(alive.value().call({"PING"}).value() == "PONG");
    // The system takes connections for it; nobody else does.
    const control::File listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    REQUIRE(::bind(listening.fd(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(listening.fd(), 1) == 0);
    REQUIRE(::getsockname(listening.fd(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    core::Result<cli::Client> still =
        cli::Client::connect("127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
    REQUIRE(still.ok());
    const auto begin = std::chrono::steady_clock::now();
    const core::Result<void> heard = still.value().await_life();
    REQUIRE_FALSE(heard.ok());
    CHECK(heard.failure().code == ErrorCode::kTimeout);
    CHECK(heard.failure().message.find("does not answer") != std::string::npos);
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(50));
  }
}

}  // namespace anabranch::ask_test
