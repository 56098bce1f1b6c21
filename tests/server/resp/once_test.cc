// ANABRANCH ONCE: commands as requests that count once.

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/server/resp_client.h"
#include "tests/server/running_server.h"

namespace anabranch::once_test {

using test::bulk;
using test::RespClient;
using test::RunningServer;

TEST_SUITE("server: requests that count once") {
  TEST_CASE("a command answers as usual, and KNOWN when it is sent again") {
    RunningServer server;
    RespClient client = server.client();
    CHECK(client.ask({"ANABRANCH", "ONCE", "a", "INCRBY", "n", "5"}) == ":5\r\n");
    CHECK(client.ask({"ANABRANCH", "ONCE", "a", "INCRBY", "n", "5"}) == "+KNOWN\r\n");
    CHECK(client.ask({"anabranch", "once", "b", "set", "k", "v"}) == "+OK\r\n");
    CHECK(client.ask({"anabranch", "once", "b", "set", "k", "w"}) == "+KNOWN\r\n");
    CHECK(client.ask({"ANABRANCH", "ONCE", "c", "SADD", "s", "x", "y"}) == ":2\r\n");
    CHECK(client.ask({"ANABRANCH", "ONCE", "d", "SREM", "s", "x"}) == ":1\r\n");
    CHECK(client.ask({"ANABRANCH", "ONCE", "e", "HSET", "h", "f", "1"}) == ":1\r\n");
    CHECK(client.ask({"ANABRANCH", "ONCE", "f", "HINCRBY", "h", "f", "2"}) == ":3\r\n");
    CHECK(client.ask({"ANABRANCH", "ONCE", "g", "MSET", "k", "1", "l", "2"}) == "+OK\r\n");
    CHECK(client.ask({"GET", "n"}) == "$1\r\n5\r\n");
    CHECK(client.ask({"GET", "k"}) == "$1\r\n1\r\n");
    const auto status = nlohmann::json::parse(bulk(client.ask({"ANABRANCH", "STATUS"})));
    CHECK(status.at("requests") == 7);
    CHECK(status.at("requests_repeated") == 0);
  }

  TEST_CASE("a command that answers with an error was not executed") {
    RunningServer server;
    RespClient client = server.client();
    CHECK(client.ask({"SET", "k", "word"}) == "+OK\r\n");
    CHECK(client.ask({"ANABRANCH", "ONCE", "a", "INCR", "k"}).starts_with("-ERR"));
    CHECK(client.ask({"ANABRANCH", "ONCE", "a", "INCRBY", "n", "x"}).starts_with("-ERR"));
    CHECK(client.ask({"ANABRANCH", "ONCE", "a", "SADD", "k", "x"}).starts_with("-WRONGTYPE"));
    CHECK(client.ask({"ANABRANCH", "ONCE", "a", "SET", "k"}).starts_with("-ERR wrong number"));
    CHECK(client.ask({"ANABRANCH", "ONCE", "a", "NOSUCH", "k"}).starts_with("-ERR unknown"));
    CHECK(client.ask({"ANABRANCH", "ONCE", "a", "INCR", "n"}) == ":1\r\n");
  }

  TEST_CASE("what does not follow from the words alone is refused") {
    RunningServer server;
    RespClient client = server.client();
    for (const std::string& reply :
         {client.ask({"ANABRANCH", "ONCE", "a", "DEL", "k"}),
          client.ask({"ANABRANCH", "ONCE", "a", "GET", "k"}),
          client.ask({"ANABRANCH", "ONCE", "a", "SET", "k", "v", "NX"}),
          client.ask({"ANABRANCH", "ONCE", "a", "ANABRANCH", "PROMOTE"})}) {
      CHECK(reply.starts_with("-ERR a request that counts once can be one of set, "));
    }
    CHECK(client.ask({"SADD", "s", "x"}) == ":1\r\n");
    const std::string clears = client.ask({"ANABRANCH", "ONCE", "a", "SET", "s", "v"});
    CHECK(clears.find("a clear is not possible") != std::string::npos);
    CHECK(client.ask({"SCARD", "s"}) == ":1\r\n");
    CHECK(client.ask({"ANABRANCH", "ONCE", "", "SET", "k", "v"}).starts_with("-ERR the id"));
  }

  TEST_CASE("a request may be part of a transaction") {
    RunningServer server;
    RespClient client = server.client();
    CHECK(client.ask({"MULTI"}) == "+OK\r\n");
    CHECK(client.ask({"ANABRANCH", "ONCE", "a", "INCR", "n"}) == "+QUEUED\r\n");
    CHECK(client.ask({"ANABRANCH", "ONCE", "a", "INCR", "n"}) == "+QUEUED\r\n");
    CHECK(client.ask({"EXEC"}) == "*2\r\n:1\r\n+KNOWN\r\n");
  }
}

}  // namespace anabranch::once_test
