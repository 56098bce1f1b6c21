// Clients beside a commit that waits for the disk: reads of others are answered, and nothing that
// has seen the commit is, before it is made.

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <anabranch/register.h>
#include <anabranch/set.h>

#include "tests/server/held_disk.h"
#include "tests/server/running_server.h"

namespace anabranch::commit_test {

using test::bulk;
using test::HeldDisk;
using test::RespClient;
using test::RunningServer;
using test::Words;

namespace {

constexpr std::string_view kOk = "+OK\r\n";

std::string requests(const std::vector<Words>& all) {
  std::string bytes;
  for (const Words& each : all) bytes += test::request(each);
  return bytes;
}

// A server with "before" at the key k, and a commit of "after" that waits for the disk.
struct Committing {
  RunningServer server;
  RespClient reader = server.client();
  RespClient writer = server.client();
  HeldDisk disk{server.loop()};

  Committing() {
    reader.ask({"GET", "k"});  // A client that reads: commits are begun, not made in place.
    writer.send(test::request({"SET", "k", "before"}));
    disk.wait();
    disk.let_go();
    REQUIRE(writer.receive() == kOk);
    writer.send(test::request({"SET", "k", "after"}));
    disk.wait();
  }
  // Returns a client that the server has accepted: it has what the client sends before an answer to
  // something that `reader` asks later.
  RespClient accepted() {
    RespClient client = server.client();
    client.ask({"GET", "none"});
    return client;
  }
  std::string read() { return bulk(reader.ask({"GET", "k"})); }
};

}  // namespace

TEST_SUITE("server: commits") {
  TEST_CASE("reads of others do not wait for the disk, and do not see what it has not got") {
    Committing run;
    for (int i = 0; i < 100; ++i) REQUIRE(run.read() == "before");
    CHECK(run.reader.ask({"STRLEN", "k"}) == ":6\r\n");
    CHECK(run.reader.ask({"EXISTS", "k", "none"}) == ":1\r\n");
    CHECK(run.reader.ask({"KEYS", "*"}) == "*1\r\n$1\r\nk\r\n");
    RespClient late = run.server.client();
    CHECK(bulk(late.ask({"GET", "k"})) == "before");
    run.disk.let_go();
    CHECK(run.writer.receive() == kOk);
    CHECK(run.read() == "after");
    CHECK(bulk(late.ask({"GET", "k"})) == "after");
  }

  TEST_CASE("a client reads what it has written, also what the disk has not got") {
    Committing run;
    run.writer.send(requests({{"GET", "k"}, {"SET", "k", "third"}, {"GET", "k"}, {"DBSIZE"}}));
    CHECK(run.read() == "before");
    run.disk.let_go();
    CHECK(run.writer.receive() == kOk);
    run.disk.wait();
    CHECK(run.read() == "after");
    run.disk.let_go();
    CHECK(bulk(run.writer.receive()) == "after");
    CHECK(run.writer.receive() == kOk);
    CHECK(bulk(run.writer.receive()) == "third");
    CHECK(run.writer.receive() == ":1\r\n");
  }

  TEST_CASE("when the disk fails nobody is told of the commit, and reads go on") {
    Committing run;
    RespClient other = run.accepted();
    CHECK(run.read() == "before");
    run.disk.fail();
    const std::string refused = run.writer.receive();
    CAPTURE(refused);
    CHECK(refused.starts_with("-MISCONF cannot sync "));
    CHECK(refused.find("/wal/segment-") != std::string::npos);
    CHECK(run.read() == "before");
    CHECK(bulk(run.writer.ask({"GET", "k"})) == "before");
    CHECK(other.ask({"SET", "k", "refused"}).starts_with("-MISCONF"));
    CHECK(bulk(other.ask({"GET", "k"})) == "before");
  }

  TEST_CASE("writes are staged beside a commit, see it, and are made by the next one") {
    Committing run;
    RespClient other = run.accepted();
    other.send(requests({{"APPEND", "k", "wards"}, {"GET", "k"}, {"MULTI"}, {"STRLEN", "k"}}));
    other.send(requests({{"SET", "own", "1"}, {"EXEC"}, {"PING"}}));
    for (int i = 0; i < 20; ++i) REQUIRE(run.read() == "before");
    run.disk.let_go();
    CHECK(run.writer.receive() == kOk);
    run.disk.wait();
    CHECK(run.read() == "after");
    CHECK(run.reader.ask({"EXISTS", "own"}) == ":0\r\n");
    run.disk.let_go();
    CHECK(other.receive() == ":10\r\n");
    CHECK(bulk(other.receive()) == "afterwards");
    CHECK(other.receive() == kOk);
    CHECK(other.receive() == "+QUEUED\r\n");
    CHECK(other.receive() == "+QUEUED\r\n");
    CHECK(other.receive() == "*2\r\n:10\r\n+OK\r\n");
    CHECK(other.receive() == "+PONG\r\n");
    CHECK(run.read() == "afterwards");
  }

  TEST_CASE("what was staged beside a commit fails with it") {
    Committing run;
    RespClient other = run.accepted();
    other.send(requests({{"APPEND", "k", "wards"}, {"GET", "k"}, {"PING"}}));
    CHECK(run.read() == "before");
    run.disk.fail();
    CHECK(run.writer.receive().starts_with("-MISCONF"));
    CHECK(other.receive().starts_with("-MISCONF"));
    CHECK(other.receive().starts_with("-MISCONF"));
    CHECK(other.receive() == "+PONG\r\n");
    CHECK(run.read() == "before");
    CHECK(bulk(other.ask({"GET", "k"})) == "before");
  }

  TEST_CASE("a long read goes on beside a commit") {
    RunningServer server({}, {.read_slice_max = std::chrono::milliseconds(1)});
    RespClient reader = server.client();
    RespClient writer = server.client();
    // In small groups: after a large one another thread, which the disk would hold, has the turns.
    for (int from = 0; from < 100'000; from += 500) {
      Words words{"SADD", "set"};
      for (int i = from; i < from + 500; ++i) words.push_back("member" + std::to_string(i));
      REQUIRE(writer.ask(words) == ":500\r\n");
    }
    reader.ask({"GET", "none"});
    HeldDisk disk{server.loop()};
    writer.send(test::request({"SADD", "set", "another"}));
    disk.wait();
    CHECK(reader.ask({"SMEMBERS", "set"}).starts_with("*100000\r\n"));
    // Of a client that is in the commit itself it waits, and has what that has written.
    writer.send(test::request({"SMEMBERS", "set"}));
    CHECK(reader.ask({"SCARD", "set"}) == ":100000\r\n");
    disk.let_go();
    CHECK(writer.receive() == ":1\r\n");
    CHECK(writer.receive().starts_with("*100001\r\n"));
    CHECK(figure(reader, "long_reads") == 0);
  }

  TEST_CASE("waits end in time, and the leader has its turns, beside one commit after another") {
    RunningServer server;
    RespClient waiting = server.client();
    std::atomic<bool> ends = false;
    std::vector<std::thread> writers;
    for (int i = 0; i < 3; ++i) {
      writers.emplace_back([&, i] {
        RespClient writer = server.client();
        while (!ends) {
          REQUIRE(writer.ask({"SET", "k" + std::to_string(i), "v"}) == kOk);
        }
      });
    }
    waiting.ask({"SET", "own", "1"});
    const auto begun = std::chrono::steady_clock::now();
    CHECK(waiting.ask({"WAIT", "1", "50"}) == ":0\r\n");
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(5));
    CHECK(waiting.ask({"ANABRANCH", "STATUS"}).starts_with("$"));
    ends = true;
    for (std::thread& each : writers) each.join();
  }

