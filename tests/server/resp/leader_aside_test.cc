// Clients beside a large commit, which another thread makes: others are served meanwhile, and what
// needs the leader waits for it.

#include <doctest/doctest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "server/resp/slices/leader_aside.h"
#include "tests/leader/store_world.h"
#include "tests/server/held_disk.h"
#include "tests/server/running_server.h"

namespace anabranch::leader_aside_test {

using test::bulk;
using test::eventually;
using test::HeldDisk;
using test::request;
using test::RespClient;
using test::RunningServer;

namespace {

constexpr int kMany = 5'000;  // More than a group that the loop commits by itself.
constexpr std::string_view kOk = "+OK\r\n";

std::string large_transaction() {
  std::string bytes = request({"MULTI"}) + request({"SET", "k", "after"});
  for (int i = 0; i < kMany; ++i) bytes += request({"SET", "e:" + std::to_string(i), "v"});
  return bytes + request({"EXEC"});
}

std::string exec_of(RespClient& writer) {
  for (int i = 0; i < kMany + 2; ++i) writer.receive();
  return writer.receive();
}

// A server with "before" at the key k, and a commit of "after" and much more that waits for the
// disk: the leader is away.
struct Away {
  RunningServer server;
  RespClient reader = server.client();
  RespClient admin = server.client();
  std::optional<RespClient> writer;
  std::string writer_id;
  std::optional<HeldDisk> disk;

  Away() {
    REQUIRE(reader.ask({"SET", "k", "before"}) == kOk);
    REQUIRE(admin.ask({"ACL", "SETUSER", "w", "on", ">p", "~*", "+@all"}) == kOk);
    writer.emplace(server.client());
    REQUIRE(writer->ask({"AUTH", "w", "p"}) == kOk);
    writer_id = writer->ask({"CLIENT", "ID"}).substr(1);
    writer_id.resize(writer_id.size() - 2);
    disk.emplace(server.loop());
    writer->send(large_transaction());
    disk->wait();
  }
  std::string read() { return bulk(reader.ask({"GET", "k"})); }
  // Checks that the commit is not made, and that others are served.
  void serves() {
    for (int i = 0; i < 20; ++i) {
      REQUIRE(read() == "before");
      REQUIRE(server.client().ask({"PING"}) == "+PONG\r\n");
    }
  }
};

}  // namespace

TEST_SUITE("server: leader aside") {
  TEST_CASE("others are served while a large group is committed, and see nothing of it") {
    Away run;
    RespClient other = run.server.client();
    other.send(request({"SET", "behind", "1"}));
    run.serves();
    CHECK(run.reader.ask({"EXISTS", "k", "e:0", "behind"}) == ":1\r\n");
    CHECK(run.reader.ask({"KEYS", "*"}) == "*1\r\n$1\r\nk\r\n");
    run.disk->open();
    CHECK(exec_of(*run.writer).starts_with("*5001\r\n+OK\r\n"));
    CHECK(other.receive() == kOk);
    CHECK(run.read() == "after");
    CHECK(run.reader.ask({"EXISTS", "k", "e:0", "behind"}) == ":3\r\n");
  }

  TEST_CASE("others are served while a file of the log is begun, which waits for the disk") {
    bool commits = false;  // The writer has what was staged committed before its next request.
    SUBCASE("by a group of writes") {}
    SUBCASE("by the commit before a request") { commits = true; }
    RunningServer server({.durability = Durability::kInterval});
    RespClient reader = server.client();
    RespClient writer = server.client();
    REQUIRE(reader.ask({"SET", "k", "before"}) == kOk);
    HeldDisk disk{std::thread::id()};
    constexpr int kValues = 30;  // More than the first file has room for.
    const std::string value(100'000, 'v');
    for (int i = 0; i < kValues; ++i) {
      std::string bytes = request({"SET", "v" + std::to_string(i), value});
      if (commits) bytes += request({"WATCH", "k"});
      writer.send(bytes);
    }
    disk.wait();
    for (int i = 0; i < 200; ++i) {
      REQUIRE(bulk(reader.ask({"GET", "k"})) == "before");
      REQUIRE(server.client().ask({"PING"}) == "+PONG\r\n");
    }
    disk.open();
    for (int i = 0; i < (commits ? 2 : 1) * kValues; ++i) CHECK(writer.receive() == kOk);
  }

  TEST_CASE("a session that reads meanwhile has seen nothing of it") {
    Away run;
    RespClient session = run.server.client();
    CHECK(bulk(session.ask({"GET", "k"})) == "before");
    session.send(request({"ANABRANCH", "TOKEN"}));  // Of what it has read: it waits.
    run.serves();
    run.disk->open();
    const std::string before = bulk(session.receive());
    exec_of(*run.writer);
    CHECK(bulk(session.ask({"GET", "k"})) == "after");
    CHECK(bulk(session.ask({"ANABRANCH", "TOKEN"})) != before);
  }

  TEST_CASE("when the disk fails nobody is told of the large commit, and reads go on") {
    Away run;
    run.serves();
    run.disk->fail();
    CHECK(exec_of(*run.writer).starts_with("-MISCONF cannot sync "));
    CHECK(run.read() == "before");
    CHECK(run.admin.ask({"SET", "k", "refused"}).starts_with("-MISCONF"));
    CHECK(run.reader.ask({"EXISTS", "k", "e:0"}) == ":1\r\n");
  }

  TEST_CASE("a large commit is made though its client goes, and a killed one is answered first") {
    SUBCASE("it goes") {
      Away run;
      run.writer.reset();
      run.serves();
      run.disk->open();
      CHECK(eventually([&] { return run.read() == "after"; }));
    }
    SUBCASE("it is killed") {
      Away run;
      run.admin.send(request({"CLIENT", "KILL", "ID", run.writer_id}));
      run.serves();
      run.disk->open();
      CHECK(exec_of(*run.writer).starts_with("*5001\r\n+OK\r\n"));
      CHECK(run.writer->closed());
      CHECK(run.admin.receive() == ":1\r\n");
    }
    SUBCASE("its user is removed") {
      Away run;
      run.admin.send(request({"ACL", "DELUSER", "w"}));
      run.serves();
      run.disk->open();
      CHECK(exec_of(*run.writer).starts_with("*5001\r\n+OK\r\n"));
      CHECK(run.writer->closed());
      CHECK(run.admin.receive() == ":1\r\n");
      CHECK(run.read() == "after");
    }
  }

  TEST_CASE("policies, keys and the end of the server wait for a large commit") {
    SUBCASE("a policy") {
      Away run;
      run.admin.send(request({"ANABRANCH", "POLICY", "SET", "max", "e:"}));
      run.serves();
      run.disk->open();
      CHECK(exec_of(*run.writer).starts_with("*5001\r\n+OK\r\n"));
      CHECK(run.admin.receive() == kOk);
    }
    SUBCASE("keys that are to be read again") {
      Away run;
      run.server.reload();
      run.serves();
      run.disk->open();
      CHECK(exec_of(*run.writer).starts_with("*5001\r\n+OK\r\n"));
      CHECK(run.admin.ask({"SET", "more", "1"}) == kOk);
    }
    SUBCASE("the end") {
      Away run;
      run.serves();
      run.server.stop();
      run.disk->open();
      CHECK(exec_of(*run.writer).starts_with("*5001\r\n+OK\r\n"));
    }
  }
}

}  // namespace anabranch::leader_aside_test
