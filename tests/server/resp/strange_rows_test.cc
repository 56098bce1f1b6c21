// Rows that no version of this program writes, and that a peer may send: a collection shows what it
// shows without them, and no command ends the server.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <anabranch/anabranch.h>

#include "tests/server/running_server.h"

namespace anabranch::strange_rows_test {

using test::RespClient;
using test::RunningServer;

namespace {

// A row at the place of the whole collection, and one below an element.
void put_strange(Scope& scope, const Key& key, Type type) {
  const Key collection = key.of(type);
  scope.set(collection, "bare");
  scope.set(key.element("a", type).part("below"), "deep");
}

void fill(Scope& scope) {
  Map(scope, Key(0, "hash")).at<Register<std::string>>("field").put("value");
  Set<std::string>(scope, Key(0, "set")).insert("member");
  for (const char* const name : {"hash", "bare hash"}) {
    scope.set(Key(0, name).of(Type::kMap), "bare");
  }
  for (const char* const name : {"set", "bare set"}) put_strange(scope, Key(0, name), Type::kSet);
}

}  // namespace

TEST_SUITE("server: strange rows") {
  TEST_CASE("collections show their elements, whatever rows a peer has put beside them") {
    RunningServer server({}, {}, fill);
    RespClient client = server.client();
    CHECK(client.ask({"HGETALL", "hash"}) == "*2\r\n$5\r\nfield\r\n$5\r\nvalue\r\n");
    CHECK(client.ask({"HKEYS", "hash"}) == "*1\r\n$5\r\nfield\r\n");
    CHECK(client.ask({"HVALS", "hash"}) == "*1\r\n$5\r\nvalue\r\n");
    CHECK(client.ask({"SMEMBERS", "set"}) == "*1\r\n$6\r\nmember\r\n");
    for (const char* const command : {"HGETALL", "HKEYS", "HVALS"}) {
      CHECK(client.ask({command, "bare hash"}) == "*0\r\n");
    }
    CHECK(client.ask({"SMEMBERS", "bare set"}) == "*0\r\n");
    CHECK(client.ask({"PING"}) == "+PONG\r\n");
  }

  TEST_CASE("what only a newer version can show is nowhere, at a key and in a map alike") {
    RunningServer server({}, {}, [](Scope& scope) {
      scope.set(Key(0, "newer").part("q"), "value");
      scope.set(Key(0, "newer").part("q").part("element"), "value");
      scope.set(Key(0, "map").field("newer").part("q"), "value");
      const Map mixed(scope, Key(0, "mixed"));
      mixed.at<Register<std::string>>("field").put("value");
      scope.set(Key(0, "mixed").field("newer").part("q"), "value");
      scope.set(Key(0, "mixed").part("q"), "value");
    });
    RespClient client = server.client();
    const std::string mixed = "*1\r\n$5\r\nmixed\r\n";
    CHECK(client.ask({"KEYS", "*"}) == mixed);
    CHECK(client.ask({"SCAN", "0"}) == "*2\r\n$1\r\n0\r\n" + mixed);
    CHECK(client.ask({"RANDOMKEY"}) == "$5\r\nmixed\r\n");
    CHECK(client.ask({"DBSIZE"}) == ":1\r\n");
    CHECK(client.ask({"EXISTS", "newer", "map", "mixed"}) == ":1\r\n");
    CHECK(client.ask({"HKEYS", "mixed"}) == "*1\r\n$5\r\nfield\r\n");
    CHECK(client.ask({"HLEN", "mixed"}) == ":1\r\n");
    for (const char* const name : {"newer", "map"}) {
      CHECK(client.ask({"TYPE", name}) == "+none\r\n");
      CHECK(client.ask({"HGETALL", name}) == "*0\r\n");
    }
  }

  TEST_CASE("nor do readers of an embedded store fail over them") {
    RunningServer server({}, {}, [](Scope& scope) {
      const Key ranking(0, "ranking");
      const Key list(0, "list");
      SortedSet<std::string>(scope, ranking).put("member", 1);
      put_strange(scope, ranking, Type::kSortedSet);
      List<std::string> elements(scope, list);
      elements.push_back("one");
      elements.push_back("two");
      put_strange(scope, list, Type::kList);
      CHECK(SortedSet<std::string>(scope, ranking).range_by_name().size() == 1);
      CHECK(List<std::string>(scope, list).elements().size() == 2);
    });
    CHECK(server.client().ask({"PING"}) == "+PONG\r\n");
  }
}

}  // namespace anabranch::strange_rows_test