  TEST_CASE("large groups take turns, and what waits for a commit comes between two of them") {
    for (const Durability durability : {Durability::kSync, Durability::kInterval}) {
      RunningServer server({.durability = durability});
      std::atomic<bool> ends = false;
      std::atomic<int> rounds = 0;
      std::vector<std::thread> writers;
      for (int i = 0; i < 4; ++i) {
        writers.emplace_back([&, i] {
          RespClient writer = server.client();
          const std::string own = std::to_string(i);
          for (int round = 0; !ends; ++round, ++rounds) {
            std::vector<Words> all;
            for (int k = 0; k < 100; ++k) {
              const std::string name = own + ":" + std::to_string(100 * round + k);
              all.push_back({"INCR", "count" + own});
              all.push_back({"SADD", "set" + own, name});
              all.push_back({"SCARD", "set" + own});
              all.push_back({"HSET", "map" + own, name, "v"});
              all.push_back({"HLEN", "map" + own});
              all.push_back({"INCR", "shared"});
            }
            writer.send(requests(all));
            for (int k = 1; k <= 100; ++k) {
              const std::string nth = ":" + std::to_string(100 * round + k) + "\r\n";
              REQUIRE(writer.receive() == nth);
              REQUIRE(writer.receive() == ":1\r\n");
              REQUIRE(writer.receive() == nth);
              REQUIRE(writer.receive() == ":1\r\n");
              REQUIRE(writer.receive() == nth);
              REQUIRE(writer.receive().starts_with(":"));
            }
          }
        });
      }
      RespClient asking = server.client();
      for (int i = 0; i < 50 || rounds < 20; ++i) {
        const std::string value = std::to_string(i);
        CHECK(asking.ask({"INFO", "server"}).starts_with("$"));
        CHECK(asking.ask({"SET", "own", value}) == kOk);
        CHECK(bulk(asking.ask({"GET", "own"})) == value);
      }
      ends = true;
      for (std::thread& each : writers) each.join();
      CHECK(bulk(asking.ask({"GET", "shared"})) == std::to_string(100 * rounds));
    }
  }

