// Transactions that take long are staged in slices: others read in between, and all of it is one
// transaction.

#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/pace.h"
#include "server/resp/slices/strand.h"
#include "server/resp/slices/trial.h"
#include "tests/leader/store_world.h"
#include "tests/server/running_server.h"

namespace anabranch::long_writes_test {

using namespace std::chrono_literals;
using core::Pace;
using server::ServerOptions;
using server::steady_now;
using server::Strand;
using server::Trial;
using test::bulk;
using test::eventually;
using test::figure;
using test::request;
using test::RespClient;
using test::RunningServer;
using test::Words;

namespace {

constexpr int kMany = 5'000;
constexpr std::string_view kOk = "+OK\r\n";

// Each slice is as short as can be.
ServerOptions shortest() {
  ServerOptions options;
  options.write_slice_max = options.read_slice_max = 0ms;
  return options;
}

std::string name(int i) { return "e:" + std::to_string(100'000 + i); }

Words many(Words words, int from, int to) {
  for (int i = from; i < to; ++i) words.push_back(name(i));
  return words;
}

void fill(RespClient& client, const std::string& set, int size = kMany) {
  for (int from = 0; from < size; from += 500) client.ask(many({"SADD", set}, from, from + 500));
}

// A transaction that writes, and is long since it looks at much.
std::string long_transaction(int looks) {
  std::string bytes = request({"MULTI"}) + request({"SET", "x", "new"});
  for (int i = 0; i < looks; ++i) bytes += request({"SINTERCARD", "2", "a", "b"});
  return bytes + request({"SET", "y", "new"}) + request({"EXEC"});
}

void skip(RespClient& client, int replies) {
  for (int i = 0; i < replies; ++i) client.receive();
}

}  // namespace

TEST_SUITE("server: strand") {
  TEST_CASE("work goes on where it was, a slice at a time, and its result is told") {
    int done = 0;
    Strand strand(
        [&] {
          for (; done < 1000; ++done) Pace::breathe();
        },
        SIZE_MAX);
    int slices = 0;
    int before = -1;
    while (!strand.go_on(steady_now())) {
      ++slices;
      REQUIRE(done > before);
      before = done;
    }
    CHECK(done == 1000);
    CHECK(slices > 10);
    strand.result();
    Strand failing([] { throw std::runtime_error("no"); }, SIZE_MAX);
    CHECK(failing.go_on(steady_now()));
    CHECK_THROWS_AS(failing.result(), std::runtime_error);
  }

  TEST_CASE("work that is abandoned ends where it is, and so does work that is too much") {
    bool ended = false;
    struct AtEnd {
      bool& ended;
      ~AtEnd() { ended = true; }
    };
    {
      Strand strand(
          [&] {
            const AtEnd at_end{ended};
            for (;;) Pace::breathe();
          },
          SIZE_MAX);
      CHECK_FALSE(strand.go_on(steady_now()));
      CHECK_FALSE(ended);
    }
    CHECK(ended);
    Strand never([] {}, SIZE_MAX);  // It was never begun.
    Strand endless(
        [] {
          for (;;) Pace::breathe();
        },
        500);
    while (!endless.go_on(steady_now() + 1h)) {
    }
    CHECK_THROWS_AS(endless.result(), Strand::TooMuch);
    Pace::breathe();  // Outside of a strand.
  }

  TEST_CASE("without a thread work is one slice, and no more than with one") {
    const leader::BeginThread refuse = [](const std::function<void()>&) -> std::thread {
      throw Error(ErrorCode::kIo, "no more threads");
    };
    const auto breathe = [](int times) {
      return [times] {
        for (int i = 0; i < times; ++i) Pace::breathe();
      };
    };
    Strand strand(breathe(400), 500, nullptr, refuse);
    CHECK(strand.go_on(steady_now()));
    strand.result();
    Strand endless(breathe(100'000), 500, nullptr, refuse);
    CHECK(endless.go_on(steady_now()));
    CHECK_THROWS_AS(endless.result(), Strand::TooMuch);
    breathe(100'000)();  // Outside of a strand.
  }

  TEST_CASE("a trial ends work that takes longer, and nothing behind it") {
    int done = 0;
    {
      const Trial trial(steady_now());
      const auto work = [&] {
        for (;; ++done) Pace::breathe();
      };
      CHECK_THROWS_AS(work(), Trial::Over);
    }
    CHECK(done < 100);
    for (int i = 0; i < 100; ++i) Pace::breathe();
    const Trial longer(steady_now() + 1h);
    for (int i = 0; i < 100; ++i) Pace::breathe();
  }
}

TEST_SUITE("server: long writes") {
  TEST_CASE("others read the committed state while a transaction is staged, and writers wait") {
    RunningServer server({}, shortest());
    RespClient reader = server.client();
    for (const char* set : {"a", "b"}) fill(reader, set);
    for (const char* key : {"x", "y"}) reader.ask({"SET", key, "old"});
    RespClient writer = server.client();
    RespClient next = server.client();
    writer.send(long_transaction(40));
    next.send(request({"APPEND", "x", "+"}));
    const std::string before = "$3\r\nold\r\n";
    int between = 0;
    for (;;) {
      REQUIRE(server.client().ask({"PING"}) == "+PONG\r\n");  // A new connection, too.
      reader.send(request({"MGET", "x", "y"}));
      const std::string both = reader.receive();
      if (both == "*2\r\n" + before + before) {
        ++between;
        continue;
      }
      // As one transaction, and the next one behind it.
      const bool appended = both == "*2\r\n$4\r\nnew+\r\n$3\r\nnew\r\n";
      CHECK((appended || both == "*2\r\n$3\r\nnew\r\n$3\r\nnew\r\n"));
      break;
    }
    CHECK(between > 10);
    skip(writer, 43);
    CHECK(writer.receive().starts_with("*42\r\n+OK\r\n:5000\r\n"));
    CHECK(next.receive() == ":4\r\n");
  }

  TEST_CASE("the keys that a long transaction watches are looked at in slices") {
    RunningServer server({}, shortest());
    RespClient client = server.client();
    RespClient other = server.client();
    Words watch{"WATCH"};
    Words mset{"MSET"};
    for (int i = 0; i < 200; ++i) {
      watch.push_back("watched:" + std::to_string(i));
      mset.insert(mset.end(), {watch.back(), "v"});
    }
    client.ask(mset);
    client.ask(watch);
    constexpr int kWrites = 1'100;  // So many words that it is not tried.
    std::string bytes = request({"MULTI"});
    for (int i = 0; i < kWrites; ++i) bytes += request({"SET", "k", "v"});
    client.send(bytes + request({"EXEC"}));
    CHECK(other.ask({"PING"}) == "+PONG\r\n");
    for (int i = 0; i < kWrites + 1; ++i) client.receive();
    CHECK(client.receive().starts_with("*" + std::to_string(kWrites) + "\r\n"));
  }

  TEST_CASE("a transaction of few words that turns out to be long is begun anew in slices") {
    RunningServer server({}, shortest());
    RespClient client = server.client();
    RespClient reader = server.client();
    client.ask({"SET", "large", std::string(1'000'000, 'v')});
    client.ask({"SET", "n", "5"});
    client.ask({"WATCH", "large"});
    std::string bytes = request({"MULTI"}) + request({"INCR", "n"}) + request({"SELECT", "1"});
    for (int i = 0; i < 20; ++i) bytes += request({"SETRANGE", "large", "999999", "end"});
    bytes += request({"INCR", "n"}) + request({"SELECT", "0"}) + request({"INCR", "n"});
    client.send(bytes + request({"EXEC"}));
    int between = 0;
    for (std::string shown; (shown = reader.ask({"GET", "n"})) != "$1\r\n7\r\n"; ++between) {
      REQUIRE(shown == "$1\r\n5\r\n");
    }
    CHECK(between > 10);
    skip(client, 26);
    const std::string reply = client.receive();
    CHECK(reply.starts_with("*25\r\n:6\r\n+OK\r\n:1000002\r\n"));
    CHECK(reply.ends_with(":1\r\n+OK\r\n:7\r\n"));
    CHECK(client.ask({"STRLEN", "large"}) == ":1000000\r\n");
  }

  TEST_CASE("the commands of a transaction that was tried, and begun anew, count once") {
    ServerOptions options;
    options.write_slice_max = 1ms;
    RunningServer server({}, options);
    RespClient client = server.client();
    std::string bytes = request({"MULTI"});
    for (int i = 0; i < 50; ++i) bytes += request({"SETRANGE", "large", "999999", "end"});
    client.send(bytes + request({"EXEC"}));
    skip(client, 52);
    const std::string counted = bulk(client.ask({"INFO", "commandstats"}));
    CHECK(counted.find("cmdstat_setrange:calls=50,") != std::string::npos);
  }

  TEST_CASE("a large command answers and writes what a small one does") {
    ServerOptions options;
    options.write_slice_max = 1ms;
    RunningServer server({}, options);
    RespClient client = server.client();
    CHECK(client.ask(many({"SADD", "set"}, 0, kMany)) == ":5000\r\n");
    CHECK(client.ask(many({"SADD", "set"}, 1, kMany + 1)) == ":1\r\n");
    CHECK(client.ask({"COPY", "set", "copy"}) == ":1\r\n");
    CHECK(client.ask({"RENAME", "copy", "other"}) == kOk);
    CHECK(client.ask({"EXISTS", "copy"}) == ":0\r\n");
    CHECK(client.ask({"SINTERSTORE", "to", "set", "other"}) == ":5001\r\n");
    CHECK(client.ask({"SPOP", "other", "5000"}).starts_with("*5000\r\n"));
    CHECK(client.ask({"SCARD", "other"}) == ":1\r\n");
    CHECK(client.ask({"SCARD", "to"}) == ":5001\r\n");
    client.ask({"SET", "string", "s"});
    CHECK(client.ask(many({"SADD", "string"}, 0, kMany)).starts_with("-WRONGTYPE"));
    CHECK(client.ask({"GET", "string"}) == "$1\r\ns\r\n");
  }

  TEST_CASE("a transaction whose client goes before its end is undone, and writers go on") {
    RunningServer server({}, shortest());
    RespClient other = server.client();
    for (const char* set : {"a", "b"}) fill(other, set);
    {
      RespClient gone = server.client();
      gone.send(long_transaction(300));
      other.send(request({"SET", "behind", "1"}));
      for (int i = 0; i < 100; ++i) REQUIRE(server.client().ask({"PING"}) == "+PONG\r\n");
    }  // With answers that it has not read: the connection is reset.
    CHECK(other.receive() == kOk);
    CHECK(other.ask({"GET", "x"}) == "$-1\r\n");
    CHECK(other.ask({"GET", "y"}) == "$-1\r\n");
  }

  TEST_CASE("a watched key that changes before EXEC ends it, and none can change meanwhile") {
    RunningServer server({}, shortest());
    RespClient client = server.client();
    RespClient other = server.client();
    for (const char* set : {"a", "b"}) fill(client, set);
    client.ask({"WATCH", "x"});
    other.ask({"SET", "x", "1"});
    client.send(long_transaction(20));
    skip(client, 23);
    CHECK(client.receive() == "*-1\r\n");
    client.ask({"WATCH", "x"});
    client.send(long_transaction(20));
    other.send(request({"SET", "x", "other"}));
    skip(client, 23);
    CHECK(client.receive().starts_with("*22\r\n+OK\r\n"));
    CHECK(other.receive() == kOk);
    CHECK(client.ask({"GET", "x"}) == "$5\r\nother\r\n");
  }

  TEST_CASE("the leader tells how it is while a transaction is staged") {
    RunningServer server({}, shortest());
    RespClient client = server.client();
    for (const char* set : {"a", "b"}) fill(client, set);
    client.send(long_transaction(150));
    RespClient other = server.client();
    for (int i = 0; i < 10; ++i) {
      REQUIRE(bulk(other.ask({"ANABRANCH", "STATUS"})).starts_with("{"));
      REQUIRE(other.ask({"EXISTS", "x"}) == ":0\r\n");  // It is not committed yet.
    }
    skip(client, 153);
    CHECK(client.receive().starts_with("*152\r\n+OK\r\n"));
  }

  TEST_CASE("who is to be killed, or loses a right, while a transaction is staged has its answer") {
    RunningServer server({}, shortest());
    RespClient admin = server.client();
    for (const char* set : {"a", "b"}) fill(admin, set);
    REQUIRE(admin.ask({"ACL", "SETUSER", "w", "on", ">p", "~*", "+@all"}) == kOk);
    RespClient client = server.client();
    REQUIRE(client.ask({"AUTH", "w", "p"}) == kOk);
    std::string id = client.ask({"CLIENT", "ID"}).substr(1);
    id.resize(id.size() - 2);
    std::string before = ":0\r\n";
    const auto transaction = [&](const Words& meanwhile) {
      client.send(long_transaction(150));
      for (int i = 0; i < 10; ++i) REQUIRE(server.client().ask({"PING"}) == "+PONG\r\n");
      admin.send(request(meanwhile));
      REQUIRE(server.client().ask({"EXISTS", "x"}) == before);
      skip(client, 153);
      CHECK(client.receive().starts_with("*152\r\n+OK\r\n:5000\r\n"));
      before = ":1\r\n";
      return admin.receive();
    };
    CHECK(transaction({"ANABRANCH", "POLICY", "SET", "max", "x"}) == kOk);
    CHECK(transaction({"ACL", "SETUSER", "w", "-set"}) == kOk);
    CHECK(client.ask({"SET", "x", "1"}).starts_with("-NOPERM"));
    CHECK(admin.ask({"ACL", "SETUSER", "w", "+set"}) == kOk);
    CHECK(transaction({"CLIENT", "KILL", "ID", id}) == ":1\r\n");
    CHECK(client.closed());
    CHECK(admin.ask({"MGET", "x", "y"}) == "*2\r\n$3\r\nnew\r\n$3\r\nnew\r\n");
  }

  TEST_CASE("a server that stops undoes it") {
    auto server = std::make_unique<RunningServer>(Options{}, shortest());
    RespClient client = server->client();
    for (const char* set : {"a", "b"}) fill(client, set);
    client.send(long_transaction(3'000));
    for (int i = 0; i < 20; ++i) REQUIRE(server->client().ask({"PING"}) == "+PONG\r\n");
    const auto begin = steady_now();
    server.reset();
    CHECK(steady_now() - begin < 30s);
  }

  TEST_CASE("a transaction that only reads holds up no writer, and is one state") {
    RunningServer server({}, shortest());
    RespClient client = server.client();
    RespClient writer = server.client();
    for (const char* set : {"a", "b"}) fill(client, set);
    std::string bytes = request({"MULTI"}) + request({"SCARD", "a"});
    for (int i = 0; i < 100; ++i) bytes += request({"SINTERCARD", "2", "a", "b"});
    client.send(bytes + request({"SCARD", "a"}) + request({"EXEC"}));
    skip(client, 103);
    REQUIRE(writer.ask({"SADD", "a", "more"}) == ":1\r\n");
    const std::string reply = client.receive();
    CHECK(reply.starts_with("*102\r\n:500"));
    CHECK(reply.substr(6, 7) == reply.substr(reply.size() - 7));
    CHECK(figure(client, "long_reads_begun") >= 1);
    CHECK(client.ask({"SCARD", "a"}) == ":5001\r\n");
  }

  TEST_CASE("a transaction that writes and looks at too much is undone, and says so") {
    RunningServer server;
    RespClient client = server.client();
    for (const char* set : {"a", "b"}) fill(client, set);
    client.send(long_transaction(500));
    skip(client, 503);
    CHECK(client.receive().starts_with("-EXECABORT Transaction discarded because it looks at"));
    CHECK(client.ask({"GET", "x"}) == "$-1\r\n");
    CHECK(client.ask({"SET", "x", "1"}) == kOk);
  }

  TEST_CASE("a draw of more than an answer can hold is refused before it is made") {
    RunningServer server;
    RespClient client = server.client();
    client.ask({"SADD", "one", ""});
    client.ask({"HSET", "hash", "", ""});
    for (const Words& words : {Words{"SRANDMEMBER", "one", "-9000000000000000000"},
                               Words{"HRANDFIELD", "hash", "-9000000000000000000"},
                               Words{"HRANDFIELD", "hash", "-4000000000000000000", "WITHVALUES"}}) {
      client.send(request({"MULTI"}) + request(words) + request({"EXEC"}) + request(words));
      skip(client, 2);
      CHECK(client.receive().starts_with("*1\r\n-ERR the answer is over the limit of "));
      CHECK(client.receive().starts_with("-ERR the answer is over the limit of "));
    }
  }
}

}  // namespace anabranch::long_writes_test
