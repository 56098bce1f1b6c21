// What the server tells of itself: INFO, SLOWLOG, LATENCY, MONITOR, MEMORY, ROLE and their kin.

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <anabranch/anabranch.h>

#include "server/resp/observe/latency_events.h"
#include "server/resp/observe/latency_histogram.h"
#include "server/resp/observe/rate.h"
#include "server/resp/observe/slow_log.h"
#include "tests/leader/store_world.h"
#include "tests/server/reply_json.h"
#include "tests/server/running_server.h"

namespace anabranch::observe_test {

using namespace std::chrono_literals;
using server::LatencyEvents;
using server::SlowLog;
using test::bulk;
using test::eventually;
using test::figure;
using test::RespClient;
using test::RunningServer;
using test::to_json;
using test::Words;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("server: observing") {
  TEST_CASE("INFO counts commands, what they took, and errors by their code") {
    RunningServer server;
    RespClient client = server.client();
    client.ask({"SET", "k", "v"});
    client.ask({"GET", "k"});
    client.ask({"GET", "k"});
    client.ask({"GET"});
    client.ask({"SADD", "k", "x"});
    client.ask({"nope"});
    client.ask({"MULTI"});
    client.ask({"GET", "k"});
    client.ask({"INCR", "k"});
    client.ask({"EXEC"});
    client.ask({"CLIENT", "ID"});
    const std::string commands = bulk(client.ask({"INFO", "commandstats"}));
    CHECK(has(commands, "cmdstat_get:calls=3,usec="));
    CHECK(has(commands, ",rejected_calls=1,failed_calls=0\r\n"));
    CHECK(has(commands, "cmdstat_client|id:calls=1,"));
    CHECK(has(commands, "cmdstat_exec:calls=1,"));
    CHECK(!has(commands, "cmdstat_hget"));
    CHECK(commands.substr(commands.find("cmdstat_sadd")).find("failed_calls=1") < 120);
    const std::string errors = bulk(client.ask({"INFO", "errorstats"}));
    CHECK(has(errors, "errorstat_ERR:count=3\r\n"));
    CHECK(has(errors, "errorstat_WRONGTYPE:count=1\r\n"));
    CHECK(figure(client, "total_error_replies") == 4);
    client.ask({"CONFIG", "RESETSTAT"});
    CHECK(!has(bulk(client.ask({"INFO", "commandstats"})), "cmdstat_get"));
    CHECK(bulk(client.ask({"INFO", "errorstats"})) == "# Errorstats\r\n");
  }

  TEST_CASE("INFO counts the keys that reads find and miss") {
    RunningServer server;
    RespClient client = server.client();
    client.ask({"SET", "k", "v"});
    client.ask({"SADD", "s", "a"});
    client.ask({"HSET", "h", "f", "v"});
    const auto hits = figure(client, "keyspace_hits");
    const auto misses = figure(client, "keyspace_misses");
    for (const Words& words :
         {Words{"GET", "k"}, Words{"MGET", "k", "none"}, Words{"EXISTS", "k", "none"},
          Words{"HGET", "h", "f"}, Words{"HGET", "h", "none"}, Words{"HGET", "none", "f"},
          Words{"SISMEMBER", "s", "z"}, Words{"SCARD", "none"}, Words{"TTL", "k"},
          Words{"TYPE", "none"}, Words{"SSCAN", "s", "0"}}) {
      client.ask(words);
    }
    CHECK(figure(client, "keyspace_hits") - hits == 8);
    CHECK(figure(client, "keyspace_misses") - misses == 5);
  }

  TEST_CASE("INFO has what exporters read") {
    RunningServer server;
    RespClient client = server.client();
    for (const char* name :
         {"used_memory", "used_memory_peak", "total_system_memory", "expired_keys", "evicted_keys",
          "instantaneous_ops_per_sec", "uptime_in_days", "aof_enabled", "loading",
          "master_repl_offset", "used_cpu_user", "used_cpu_sys", "cluster_enabled"}) {
      CAPTURE(name);
      CHECK_NOTHROW(figure(client, name));
    }
    CHECK(has(bulk(client.ask({"INFO"})), "aof_last_write_status:ok\r\n"));
    CHECK(!has(bulk(client.ask({"INFO"})), "# Commandstats\r\n"));
    CHECK(has(bulk(client.ask({"INFO", "all"})), "# Commandstats\r\n"));
    client.ask({"MULTI"});
    CHECK(client.ask({"INFO", "server"}) == "+QUEUED\r\n");
    CHECK(has(client.ask({"EXEC"}), "# Server\r\n"));
  }

  TEST_CASE("commands that take longer than a limit are in the slow log") {
    RunningServer server;
    RespClient client = server.client();
    client.ask({"CLIENT", "SETNAME", "tester"});
    // On a busy machine any command may take longer than the usual limit.
    client.ask({"CONFIG", "SET", "slowlog-log-slower-than", "-1"});
    client.ask({"SLOWLOG", "RESET"});
    CHECK(client.ask({"SLOWLOG", "LEN"}) == ":0\r\n");
    client.ask({"CONFIG", "SET", "slowlog-log-slower-than", "0"});
    client.ask({"SLOWLOG", "RESET"});
    client.ask({"GET", "k"});
    client.ask({"AUTH", "default", "secret"});
    client.ask({"CONFIG", "SET", "slowlog-log-slower-than", "-1"});
    const auto log = to_json(client.ask({"SLOWLOG", "GET"}));
    REQUIRE(log.size() >= 2);
    CHECK(log[log.size() - 1][3] == nlohmann::json{"SLOWLOG", "RESET"});
    CHECK(log[log.size() - 2][3] == nlohmann::json{"GET", "k"});
    CHECK(log[log.size() - 2][5] == "tester");
    CHECK(!has(log.dump(), "secret"));
    const std::string length = client.ask({"SLOWLOG", "LEN"});
    client.ask({"GET", "k"});
    CHECK(client.ask({"SLOWLOG", "LEN"}) == length);
    client.ask({"CONFIG", "SET", "slowlog-max-len", "1"});
    CHECK(client.ask({"SLOWLOG", "LEN"}) == ":1\r\n");
    CHECK(client.ask({"SLOWLOG", "RESET"}) == "+OK\r\n");
    CHECK(client.ask({"SLOWLOG", "GET"}) == "*0\r\n");
  }

  TEST_CASE("the slow log is bounded, and long requests are shortened") {
    SlowLog log;
    log.set_length(3);
    const std::vector<std::string_view> words(100, "word");
    for (int i = 0; i < 5; ++i) log.add({}, words);
    REQUIRE(log.all().size() == 3);
    CHECK(log.all().front().id == 4);
    CHECK(log.all().front().words.size() == SlowLog::kWordsMax);
    CHECK(log.all().front().words.back() == "... (69 more arguments)");
    const std::string large(1000, 'x');
    const std::vector<std::string_view> one{large};
    log.add({}, one);
    CHECK(log.all().front().words[0] ==
          std::string(SlowLog::kWordBytesMax, 'x') + "... (872 more bytes)");
    log.set_length(0);
    log.add({}, one);
    CHECK(log.all().empty());
    log.set_threshold(std::chrono::microseconds(-1));
    CHECK(!log.takes(1h));
  }

  TEST_CASE("samples of events are kept, one a second and so many") {
    LatencyEvents events;
    CHECK(!events.takes(1h));
    events.set_threshold(5ms);
    CHECK(events.takes(5ms));
    CHECK(!events.takes(4ms));
    events.add("command", 10, 7ms);
    events.add("command", 10, 9ms);
    events.add("command", 10, 8ms);
    events.add("command", 11, 6ms);
    const auto& event = events.all().at("command");
    REQUIRE(event.samples.size() == 2);
    CHECK(event.samples.front().ms == 9);
    CHECK(event.most_ms == 9);
    for (int i = 0; i < 1000; ++i) events.add("command", 20 + i, 6ms);
    CHECK(event.samples.size() == LatencyEvents::kSamplesMax);
    CHECK(events.forget("command"));
    CHECK(!events.forget("command"));
  }

  TEST_CASE("LATENCY tells what took long") {
    RunningServer server;
    RespClient client = server.client();
    CHECK(client.ask({"LATENCY", "LATEST"}) == "*0\r\n");
    CHECK(has(client.ask({"LATENCY", "DOCTOR"}), "Nothing is sampled"));
    client.ask({"CONFIG", "SET", "latency-monitor-threshold", "1"});
    CHECK(client.ask({"CONFIG", "GET", "latency-monitor-threshold"}).ends_with("\r\n1\r\n"));
    Words words{"MSET"};
    for (int i = 0; i < 20'000; ++i) words.insert(words.end(), {"k" + std::to_string(i), "v"});
    client.ask(words);
    // On a busy machine any command may take a millisecond: from here on none is sampled.
    client.ask({"CONFIG", "SET", "latency-monitor-threshold", "1000000"});
    const auto latest = to_json(client.ask({"LATENCY", "LATEST"}));
    CHECK(has(latest.dump(), "\"command\""));
    CHECK_FALSE(to_json(client.ask({"LATENCY", "HISTORY", "command"})).empty());
    CHECK(client.ask({"LATENCY", "RESET", "command"}) == ":1\r\n");
    CHECK(client.ask({"LATENCY", "HISTORY", "command"}) == "*0\r\n");
  }

  TEST_CASE("times are counted in the buckets of Redis, and the last takes all that is longer") {
    using server::LatencyHistogram;
    const auto bucket_of = [](std::chrono::nanoseconds took) {
      LatencyHistogram histogram;
      histogram.add(took);
      for (std::size_t i = 0; i < LatencyHistogram::kBuckets; ++i) {
        if (histogram.in(i) == 1) return LatencyHistogram::micros_of(i);
      }
      return std::int64_t{-1};
    };
    // As redis-server 7.0.15 shows them.
    const std::vector<std::int64_t> shown{1,   2,    4,    8,    16,   33,    66,    132,   264,
                                          528, 1056, 2113, 4227, 8454, 16908, 33816, 67633, 135266};
    for (std::size_t i = 0; i < shown.size(); ++i) {
      CHECK(LatencyHistogram::micros_of(i) == shown[i]);
    }
    CHECK(bucket_of(0ns) == 1);
    CHECK(bucket_of(1031ns) == 1);
    CHECK(bucket_of(1032ns) == 2);
    CHECK(bucket_of(2063ns) == 2);
    CHECK(bucket_of(2064ns) == 4);
    CHECK(bucket_of(32us) == 33);
    CHECK(bucket_of(1ms) == 1056);
    CHECK(bucket_of(8s) == LatencyHistogram::micros_of(LatencyHistogram::kBuckets - 1));
    CHECK(bucket_of(100h) == LatencyHistogram::micros_of(LatencyHistogram::kBuckets - 1));
    CHECK(bucket_of(-1ns) == 1);
  }

  TEST_CASE("LATENCY HISTOGRAM has the calls of each command, also within EXEC and in slices") {
    RunningServer server;
    RespClient client = server.client();
    client.ask({"SET", "k", "v"});
    client.ask({"GET", "k"});
    client.ask({"MULTI"});
    client.ask({"GET", "k"});
    client.ask({"EXEC"});
    client.ask({"CLIENT", "ID"});
    client.ask({"CLIENT", "GETNAME"});
    client.ask({"HELLO", "3"});
    // The calls of a command, after its buckets were checked.
    const auto calls_of = [&](const nlohmann::json& all, const std::string& name) {
      const nlohmann::json& of = all.at(name);
      std::int64_t most = 0;
      for (const auto& [micros, count] : of.at("histogram_usec").items()) {
        most = std::max(most, count.get<std::int64_t>());
      }
      CHECK(most == of.at("calls"));
      return most;
    };
    const auto all = to_json(client.ask({"LATENCY", "HISTOGRAM"}));
    CHECK(calls_of(all, "get") == 2);
    CHECK(calls_of(all, "set") == 1);
    CHECK(calls_of(all, "client|id") == 1);
    CHECK(!all.contains("client"));
    CHECK(!all.contains("hget"));
    const auto named = to_json(client.ask({"LATENCY", "HISTOGRAM", "GET", "client", "nope"}));
    CHECK(named.size() == 3);
    CHECK(calls_of(named, "client|getname") == 1);
    CHECK(client.ask({"LATENCY", "HISTOGRAM", "nope"}) == "%0\r\n");
    Words words{"MSET"};
    for (int i = 0; i < 20'000; ++i) words.insert(words.end(), {"k" + std::to_string(i), "v"});
    client.ask(words);
    client.ask({"KEYS", "*"});
    REQUIRE(figure(client, "long_reads_begun") > 0);
    CHECK(calls_of(to_json(client.ask({"LATENCY", "HISTOGRAM", "keys"})), "keys") == 1);
    client.ask({"CONFIG", "RESETSTAT"});
    CHECK(!to_json(client.ask({"LATENCY", "HISTOGRAM"})).contains("get"));
  }

  TEST_CASE("a monitor is shown every command but passwords, until it ends that") {
    RunningServer server;
    RespClient monitor = server.client();
    RespClient client = server.client();
    CHECK(monitor.ask({"MONITOR"}) == "+OK\r\n");
    client.ask({"SET", "k", "a\"\n\x01"});
    client.ask({"AUTH", "default", "secret"});
    client.ask({"SELECT", "3"});
    client.ask({"get", "k"});
    const std::string set = monitor.receive();
    CHECK(has(set, " [0 127.0.0.1:"));
    CHECK(set.ends_with("] \"SET\" \"k\" \"a\\\"\\n\\x01\"\r\n"));
    CHECK(monitor.receive().ends_with("\"SELECT\" \"3\"\r\n"));
    const std::string get = monitor.receive();
    CHECK(has(get, " [3 127.0.0.1:"));
    CHECK(get.ends_with("] \"get\" \"k\"\r\n"));
    CHECK(figure(client, "monitors") == 1);
    CHECK(monitor.receive().ends_with("] \"INFO\"\r\n"));
    CHECK(monitor.ask({"RESET"}) == "+RESET\r\n");
    CHECK(figure(client, "monitors") == 0);
    monitor.ask({"MONITOR"});
    monitor.ask({"QUIT"});
    REQUIRE(eventually([&] { return figure(client, "monitors") == 0; }));
  }

  TEST_CASE("a monitor that does not read is closed") {
    RunningServer server;
    RespClient monitor = server.client();
    RespClient client = server.client();
    monitor.ask({"MONITOR"});
    const std::string large(1000, 'x');
    for (int round = 0; round < 400 && figure(client, "monitors") == 1; ++round) {
      std::string pipeline;
      for (int i = 0; i < 100; ++i) pipeline += test::request({"ECHO", large});
      client.send(pipeline);
      for (int i = 0; i < 100; ++i) client.receive();
    }
    CHECK(figure(client, "monitors") == 0);
    CHECK(figure(client, "clients_cut") == 1);
  }

  TEST_CASE("sizes, roles and saves are told") {
    RunningServer server;
    RespClient client = server.client();
    client.ask({"SET", "small", "v"});
    client.ask({"SET", "large", std::string(10'000, 'x')});
    Words words{"SADD", "set"};
    for (int i = 0; i < 1000; ++i) words.push_back("member" + std::to_string(i));
    client.ask(words);
    const auto size = [&](const std::string& key) {
      return to_json(client.ask({"MEMORY", "USAGE", key})).get<int>();
    };
    CHECK(size("small") < 200);
    CHECK(size("large") > 10'000);
    CHECK(size("set") > 50'000);
    CHECK(client.ask({"MEMORY", "USAGE", "set", "SAMPLES", "0"}).starts_with(":"));
    CHECK(client.ask({"MEMORY", "PURGE"}) == "+OK\r\n");
    CHECK(has(client.ask({"MEMORY", "DOCTOR"}), " 1 clients hold 0 MiB in answers and requests."));
    CHECK(client.ask({"OBJECT", "ENCODING", "set"}) == "$9\r\nhashtable\r\n");
    CHECK(client.ask({"OBJECT", "ENCODING", "large"}) == "$3\r\nraw\r\n");
    CHECK(client.ask({"OBJECT", "IDLETIME", "small"}) == ":0\r\n");
    CHECK(to_json(client.ask({"ROLE"}))[0] == "master");
    CHECK(has(client.ask({"SWAPDB", "0", "1"}), "-ERR SWAPDB is not supported"));
    CHECK(client.ask({"SWAPDB", "3", "3"}) == "+OK\r\n");
  }

  TEST_CASE("SAVE has on the disk what did not wait for it, and LASTSAVE tells until when") {
    const auto now = [](RespClient& client) {
      return to_json(client.ask({"TIME"}))[0].get<std::string>();
    };
    const auto saved = [](RespClient& client) {
      return to_json(client.ask({"LASTSAVE"})).get<std::int64_t>();
    };
    anabranch::Options store;
    store.durability = Durability::kNone;
    RunningServer server(store);
    RespClient client = server.client();
    for (const std::string command : {"SAVE", "BGSAVE"}) {
      CHECK(client.ask({"SET", "key", command}) == "+OK\r\n");
      CHECK_FALSE(has(client.ask({"INFO", "persistence"}), "\r\nunsynced_bytes:0\r\n"));
      const std::int64_t before = std::stoll(now(client));
      CHECK(saved(client) < before - 20);
      // What comes in the same packet is saved, too.
      client.send(test::request({"SET", "key", "more"}) + test::request({command}));
      CHECK(client.receive() == "+OK\r\n");
      CHECK(client.receive() == (command == "SAVE" ? "+OK\r\n" : "+Background saving started\r\n"));
      CHECK(has(client.ask({"INFO", "persistence"}), "\r\nunsynced_bytes:0\r\n"));
      CHECK(saved(client) >= before);
    }
  }

  TEST_CASE("CONFIG SET takes what can change, and says of the rest where it comes from") {
    RunningServer server;
    RespClient client = server.client();
    CHECK(client.ask({"CONFIG", "SET", "appendonly", "yes"}) == "+OK\r\n");
    CHECK(has(client.ask({"CONFIG", "SET", "appendonly", "no"}),
              "-ERR CONFIG SET failed (possibly related to argument 'appendonly') - this parameter "
              "is always so here"));
    CHECK(has(client.ask({"CONFIG", "SET", "aclfile", "users"}),
              "the setting acl_file is read at the start: change it in the file, the environment "
              "or the flags"));
    CHECK(has(client.ask({"CONFIG", "SET", "slowlog-max-len", "7", "maxmemory", "1"}), "-ERR"));
    CHECK(client.ask({"CONFIG", "GET", "slowlog-max-len"}).ends_with("\r\n128\r\n"));
    CHECK(has(client.ask({"CONFIG", "SET", "slowlog-max-len", "10001"}), "between 0 and 10000"));
    CHECK(client.ask({"CONFIG", "GET", "proto-max-bulk-len"}).ends_with("\r\n33554432\r\n"));
  }

  TEST_CASE("CONFIG GET shows what CONFIG SET took, by all names of Redis") {
    RunningServer server;
    RespClient client = server.client();
    const auto set = [&](const std::string& name, const std::string& value) {
      return client.ask({"CONFIG", "SET", name, value});
    };
    const auto get = [&](const std::string& name) {
      return to_json(client.ask({"CONFIG", "GET", name})).at(1).get<std::string>();
    };
    CHECK(get("zset-max-ziplist-entries") == "128");
    CHECK(set("zset-max-ziplist-entries", "5") == "+OK\r\n");
    CHECK(get("zset-max-listpack-entries") == "5");
    CHECK(set("ZSET-MAX-LISTPACK-ENTRIES", "6") == "+OK\r\n");
    CHECK(get("zset-max-ziplist-entries") == "6");
    CHECK(to_json(client.ask({"CONFIG", "GET", "zset-max-*"})).size() == 8);
    CHECK(get("activerehashing") == "yes");
    CHECK(set("activerehashing", "no") == "+OK\r\n");
    CHECK(get("activerehashing") == "no");
    CHECK(has(set("activerehashing", "maybe"), "argument must be 'yes' or 'no'"));
    CHECK(has(set("list-max-ziplist-size", "x"), "argument couldn't be parsed into an integer"));
    CHECK(has(set("active-expire-effort", "11"), "argument must be between 1 and 10 inclusive"));
    CHECK(get("active-expire-effort") == "1");
    // All or nothing.
    CHECK(has(client.ask({"CONFIG", "SET", "hash-max-listpack-value", "1", "maxmemory", "1"}),
              "-ERR"));
    CHECK(get("hash-max-listpack-value") == "64");
  }

  TEST_CASE("appendfsync is the durability in the words of Redis") {
    for (const auto& [durability, word] :
         {std::pair{Durability::kSync, "always"}, std::pair{Durability::kInterval, "everysec"},
          std::pair{Durability::kNone, "no"}}) {
      Options options;
      options.durability = durability;
      RunningServer server(options);
      RespClient client = server.client();
      CHECK(to_json(client.ask({"CONFIG", "GET", "appendfsync"})).at(1) == word);
      CHECK(client.ask({"CONFIG", "SET", "appendfsync", word}) == "+OK\r\n");
    }
    RunningServer server;
    RespClient client = server.client();
    CHECK(has(client.ask({"CONFIG", "SET", "appendfsync", "everysec"}),
              "the setting durability is read at the start"));
  }

  TEST_CASE("limits of clients change while the server runs, by Redis' names and our own") {
    RunningServer server({}, {.settings = {{"region", "eu"}, {"clients_max", "7"}}});
    RespClient client = server.client();
    const auto set = [&](const std::string& name, const std::string& value) {
      return client.ask({"CONFIG", "SET", name, value});
    };
    const auto get = [&](const std::string& name) {
      return to_json(client.ask({"CONFIG", "GET", name})).at(1).get<std::string>();
    };
    CHECK(set("clients_bytes_max", "64MiB") == "+OK\r\n");
    CHECK(get("clients_bytes_max") == "64MiB");
    CHECK(get("maxmemory-clients") == "67108864");
    CHECK(set("idle_ms_max", "90s") == "+OK\r\n");
    CHECK(get("timeout") == "90");
    CHECK(set("timeout", "0") == "+OK\r\n");
    CHECK(get("idle_ms_max") == "0ms");
    CHECK(set("output_stall_ms", "2min") == "+OK\r\n");
    CHECK(get("output_stall_ms") == "2min");
    CHECK(has(set("output_stall_ms", "0"), "must be between 1 and"));
    CHECK(has(set("output_bytes_max", "much"), "must be a size, such as"));
    CHECK(has(set("maxclients", "0"), "must be between 1 and"));
    // What comes from the settings is told, and with its own value accepted.
    CHECK(get("region") == "eu");
    CHECK(set("region", "eu") == "+OK\r\n");
    CHECK(has(set("region", "us"), "the setting region is read at the start"));
    CHECK(has(set("no_such_setting", "1"), "Unknown option"));
    CHECK(get("clients_max") == "10000");
    // All or nothing.
    CHECK(has(client.ask({"CONFIG", "SET", "maxclients", "5", "region", "us"}), "-ERR"));
    CHECK(get("maxclients") == "10000");
    const auto all = to_json(client.ask({"CONFIG", "GET", "*"}));
    std::set<std::string> names;
    for (std::size_t i = 0; i < all.size(); i += 2) CHECK(names.insert(all[i]).second);
    CHECK(names.contains("output_bytes_total"));
  }

  TEST_CASE("a changed limit of clients counts at once") {
    RunningServer server;
    RespClient client = server.client();
    RespClient second = server.client();
    CHECK(second.ask({"PING"}) == "+PONG\r\n");
    CHECK(client.ask({"CONFIG", "SET", "maxclients", "2"}) == "+OK\r\n");
    RespClient third = server.client();
    CHECK(third.receive() == "-ERR max number of clients reached\r\n");
    CHECK(client.ask({"CONFIG", "SET", "clients_max", "3"}) == "+OK\r\n");
    CHECK(server.client().ask({"PING"}) == "+PONG\r\n");
    CHECK(client.ask({"CONFIG", "SET", "output_bytes_max", "64KiB"}) == "+OK\r\n");
    client.ask({"SET", "k", std::string(100'000, 'x')});
    CHECK(has(client.ask({"GET", "k"}), "the answer is over the limit of 65536 bytes"));
    CHECK(client.ask({"CONFIG", "SET", "output_bytes_max", "1MiB"}) == "+OK\r\n");
    CHECK(client.ask({"GET", "k"}).starts_with("$100000"));
    CHECK(has(client.ask({"CONFIG", "SET", "output_bytes_max", "1"}), "must be between 65536 and"));
  }

  TEST_CASE("the level of the log changes while the server runs") {
    std::mutex mutex;
    std::vector<std::string> lines;
    set_log_sink(
        [&](LogLevel, std::string_view, std::string_view line) {
          const std::scoped_lock lock(mutex);
          lines.emplace_back(line);
        },
        LogLevel::kInfo);
    RunningServer server;
    RespClient client = server.client();
    // Returns whether a command that leaves a line in the log has left one.
    const auto is_told = [&] {
      const std::scoped_lock lock(mutex);
      const bool told = std::ranges::any_of(
          lines, [](const std::string& line) { return has(line, "slowlog-max-len"); });
      lines.clear();
      return told;
    };
    client.ask({"CONFIG", "SET", "slowlog-max-len", "5"});
    CHECK(is_told());
    CHECK(client.ask({"CONFIG", "SET", "log_level", "warning"}) == "+OK\r\n");
    CHECK(has(client.ask({"CONFIG", "GET", "loglevel"}), "\r\nwarning\r\n"));
    client.ask({"CONFIG", "SET", "slowlog-max-len", "6"});
    CHECK_FALSE(is_told());
    CHECK(client.ask({"CONFIG", "SET", "loglevel", "notice"}) == "+OK\r\n");
    CHECK(has(client.ask({"CONFIG", "GET", "log_level"}), "\r\ninfo\r\n"));
    client.ask({"CONFIG", "SET", "slowlog-max-len", "7"});
    CHECK(is_told());
    CHECK(has(client.ask({"CONFIG", "SET", "log_level", "loud"}),
              "argument(s) must be one of the following: debug, info, warning, error, off"));
    set_log_sink({});
  }

  TEST_CASE("SHUTDOWN ends the server after the writes before it") {
    RunningServer server;
    RespClient client = server.client();
    RespClient other = server.client();
    client.send(test::request({"SET", "k", "v"}) + test::request({"SHUTDOWN", "NOSAVE"}));
    CHECK(client.receive() == "+OK\r\n");
    CHECK(client.closed());
  }

  TEST_CASE("values are copied whole, and too large ones are refused") {
    RunningServer server({}, {}, [](Scope& scope) {
      SortedSet<std::string>{scope, "zset"}.put("m", 1.5);
      List<std::string> list{scope, "list"};
      list.push_back("a");
      list.push_back("b");
      Text{scope, "text"}.insert(0, "words");
      EnableWinsFlag{scope, "flag"}.enable();
      RemoveWinsSet<std::string>{scope, "rset"}.insert("x");
      Map map{scope, "map"};
      map.at<Counter>("n").add(3);
      map.at<Set<std::string>>("s").insert("y");
    });
    RespClient client = server.client();
    const auto shown = [&](const std::string& key) {
      auto json = nlohmann::json::parse(bulk(client.ask({"ANABRANCH", "SHOW", key})));
      json.erase("key");
      std::string text = json.dump();
      for (std::size_t at = 0; (at = text.find("\"time_ms\":", at)) != text.npos; ++at) {
        text.erase(at, text.find_first_of(",}", at) - at);
      }
      return text;
    };
    for (const std::string key : {"zset", "list", "text", "flag", "rset"}) {
      CAPTURE(key);
      const std::string before = shown(key);
      CHECK(client.ask({"COPY", key, key + "2"}) == ":1\r\n");
      CHECK(shown(key + "2") == before);
      CHECK(client.ask({"RENAME", key + "2", key + "3"}) == "+OK\r\n");
      CHECK(shown(key + "3") == before);
      CHECK(client.ask({"EXISTS", key + "2"}) == ":0\r\n");
    }
    client.ask({"COPY", "map", "map2"});
    CHECK(client.ask({"HGET", "map2", "n"}) == "$1\r\n3\r\n");
    CHECK(client.ask({"HLEN", "map2"}) == ":2\r\n");
  }

  TEST_CASE("what is drawn by chance is what is there, and everything is drawn") {
    RunningServer server;
    RespClient client = server.client();
    Words words{"SADD", "set"};
    for (int i = 0; i < 2000; ++i) words.push_back("member:" + std::to_string(i));
    client.ask(words);
    std::map<std::string, int> drawn;
    for (int i = 0; i < 20; ++i) {
      const auto members = to_json(client.ask({"SRANDMEMBER", "set", "-1000"}));
      REQUIRE(members.size() == 1000);
      for (const auto& each : members) ++drawn[each.get<std::string>()];
    }
    // 20,000 draws of 2,000 members: each ten times.
    CHECK(drawn.size() > 1'900);
    for (const auto& each : drawn) {
      CAPTURE(each.first);
      CHECK(each.second < 60);
      CHECK(client.ask({"SISMEMBER", "set", each.first}) == ":1\r\n");
    }
    CHECK(to_json(client.ask({"SRANDMEMBER", "set", "5"})).size() == 5);
    CHECK(to_json(client.ask({"SRANDMEMBER", "set", "1500"})).size() == 1500);
    std::set<std::string> popped;
    for (int i = 0; i < 100; ++i) popped.insert(bulk(client.ask({"SPOP", "set"})));
    CHECK(popped.size() == 100);
    CHECK(client.ask({"SCARD", "set"}) == ":1900\r\n");
    const auto rest = to_json(client.ask({"SPOP", "set", "3000"}));
    CHECK(rest.size() == 1900);
    CHECK(client.ask({"EXISTS", "set"}) == ":0\r\n");
    CHECK(client.ask({"RANDOMKEY"}) == "$-1\r\n");
    client.ask({"MSET", "a", "1", "b", "2"});
    const std::string key = bulk(client.ask({"RANDOMKEY"}));
    CHECK((key == "a" || key == "b"));
  }
}

}  // namespace anabranch::observe_test