  TEST_CASE("transactions are whole, and unwanted answers are none, where groups take turns") {
    RunningServer server({.durability = Durability::kInterval});
    constexpr int kRounds = 20;
    constexpr int kEach = 150;  // More commands than a group has answers.
    std::vector<std::thread> writers;
    for (int i = 0; i < 3; ++i) {
      writers.emplace_back([&, i] {
        RespClient writer = server.client();
        const std::string own = "count" + std::to_string(i);
        for (int round = 0; round < kRounds; ++round) {
          std::vector<Words> all;
          for (int k = 0; k < kEach; ++k) {
            all.insert(all.end(), {{"MULTI"}, {"INCR", own}, {"INCR", "shared"}, {"INCR", own}});
            all.insert(all.end(), {{"EXEC"}, {"INCR", own}});
          }
          writer.send(requests(all));
          for (int k = 0; k < kEach; ++k) {
            const int before = 3 * (kEach * round + k);
            REQUIRE(writer.receive() == kOk);
            for (int queued = 0; queued < 3; ++queued) REQUIRE(writer.receive() == "+QUEUED\r\n");
            const std::string both = writer.receive();
            CAPTURE(both);
            REQUIRE(both.starts_with("*3\r\n:" + std::to_string(before + 1) + "\r\n"));
            REQUIRE(both.ends_with("\r\n:" + std::to_string(before + 2) + "\r\n"));
            REQUIRE(writer.receive() == ":" + std::to_string(before + 3) + "\r\n");
          }
        }
      });
    }
    RespClient silent = server.client();
    silent.send(test::request({"CLIENT", "REPLY", "OFF"}));
    for (int round = 0; round < kRounds; ++round) {
      silent.send(requests(std::vector<Words>(kEach, Words{"INCR", "silent"})));
    }
    silent.send(test::request({"CLIENT", "REPLY", "ON"}));
    CHECK(silent.receive() == kOk);
    CHECK(bulk(silent.ask({"GET", "silent"})) == std::to_string(kRounds * kEach));
    for (std::thread& each : writers) each.join();
    CHECK(bulk(silent.ask({"GET", "shared"})) == std::to_string(3 * kRounds * kEach));
  }

