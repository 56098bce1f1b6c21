// What docs/commands.md says about commands that two regions execute at the same time.

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <string>

#include <anabranch/anabranch.h>

#include "tests/leader/store_world.h"
#include "tests/server/running_server.h"

namespace anabranch::merging_test {

using namespace std::chrono_literals;
using test::eventually;
using test::knows;
using test::RespClient;
using test::RunningServer;
using test::Words;

namespace {

// The region `us`, embedded, and `eu` with its Redis port.
class Regions {
 public:
  Regions() {
    REQUIRE(eventually([&] { return knows(us, "eu"); }));
    agree();
  }

  // Both sides write while neither hears of the other; then they do.
  void apart(const std::function<void()>& write) {
    REQUIRE(us.pause("eu"));
    write();
    REQUIRE(us.resume("eu"));
    agree();
  }
  // Waits until each has what the other has written.
  void agree() {
    const std::string mark = "mark" + std::to_string(++marks_);
    client.ask({"SET", mark + "-eu", "x"});
    Register<std::string>{us, mark + "-us"}.put("x");
    REQUIRE(eventually([&] {
      return client.ask({"EXISTS", mark + "-us"}) == ":1\r\n" &&
             Register<std::string>{us, mark + "-eu"}.get().has_value();
    }));
  }

 private:
  test::TempDir folder_;
  int marks_ = 0;

 public:
  Store us = Store::open(test::listening(folder_, "us"));
  RunningServer eu{[this] {
    Options options;
    options.peers = {us.status().endpoint};
    return options;
  }()};
  RespClient client = eu.client();
};

}  // namespace

TEST_SUITE("server: merging") {
  TEST_CASE("RENAME leaves at the old name what another region adds there meanwhile") {
    Regions regions;
    regions.client.ask({"SADD", "old", "a", "b"});
    regions.agree();
    regions.apart([&] {
      CHECK(regions.client.ask({"RENAME", "old", "new"}) == "+OK\r\n");
      Set<std::string>{regions.us, "old"}.insert("c");
      Set<std::string>{regions.us, "new"}.insert("d");
    });
    CHECK(regions.client.ask({"SMEMBERS", "old"}) == "*1\r\n$1\r\nc\r\n");
    CHECK(regions.client.ask({"SMEMBERS", "new"}) == "*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nd\r\n");
  }

  TEST_CASE("a set that is stored keeps what another region adds to it meanwhile") {
    Regions regions;
    regions.client.ask({"SADD", "a", "1", "2"});
    regions.client.ask({"SADD", "into", "old"});
    regions.agree();
    regions.apart([&] {
      CHECK(regions.client.ask({"SUNIONSTORE", "into", "a"}) == ":2\r\n");
      Set<std::string>{regions.us, "into"}.insert("3");
      Set<std::string>{regions.us, "a"}.insert("4");
    });
    CHECK(regions.client.ask({"SMEMBERS", "into"}) == "*3\r\n$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n");
  }

  TEST_CASE("two regions can pop the same member, and one that is added meanwhile stays") {
    Regions regions;
    regions.client.ask({"SADD", "jobs", "a"});
    regions.agree();
    regions.apart([&] {
      CHECK(regions.client.ask({"SPOP", "jobs"}) == "$1\r\na\r\n");
      CHECK(Set<std::string>{regions.us, "jobs"}.erase("a"));
    });
    CHECK(regions.client.ask({"EXISTS", "jobs"}) == ":0\r\n");
    regions.client.ask({"SADD", "jobs", "b"});
    regions.agree();
    regions.apart([&] {
      CHECK(regions.client.ask({"SPOP", "jobs"}) == "$1\r\nb\r\n");
      Set<std::string>{regions.us, "jobs"}.insert("b");
    });
    CHECK(regions.client.ask({"SMEMBERS", "jobs"}) == "*1\r\n$1\r\nb\r\n");
  }

  TEST_CASE("additions of doubles in two regions add up") {
    Regions regions;
    regions.client.ask({"SET", "n", "10"});
    regions.agree();
    regions.apart([&] {
      CHECK(regions.client.ask({"INCRBYFLOAT", "n", "0.5"}) == "$4\r\n10.5\r\n");
      CHECK(regions.client.ask({"HINCRBYFLOAT", "h", "f", "0.5"}) == "$3\r\n0.5\r\n");
      Counter{regions.us, "n"}.add(2);
      Map{regions.us, "h"}.at<Counter>("f").add(1);
    });
    CHECK(regions.client.ask({"GET", "n"}) == "$4\r\n12.5\r\n");
    CHECK(regions.client.ask({"HGET", "h", "f"}) == "$3\r\n1.5\r\n");
    CHECK(regions.client.ask({"INCRBYFLOAT", "n", "-0.5"}) == "$2\r\n12\r\n");
  }

  TEST_CASE("sums of decimals in two regions are decimals in both") {
    Regions regions;
    regions.apart([&] {
      CHECK(regions.client.ask({"INCRBYFLOAT", "n", "0.1"}) == "$3\r\n0.1\r\n");
      RealCounter{regions.us, "n"}.add(0.2);
    });
    CHECK(regions.client.ask({"GET", "n"}) == "$3\r\n0.3\r\n");
    CHECK(Register<std::string>{regions.us, "n"}.get() == "0.3");
    CHECK(RealCounter{regions.us, "n"}.get() == 0.3);
    CHECK(regions.client.ask({"INCRBYFLOAT", "n", "99999.7"}) == "$6\r\n100000\r\n");
    CHECK(regions.client.ask({"INCR", "n"}) == ":100001\r\n");
    regions.agree();
    CHECK(Counter{regions.us, "n"}.get() == 100'001);
  }

  TEST_CASE("of two changes of parts of a string one is shown") {
    Regions regions;
    regions.client.ask({"SET", "s", "aaaa"});
    regions.agree();
    regions.apart([&] {
      regions.client.ask({"SETRANGE", "s", "0", "b"});
      Register<std::string>{regions.us, "s"}.put("aaac");
    });
    const std::string shown = regions.client.ask({"GET", "s"});
    CHECK((shown == "$4\r\nbaaa\r\n" || shown == "$4\r\naaac\r\n"));
  }

  TEST_CASE("a member that two regions move to two sets is in both") {
    Regions regions;
    regions.client.ask({"SADD", "from", "m"});
    regions.agree();
    regions.apart([&] {
      CHECK(regions.client.ask({"SMOVE", "from", "one", "m"}) == ":1\r\n");
      regions.us.transact([](Transaction& txn) {
        Set<std::string>{txn, "from"}.erase("m");
        Set<std::string>{txn, "two"}.insert("m");
      });
    });
    CHECK(regions.client.ask({"SINTERCARD", "2", "one", "two"}) == ":1\r\n");
    CHECK(regions.client.ask({"EXISTS", "from"}) == ":0\r\n");
  }

  TEST_CASE("two transactions that watch one key can both be executed, in two regions") {
    Regions regions;
    regions.client.ask({"SET", "k", "0"});
    regions.agree();
    regions.apart([&] {
      regions.client.ask({"WATCH", "k"});
      regions.client.ask({"MULTI"});
      regions.client.ask({"INCR", "k"});
      Counter{regions.us, "k"}.add(1);
      CHECK(regions.client.ask({"EXEC"}) == "*1\r\n:1\r\n");
    });
    CHECK(regions.client.ask({"GET", "k"}) == "$1\r\n2\r\n");
  }
}

}  // namespace anabranch::merging_test
