// MULTI and EXEC: one transaction, Redis' rules for errors.

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/server/running_server.h"

namespace anabranch::transaction_test {

using test::RespClient;
using test::RunningServer;
using test::Words;

namespace {

// How many transactions and batches the leader has logged, and how many ops.
struct Log {
  std::uint64_t records;
  std::uint64_t ops;
};

Log log_of(RespClient& client) {
  const std::string reply = client.ask({"ANABRANCH", "STATUS"});
  const nlohmann::json status = nlohmann::json::parse(reply.substr(reply.find('{')));
  const bool any = !status.at("applied").empty();
  return {status.at("log_records"),
          any ? status.at("applied")[0].at("seq").get<std::uint64_t>() : 0};
}

}  // namespace

TEST_SUITE("server: transactions") {
  TEST_CASE("what is queued runs at EXEC, all at once") {
    RunningServer server;
    RespClient client = server.client();
    RespClient other = server.client();
    CHECK(client.ask({"MULTI"}) == "+OK\r\n");
    CHECK(client.ask({"SET", "a", "1"}) == "+QUEUED\r\n");
    CHECK(client.ask({"INCR", "a"}) == "+QUEUED\r\n");
    CHECK(client.ask({"GET", "a"}) == "+QUEUED\r\n");
    CHECK(other.ask({"GET", "a"}) == "$-1\r\n");
    const Log before = log_of(other);
    CHECK(client.ask({"EXEC"}) == "*3\r\n+OK\r\n:2\r\n$1\r\n2\r\n");
    CHECK(other.ask({"GET", "a"}) == "$1\r\n2\r\n");
    const Log log = log_of(other);
    CHECK(log.records == before.records + 1);
    CHECK(log.ops >= before.ops + 2);
  }

  TEST_CASE("a command that fails in EXEC leaves the others") {
    RunningServer server;
    RespClient client = server.client();
    client.ask({"SET", "s", "text"});
    client.ask({"MULTI"});
    client.ask({"SET", "a", "1"});
    client.ask({"SADD", "s", "x"});
    client.ask({"INCR", "s"});
    client.ask({"SET", "b", "2"});
    CHECK(client.ask({"EXEC"}) ==
          "*4\r\n+OK\r\n-WRONGTYPE Operation against a key holding the wrong kind of value\r\n"
          "-ERR value is not an integer or out of range\r\n+OK\r\n");
    CHECK(client.ask({"MGET", "a", "b", "s"}) == "*3\r\n$1\r\n1\r\n$1\r\n2\r\n$4\r\ntext\r\n");
  }

  TEST_CASE("a command that cannot be queued aborts the transaction") {
    RunningServer server;
    RespClient client = server.client();
    client.ask({"MULTI"});
    client.ask({"SET", "a", "1"});
    CHECK(client.ask({"GET"}) == "-ERR wrong number of arguments for 'get' command\r\n");
    CHECK(client.ask({"EXEC"}) ==
          "-EXECABORT Transaction discarded because of previous errors.\r\n");
    CHECK(client.ask({"GET", "a"}) == "$-1\r\n");
  }

  TEST_CASE("where no writes are taken a transaction that writes ends, and one that reads runs") {
    RunningServer server;
    RespClient client = server.client();
    client.ask({"SET", "a", "1"});
    REQUIRE(client.ask({"ANABRANCH", "DRAIN", "START"}).starts_with("$"));
    const auto transaction = [&](const Words& request) {
      CHECK(client.ask({"WATCH", "a"}) == "+OK\r\n");
      CHECK(client.ask({"MULTI"}) == "+OK\r\n");
      CHECK(client.ask({"GET", "a"}) == "+QUEUED\r\n");
      CHECK(client.ask(request) == "+QUEUED\r\n");
      return client.ask({"EXEC"});
    };
    CHECK(transaction({"SET", "a", "2"})
              .starts_with("-EXECABORT Transaction discarded because of: READONLY this leader is"));
    CHECK(client.ask({"PING"}) == "+PONG\r\n");
    CHECK(transaction({"STRLEN", "a"}) == "*2\r\n$1\r\n1\r\n:1\r\n");
    REQUIRE(client.ask({"ANABRANCH", "DRAIN", "STOP"}) == "+OK\r\n");
    CHECK(transaction({"SET", "a", "2"}) == "*2\r\n$1\r\n1\r\n+OK\r\n");
  }

  TEST_CASE("verbs that look at the leader stay out of transactions") {
    RunningServer server;
    RespClient client = server.client();
    client.ask({"MULTI"});
    CHECK(client.ask({"ANABRANCH", "DIGEST"}) ==
          "-ERR Command not allowed inside a transaction\r\n");
    CHECK(client.ask({"EXEC"}).starts_with("-EXECABORT"));
  }

  TEST_CASE("a transaction over the limit of bytes is aborted, and the client goes on") {
    anabranch::server::ServerOptions options;
    options.parser.request_bytes_max = 100'000;
    RunningServer server({}, options);
    RespClient client = server.client();
    client.ask({"MULTI"});
    const std::string value(60'000, 'v');
    CHECK(client.ask({"SET", "a", value}) == "+QUEUED\r\n");
    CHECK(client.ask({"SET", "b", value}) ==
          "-ERR the transaction is over the limit of 100000 bytes\r\n");
    CHECK(client.ask({"EXEC"}).starts_with("-EXECABORT"));
    CHECK(client.ask({"EXISTS", "a", "b"}) == ":0\r\n");
  }

  TEST_CASE("what the store refuses within a transaction gives an error and the rest stays") {
    anabranch::Options store;
    store.transaction_bytes_max = 10'000;
    RunningServer server(store);
    RespClient client = server.client();
    client.ask({"MULTI"});
    for (int i = 0; i < 3; ++i) client.ask({"SET", std::to_string(i), std::string(4'000, 'v')});
    const std::string answer = client.ask({"EXEC"});
    CHECK(answer.starts_with("*3\r\n+OK\r\n+OK\r\n-ERR "));
    CHECK(answer.find("10000") != answer.npos);
    CHECK(client.ask({"EXISTS", "0", "1", "2"}) == ":2\r\n");
    CHECK(client.ask({"SET", "2", "v"}) == "+OK\r\n");
  }

  TEST_CASE("DISCARD, RESET and a lost connection forget what was queued") {
    RunningServer server;
    RespClient client = server.client();
    client.ask({"MULTI"});
    client.ask({"SET", "a", "1"});
    CHECK(client.ask({"DISCARD"}) == "+OK\r\n");
    client.ask({"MULTI"});
    client.ask({"SET", "a", "1"});
    CHECK(client.ask({"RESET"}) == "+RESET\r\n");
    CHECK(client.ask({"EXEC"}) == "-ERR EXEC without MULTI\r\n");
    CHECK(client.ask({"GET", "a"}) == "$-1\r\n");
  }
}

}  // namespace anabranch::transaction_test