  TEST_CASE(
      "what was staged over a large clear whose commit is under way is made, or fails, with it") {
    for (const bool fails : {false, true}) {
      CAPTURE(fails);
      RunningServer server({}, {}, [](Scope& scope) {
        Set<std::string> set{scope, "set"};
        for (int i = 0; i < 3'000; ++i) set.insert("member" + std::to_string(i));
      });
      RespClient reader = server.client();
      RespClient writer = server.client();
      RespClient other = server.client();
      reader.ask({"GET", "none"});
      HeldDisk disk{server.loop()};
      writer.send(test::request({"DEL", "set"}));
      disk.wait();
      other.send(requests({{"SADD", "set", "new", "member7"}, {"SCARD", "set"}}));
      CHECK(reader.ask({"SCARD", "set"}) == ":3000\r\n");
      if (fails) {
        disk.fail();
        for (RespClient* each : {&writer, &other, &other}) {
          CHECK(each->receive().starts_with("-MISCONF"));
        }
      } else {
        disk.open();
        CHECK(writer.receive() == ":1\r\n");
        for (int i = 0; i < 2; ++i) CHECK(other.receive() == ":2\r\n");
      }
      CHECK(reader.ask({"SCARD", "set"}) == (fails ? ":3000\r\n" : ":2\r\n"));
      CHECK(reader.ask({"SISMEMBER", "set", "member7"}) == ":1\r\n");
      CHECK(reader.ask({"SISMEMBER", "set", "member8"}) == (fails ? ":1\r\n" : ":0\r\n"));
    }
  }

  TEST_CASE(
      "a sync that fails later refuses all further writes, also large groups, and reads go on") {
    RunningServer server({.durability = Durability::kInterval});
    RespClient writer = server.client();
    RespClient reader = server.client();
    std::optional<HeldDisk> disk(server.loop());
    std::uint64_t acknowledged = 0;
    std::uint64_t refused = 0;
    const auto write = [&] {
      std::vector<Words> all;
      for (std::uint64_t i = 0; i < 400; ++i) {
        all.push_back({"SET", "k" + std::to_string(acknowledged + i), "v"});
      }
      writer.send(requests(all));
      for (std::size_t i = 0; i < all.size(); ++i) {
        const std::string answer = writer.receive();
        CAPTURE(answer);
        REQUIRE((answer == kOk || answer.starts_with("-MISCONF")));
        if (answer == kOk) {
          REQUIRE(refused == 0);
          ++acknowledged;
        } else {
          ++refused;
        }
      }
    };
    write();
    CHECK(acknowledged == 400);
    disk->wait();
    write();
    CHECK(refused == 0);
    disk->fail();
    while (refused == 0) write();
    disk.reset();
    CHECK(reader.ask({"DBSIZE"}) == ":" + std::to_string(acknowledged) + "\r\n");
    CHECK(bulk(reader.ask({"GET", "k" + std::to_string(acknowledged - 1)})) == "v");
    CHECK(writer.ask({"SET", "k", "v"}).starts_with("-MISCONF"));
  }

  TEST_CASE("a sync that takes seconds beside the server does not hold it") {
    RunningServer server({.durability = Durability::kInterval});
    RespClient client = server.client();
    HeldDisk disk{server.loop()};
    REQUIRE(client.ask({"SET", "k", "v"}) == kOk);
    disk.wait();
    for (int i = 0; i < 100; ++i) REQUIRE(client.ask({"INCR", "n"})[0] == ':');
    // The leader looks each second at what changes without anybody telling.
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(2500);
    while (std::chrono::steady_clock::now() < end) REQUIRE(client.ask({"PING"}) == "+PONG\r\n");
  }

  TEST_CASE("commands that are no reads wait for the commit, in the order of their client") {
    Committing run;
    RespClient other = run.accepted();
    other.send(requests({{"GET", "k"}, {"APPEND", "k", "wards"}, {"GET", "k"}, {"DEL", "k"}}));
    RespClient transaction = run.accepted();
    transaction.send(requests({{"MULTI"}, {"GET", "none"}, {"EXEC"}}));
    CHECK(run.read() == "before");
    run.disk.open();
    CHECK(run.writer.receive() == kOk);
    CHECK(bulk(other.receive()) == "before");
    CHECK(other.receive() == ":10\r\n");
    CHECK(bulk(other.receive()) == "afterwards");
    CHECK(other.receive() == ":1\r\n");
    CHECK(transaction.receive() == kOk);
    CHECK(transaction.receive() == "+QUEUED\r\n");
    CHECK(transaction.receive() == "*1\r\n$-1\r\n");
    CHECK(run.reader.ask({"EXISTS", "k"}) == ":0\r\n");
  }

  TEST_CASE("what waits for a commit does not wait for the next one, too") {
    Committing run;
    RespClient other = run.accepted();
    other.send(test::request({"SET", "own", "1"}));
    RespClient asking = run.accepted();
    asking.send(test::request({"INFO", "server"}));
    for (int i = 0; i < 20; ++i) REQUIRE(run.read() == "before");
    run.disk.let_go();
    CHECK(run.writer.receive() == kOk);
    CHECK(asking.receive().starts_with("$"));
    CHECK(other.receive() == kOk);
  }

  TEST_CASE("clients may go, be sent away, or say that they send no more, beside a commit") {
    Committing run;
    {
      RespClient gone = run.accepted();
      gone.send(test::request({"SET", "gone", "1"}));
      CHECK(run.read() == "before");
    }
    RespClient finished = run.accepted();
    finished.send(test::request({"SET", "finished", "1"}));
    finished.finish();
    CHECK(run.read() == "before");
    run.writer.send(requests({{"SET", "more", "1"}, {"QUIT"}}));
    run.disk.open();
    for (int i = 0; i < 3; ++i) CHECK(run.writer.receive() == kOk);
    CHECK(run.writer.closed());
    CHECK(finished.receive() == kOk);
    CHECK(finished.closed());
    CHECK(run.reader.ask({"EXISTS", "finished", "more"}) == ":2\r\n");
  }

  TEST_CASE("a large value that is read meanwhile does not keep the commit waiting") {
    const std::string large(std::size_t{3} << 20U, 'x');
    RunningServer server({}, {}, [&](Scope& scope) {
      Register<std::string>{scope, "large"}.put(large);
      Register<std::string>{scope, "k"}.put("before");
    });
    RespClient reader = server.client();
    RespClient writer = server.client();
    reader.ask({"GET", "none"});
    HeldDisk disk{server.loop()};
    writer.send(test::request({"SET", "k", "after"}));
    disk.wait();
    reader.send(requests({{"GET", "large"}, {"GET", "large"}, {"GET", "large"}}));
    RespClient other = server.client();
    CHECK(bulk(other.ask({"GET", "k"})) == "before");
    disk.let_go();
    CHECK(writer.receive() == kOk);
    for (int i = 0; i < 3; ++i) REQUIRE(bulk(reader.receive()) == large);
  }

  TEST_CASE("a group that is full is committed while others are served") {
    Committing run;
    std::vector<Words> many(3'000, Words{"INCR", "n"});
    RespClient other = run.accepted();
    other.send(requests(many));
    CHECK(run.read() == "before");
    run.disk.open();
    CHECK(run.writer.receive() == kOk);
    for (int i = 1; i <= 3'000; ++i) REQUIRE(other.receive() == ":" + std::to_string(i) + "\r\n");
    CHECK(run.read() == "after");
  }

  TEST_CASE("the end of the server waits for the commit, and its client is answered") {
    Committing run;
    run.server.stop();
    run.disk.let_go();
    CHECK(run.writer.receive() == kOk);
  }
}

}  // namespace anabranch::commit_test
