// Reads that take long go in slices: others are let in between, and each answer is one state.

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "tests/leader/store_world.h"
#include "tests/server/running_server.h"
#include "tests/temp_dir.h"

namespace anabranch::long_reads_test {

using namespace std::chrono_literals;
using server::ServerOptions;
using test::eventually;
using test::figure;
using test::request;
using test::RespClient;
using test::RunningServer;
using test::TempDir;
using test::Words;

namespace {

// Each slice is as short as can be: some elements.
ServerOptions shortest() {
  ServerOptions options;
  options.read_slice_max = 0ms;
  return options;
}

std::string name(int i) { return "name:" + std::to_string(100'000 + i); }

// A command, and so many names behind it, each with a value if there are any.
Words many(Words words, int names, const std::string& value = "") {
  for (int i = 0; i < names; ++i) {
    words.push_back(name(i));
    if (!value.empty()) words.push_back(value + std::to_string(i));
  }
  return words;
}

// The answer to a command within a transaction, where it is one piece.
std::string in_one_piece(RespClient& client, const Words& words) {
  client.send(request({"MULTI"}) + request(words) + request({"EXEC"}));
  for (int i = 0; i < 2; ++i) client.receive();
  return client.receive().substr(std::string("*1\r\n").size());
}

}  // namespace

TEST_SUITE("server: long reads") {
  TEST_CASE(
      "a walk over keys that were just removed goes in slices, and finds those that are there") {
    RunningServer server({}, shortest());
    RespClient client = server.client();
    constexpr int kKeys = 10'000;
    for (int from = 0; from < kKeys; from += 1000) {
      Words words{"MSET"};
      for (int i = from; i < from + 1000; ++i) words.insert(words.end(), {name(i), "v"});
      client.ask(words);
    }
    const std::string set = request({"SET", name(kKeys / 2), "v"});
    const std::string one =
        "$" + std::to_string(name(0).size()) + "\r\n" + name(kKeys / 2) + "\r\n";
    // In one pipeline: the rows are hardly swept by then.
    client.send(request({"FLUSHDB"}) + set + request({"KEYS", "*"}) + request({"SCAN", "0"}) +
                request({"RANDOMKEY"}));
    for (int i = 0; i < 2; ++i) CHECK(client.receive() == "+OK\r\n");
    CHECK(client.receive() == "*1\r\n" + one);
    CHECK(client.receive() == "*2\r\n$1\r\n0\r\n*1\r\n" + one);
    CHECK(client.receive() == one);
  }

  TEST_CASE("a read in slices answers what it answers in one piece") {
    constexpr int kNames = 200;
    RunningServer server({}, shortest());
    RespClient client = server.client();
    client.ask({"SELECT", "2"});
    client.ask(many({"SADD", "set"}, kNames));
    client.ask(many({"HSET", "hash"}, kNames, "v"));
    client.ask(many({"MSET"}, kNames, "v"));
    client.ask({"SADD", "few", "1", "2"});
    const Words reads[] = {{"KEYS", "*"},
                           {"KEYS", "name:*7"},
                           {"KEYS", "none*"},
                           {"SMEMBERS", "set"},
                           {"SMEMBERS", "few"},
                           {"SMEMBERS", "absent"},
                           {"SMEMBERS", "hash"},
                           {"HGETALL", "hash"},
                           {"HKEYS", "hash"},
                           {"HVALS", "hash"},
                           {"SCAN", "0", "COUNT", "1000"},
                           {"SCAN", "0", "COUNT", "150", "MATCH", "*7"},
                           {"SCAN", "0", "COUNT", "1000", "TYPE", "set"},
                           {"SSCAN", "set", "0", "COUNT", "190"},
                           {"HSCAN", "hash", "0", "COUNT", "1000"},
                           {"SINTER", "set", "set"},
                           {"SUNION", "few", "set"},
                           {"SDIFF", "set", "few"},
                           {"SINTERCARD", "2", "set", "set"},
                           {"ECHO", std::string(5'000'000, 'e')},
                           many({"COMMAND", "GETKEYS", "MGET"}, kNames),
                           many({"COMMAND", "GETKEYSANDFLAGS", "EXISTS"}, kNames),
                           many({"MGET", "few", "absent"}, kNames),
                           many({"EXISTS", "few", "absent"}, kNames),
                           many({"HMGET", "hash", "absent"}, kNames),
                           many({"HMGET", "set", "absent"}, kNames),
                           many({"SMISMEMBER", "set", "absent"}, kNames)};
    for (const char* protocol : {"2", "3"}) {
      client.ask({"HELLO", protocol});
      client.ask({"SELECT", "2"});
      for (const Words& words : reads) {
        CAPTURE(words[0]);
        const std::string whole = in_one_piece(client, words);
        const std::size_t before = figure(client, "long_reads_begun");
        CHECK(client.ask(words) == whole);
        if (whole.size() > 1000) CHECK(figure(client, "long_reads_begun") == before + 1);
      }
    }
    // The next command in the pipeline is answered behind it.
    client.send(request({"SMEMBERS", "set"}) + request({"PING"}));
    CHECK(client.receive().starts_with("~200\r\n"));
    CHECK(client.receive() == "+PONG\r\n");
  }

  // Such names are not stored in their order: to find the next one is a look at all of them.
  TEST_CASE("a read of long names that begin alike goes in slices, wherever it is") {
    constexpr int kNames = 300;
    RunningServer server({}, shortest());
    RespClient client = server.client();
    const auto long_name = [](int i) { return std::string(600, 'a') + name(i); };
    std::string members;
    for (int i = 0; i < kNames; ++i) {
      client.ask({"SADD", "set", long_name(i)});
      client.ask({"HSET", "hash", long_name(i), "v"});
      client.ask({"SET", long_name(i), "v"});
      members += "$" + std::to_string(long_name(i).size()) + "\r\n" + long_name(i) + "\r\n";
    }
    const std::string all = "*" + std::to_string(kNames) + "\r\n" + members;
    CHECK(client.ask({"SMEMBERS", "set"}) == all);
    CHECK(client.ask({"HKEYS", "hash"}) == all);
    CHECK(client.ask({"KEYS", "a*"}) == all);
    const std::string page = "*2\r\n$1\r\n0\r\n" + all;
    CHECK(client.ask({"SSCAN", "set", "0", "COUNT", "1000"}) == page);
    for (const Words& words :
         {Words{"SRANDMEMBER", "set"}, Words{"HRANDFIELD", "hash"}, Words{"RANDOMKEY"},
          Words{"SSCAN", "set", "0"}, Words{"MEMORY", "USAGE", "set"}}) {
      CAPTURE(words[0]);
      const std::size_t before = figure(client, "long_reads_begun");
      CHECK_FALSE(client.ask(words).starts_with("-"));
      CHECK(figure(client, "long_reads_begun") == before + 1);
    }
    client.ask({"COPY", "set", "copy"});
    CHECK(client.ask({"SMEMBERS", "copy"}) == all);
    CHECK(client.ask({"DEL", "set", long_name(7)}) == ":2\r\n");
    CHECK(client.ask({"HDEL", "hash", long_name(7)}) == ":1\r\n");
    CHECK(client.ask({"EXISTS", "set", long_name(7), long_name(8)}) == ":1\r\n");
    CHECK(client.ask({"HLEN", "hash"}) == ":" + std::to_string(kNames - 1) + "\r\n");
  }

  TEST_CASE("others are let in between, and the answer is one state") {
    constexpr int kNames = 100'000;
    RunningServer server({}, shortest());
    RespClient client = server.client();
    RespClient other = server.client();
    client.ask(many({"SADD", "set"}, kNames));
    bool during = false;
    for (int round = 0; !during; ++round) {
      client.send(request({"SMEMBERS", "set"}));
      during = figure(other, "long_reads") > 0;
      const std::string added = "added" + std::to_string(round);
      other.ask({"SADD", "set", added, "name:999999"});
      other.ask({"SREM", "set", name(kNames - 1)});
      // Still under way: so it has begun before the change, and goes on behind it.
      during = during && figure(other, "long_reads") > 0;
      const std::string members = client.receive();
      if (during) {
        CHECK(members.starts_with("*" + std::to_string(kNames) + "\r\n"));
        CHECK(members.find(added) == members.npos);
        CHECK(members.find(name(kNames - 1)) != members.npos);
      }
      other.ask({"SREM", "set", "name:999999"});
      other.ask({"SADD", "set", name(kNames - 1)});
      if (!during) other.ask({"SREM", "set", added});
      REQUIRE(round < 100);
    }
  }

  // Each turn has a transaction of a tenth of a second or two, and then some of the read: a part of
  // the turn, and not the few milliseconds that are enough beside short transactions.
  TEST_CASE("a long read does not take ever so many turns beside long transactions of others") {
#ifdef ANABRANCH_SANITIZED
    MESSAGE("skipped: it compares times, which a sanitizer makes longer");
    return;
#endif
    using Clock = std::chrono::steady_clock;
    RunningServer server({}, shortest());
    RespClient client = server.client();
    constexpr int kKeys = 300'000;
    for (int i = 0; i < kKeys;) {
      Words words{"MSET"};
      for (const int end = i + kKeys / 10; i < end; ++i) {
        words.push_back(name(i));
        words.emplace_back("v");
      }
      REQUIRE(client.ask(words) == "+OK\r\n");
    }
    const Words read{"KEYS", "none*"};
    auto begun = Clock::now();
    in_one_piece(client, read);
    const auto pieces = 1 + 150ms / std::max<Clock::duration>(Clock::now() - begun, 1ms);
    std::string transaction = request({"MULTI"}) + request({"INCR", "turns"});
    for (int i = 0; i < pieces; ++i) transaction += request(read);
    transaction += request({"EXEC"});
    begun = Clock::now();
    REQUIRE(client.ask(read) == "*0\r\n");
    const auto alone = Clock::now() - begun;

    RespClient other = server.client();
    std::jthread load([&](const std::stop_token& over) {
      const auto take = [&] {
        for (int i = 0; i < pieces + 3; ++i) other.receive();
      };
      other.send(transaction);
      while (!over.stop_requested()) {
        other.send(transaction);  // The next one is there before the turn ends.
        take();
      }
      take();
    });
    REQUIRE(eventually([&] { return client.ask({"EXISTS", "turns"}) == ":1\r\n"; }));
    client.send(request({"INCRBY", "turns", "0"}) + request(read) +
                request({"INCRBY", "turns", "0"}));
    const int before = std::stoi(client.receive().substr(1));
    CHECK(client.receive() == "*0\r\n");
    const int turns = std::stoi(client.receive().substr(1)) - before;
    CHECK(turns <= 3 + alone / 20ms);  // With 5 ms of each turn it would be four times as many.
  }

  TEST_CASE("a long read ends with its client, and with the server") {
    RunningServer server({}, shortest());
    RespClient client = server.client();
    client.ask(many({"SADD", "set"}, 20'000));
    {
      RespClient leaves = server.client();
      for (int i = 0; i < 100; ++i) leaves.send(request({"SMEMBERS", "set"}));
    }
    CHECK(eventually([&] { return figure(client, "long_reads") == 0; }));
    CHECK(eventually([&] { return figure(client, "output_bytes") == 0; }));
    client.send(request({"SMEMBERS", "set"}));
  }

  TEST_CASE("a long read without room waits for others to read, and is whole then") {
    constexpr int kReaders = 6;
    constexpr int kAsked = 5;
    const TempDir folder;
    ServerOptions options = shortest();
    // What waits within the system is little there, and ever the same.
    options.socket_path = (folder.path() / "redis.sock").string();
    options.output_bytes_total = 100'000;
    options.output_pause_bytes = 50'000;
    options.output_stall = 10min;
    RunningServer server({}, options);
    RespClient client = server.client();
    client.ask(many({"SADD", "set"}, 5'000));
    const std::string whole = in_one_piece(client, {"SMEMBERS", "set"});
    std::vector<RespClient> readers;
    for (int i = 0; i < kReaders; ++i) {
      readers.emplace_back(options.socket_path);
      for (int j = 0; j < kAsked; ++j) readers.back().send(request({"SMEMBERS", "set"}));
    }
    REQUIRE(eventually([&] { return figure(client, "held_back_clients") > 2; }));
    CHECK(figure(client, "output_bytes") < 2 * options.output_bytes_total);
    std::atomic<int> right = 0;
    {
      std::vector<std::jthread> threads;
      for (RespClient& reader : readers) {
        threads.emplace_back([&] {
          try {
            for (int j = 0; j < kAsked; ++j) right += reader.receive() == whole ? 1 : 0;
          } catch (const std::runtime_error&) {  // Nothing came: some are missing.
          }
        });
      }
    }
    CHECK(right == kReaders * kAsked);
    CHECK(eventually([&] { return figure(client, "output_bytes") == 0; }));
  }

  TEST_CASE("a long read over the limit of answers is an error") {
    ServerOptions options = shortest();
    options.output_bytes_max = 50'000;
    RunningServer server({}, options);
    RespClient client = server.client();
    client.ask(many({"SADD", "set"}, 5'000));
    CHECK(client.ask({"SMEMBERS", "set"}) ==
          "-ERR the answer is over the limit of 50000 bytes\r\n");
    CHECK(client.ask({"SCARD", "set"}) == ":5000\r\n");
    client.ask(many({"HSET", "hash"}, 5'000, "v"));
    for (const char* command : {"HGETALL", "HKEYS", "HVALS"}) {
      CHECK(client.ask({command, "hash"}) ==
            "-ERR the answer is over the limit of 50000 bytes\r\n");
    }
    CHECK(client.ask({"HLEN", "hash"}) == ":5000\r\n");
  }

  TEST_CASE("a read of too many elements is refused before it is made") {
    ServerOptions options = shortest();
    options.output_bytes_max = ServerOptions::kOutputBytesLeast;
    RunningServer server({}, options);
    RespClient client = server.client();
    const std::string refused = "-ERR the answer is over the limit of 65536 bytes\r\n";
    for (const char* set : {"set", "other"}) {
      client.ask(many({"SADD", set}, 12'000));  // Of six bytes each, at least.
    }
    const auto begun = figure(client, "long_reads_begun");
    CHECK(client.ask({"SMEMBERS", "set"}) == refused);
    CHECK(client.ask({"SUNION", "set", "other"}) == refused);
    CHECK(client.ask({"SUNION", "none", "other"}) == refused);
    CHECK(figure(client, "long_reads_begun") == begun);
    CHECK(client.ask({"SUNION", "none"}) == "*0\r\n");
    CHECK(client.ask({"SINTERCARD", "2", "set", "other"}) == ":12000\r\n");
  }
}

}  // namespace anabranch::long_reads_test
