// No request holds up other clients: each command that reads or writes rows, made from the table,
// with the arguments that make the most work, within MULTI and without, by a user who may only
// read, or write. Beside it another client asks for little, here and in a region that applies what
// is written; the processor time that the server spends meanwhile is its wait.

#include <doctest/doctest.h>

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "server/resp/table/row.h"
#include "tests/seed.h"
#include "tests/server/turns/waits.h"
#include "tests/server/turns/worst_requests.h"

namespace anabranch::turns_test {

using namespace server;
using test::RespClient;
using test::RunningServer;
using test::Sizes;
using test::Waits;
using test::Words;

namespace {

constexpr double kMostMs = 50;
constexpr std::size_t kShown = 10;

double ms_of(const std::function<void()>& function) {
  const std::clock_t begin = std::clock();
  function();
  return static_cast<double>(std::clock() - begin) * 1e3 / CLOCKS_PER_SEC;
}

// Sanitizers slow some work down far more than the sample below, and their runs look for other
// faults.
#ifdef ANABRANCH_SANITIZED
constexpr double kAllowed = 3;
#else
constexpr double kAllowed = 1;
#endif

// Returns how many times as long as in a release build on the machine of these bounds a fixed work
// takes in this one: at least 1. Fresh memory costs ten times as much on some virtual machines as
// on others: 32 MB of it count, too.
double slowness() {
  constexpr double kThereMs = 25;
  const double names_ms = ms_of([] {
    std::map<std::string, std::string> names;
    for (int i = 0; i < 50'000; ++i) names[std::to_string(i * 7'919 % 50'000)] += "a value";
  });
  const double memory_ms = ms_of([] {
    constexpr std::size_t kSize = std::size_t{32} << 20U;
    constexpr std::size_t kPage = 4096;
    void* const memory =
        ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(memory != MAP_FAILED);
    for (std::size_t at = 0; at < kSize; at += kPage) static_cast<volatile char*>(memory)[at] = 1;
    ::munmap(memory, kSize);
  });
  return kAllowed * std::max({1.0, names_ms / kThereMs, memory_ms / kThereMs});
}

// Waits that are longer, and are named in docs/operations/sizing.md: the write of a large value is
// one piece, here and where it is applied. Twice as long as on an idle machine.
constexpr double kLargeValueMs = 250;
constexpr const char* kLargeValues[] = {"string", " h ", "SETNX", "SETEX"};  // In a request's name.

double most_ms(const std::string& request) {
  const bool is_large = std::ranges::any_of(
      kLargeValues, [&](const char* words) { return request.find(words) != std::string::npos; });
  return is_large ? kLargeValueMs : kMostMs;
}

Sizes sizes() {
  if (test::long_run()) return {};
  return {.elements = 10'000, .bytes = std::size_t{2} << 20U};
}

// The name of a request in the table of waits: its words, the long and the many cut off.
std::string shown(const Words& words, bool within) {
  std::string text = within ? "MULTI " : "";
  for (std::size_t i = 0; i < std::min<std::size_t>(words.size(), 6); ++i) {
    text += (words[i].size() > 24 ? words[i].substr(0, 12) + "..." : words[i]) + " ";
  }
  if (words.size() > 6) text += "and " + std::to_string(words.size() - 6) + " words";
  return text;
}

// Two regions, of which the second applies what clients write in the first.
class Regions {
 public:
  explicit Regions(const Sizes& sizes)
      : sizes_(sizes),
        here_(options("eu", {}), {}, [&](Scope& scope) { test::fill(scope, sizes); }),
        there_(options("us", here_.peer_endpoint())) {
    label("the first copy to the other region, of string and h among others");
    admin_ = std::make_unique<RespClient>(here_.client());
    far_ = std::make_unique<RespClient>(there_.client());
    for (const Words& user : {Words{"reader", "+@read", "+@transaction"},
                              Words{"writer", "+@write", "+@read", "+@transaction"}}) {
      Words words{"ACL", "SETUSER", user[0], "on", ">x", "~*"};
      words.insert(words.end(), user.begin() + 1, user.end());
      REQUIRE(admin_->ask(words) == "+OK\r\n");
    }
    await_there();
  }

  // Carries a request out as a user, and waits until it is shown there.
  void carry_out(const std::string& user, const std::vector<Words>& requests, bool within,
                 const std::string& name) {
    refill();
    RespClient client = here_.client();
    REQUIRE(client.ask({"AUTH", user, "x"}) == "+OK\r\n");
    label(name);
    std::string bytes;
    if (within) bytes += test::request({"MULTI"});
    for (const Words& each : requests) bytes += test::request(each);
    if (within) bytes += test::request({"EXEC"});
    client.send(bytes);
    std::size_t replies = requests.size() + (within ? 2 : 0);
    for (; replies > 0; --replies) last_ = client.receive();
    await_there();
    label("nothing");
  }

  // Sends a request, and takes its answers.
  void send_large(const test::LargeRequest& request) {
    RespClient client = here_.client();
    const std::vector<Words> all = request.make();
    label(request.name);
    if (request.is_discarded) client.ask({"MULTI"});
    constexpr std::size_t kAtOnce = 10'000;  // Else neither side would read.
    std::string bytes;
    std::size_t sent = 0;
    for (std::size_t i = 1; i <= all.size(); ++i) {
      bytes += test::request(all[i - 1]);
      if (i % kAtOnce != 0 && i < all.size()) continue;
      client.send(bytes);
      bytes.clear();
      for (; sent < i; ++sent) last_ = client.receive();
    }
    if (request.is_discarded) CHECK(client.ask({"DISCARD"}) == "+OK\r\n");
    await_there();
    label("nothing");
  }

  // Clients that watch a key.
  [[nodiscard]] RespClient watching_here() const { return watching(here_); }
  [[nodiscard]] RespClient watching_there() const { return watching(there_); }

  [[nodiscard]] const Waits& waits_here() const { return waits_here_; }
  [[nodiscard]] const Waits& waits_there() const { return waits_there_; }

 private:
  static RespClient watching(const RunningServer& server) {
    RespClient client = server.client();
    REQUIRE(client.ask({"WATCH", "watched"}) == "+OK\r\n");
    return client;
  }

  void label(const std::string& name) {
    for (Waits* each : {&waits_here_, &waits_there_}) each->begin(name);
  }

  static Options options(const std::string& region, const std::string& peer) {
    Options options{.region = region, .listen = "tcp://127.0.0.1:0"};
    if (!peer.empty()) options.peers = {peer};
    return options;
  }

  void await_there() {
    const std::string mark = std::to_string(++marks_);
    REQUIRE(admin_->ask({"SET", "mark", mark}) == "+OK\r\n");
    const std::string wanted = "$" + std::to_string(mark.size()) + "\r\n" + mark + "\r\n";
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(5);
    while (far_->ask({"GET", "mark"}) != wanted) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  // Writes again what a request has taken away, in small pieces.
  void refill() {
    const auto lacks = [&](const Words& count) {
      const std::string reply = admin_->ask(count);
      return std::stoll(reply.substr(1)) < sizes_.elements;
    };
    const auto write = [&](Words begin, const std::string& prefix, bool value) {
      for (int from = 0; from < sizes_.elements; from += 500) {
        Words words = begin;
        for (int i = from; i < std::min(sizes_.elements, from + 500); ++i) {
          words.push_back(prefix + std::to_string(1'000'000 + i));
          if (value) words.emplace_back("value");
        }
        write_again(words);
      }
    };
    if (lacks({"SCARD", "set"})) write({"SADD", "set"}, "e:", false);
    if (lacks({"SCARD", "other"})) write({"SADD", "other"}, "e:0", false);
    if (lacks({"HLEN", "hash"})) write({"HSET", "hash"}, "e:", true);
    if (admin_->ask({"EXISTS", "key:1000000"}) == ":0\r\n") write({"MSET"}, "key:", true);
    if (admin_->ask({"EXISTS", "string"}) == ":0\r\n") {
      write_again({"SET", "string", std::string(sizes_.bytes, 'v')});
      write_again({"HSET", "h", "f", std::string(sizes_.bytes, 'v')});
      write_again({"SADD", "few", "", std::string(60'000, 'a')});
      write_again({"SET", std::string(60'000, 'a'), "1"});
    }
    write_again({"DEL", "new", "to", "free", "free2", "fresh:1000000"});
    await_there();
  }

  // Nor does that hold up anybody.
  void write_again(const Words& words) {
    label(shown(words, false));
    admin_->ask(words);
  }

  const Sizes sizes_;
  RunningServer here_;
  RunningServer there_;
  std::unique_ptr<RespClient> admin_;
  std::unique_ptr<RespClient> far_;
  std::string last_;
  int marks_ = 0;
  Waits waits_here_{here_};
  Waits waits_there_{there_};
};

void show(const char* region, const Waits& waits, double slowness) {
  std::printf(
      "the ten longest waits of a small request in %s, in ms of processor time and in all:\n",
      region);
  const std::vector<Waits::Wait> all = waits.longest();
  for (std::size_t i = 0; i < std::min(kShown, all.size()); ++i) {
    std::printf("%9.1f %9.1f  %s\n", all[i].ms, all[i].wall_ms, all[i].request.c_str());
  }
  for (const Waits::Wait& each : all) {
    CAPTURE(each.request);
    CHECK(each.ms <= most_ms(each.request) * slowness);
  }
}

bool is_of_rows(const Command& row) {
  return row.run != nullptr && (row.flags & (kReads | kWrites)) != 0 && row.shared == nullptr;
}

}  // namespace

TEST_SUITE("server: turns") {
  TEST_CASE("the worst requests are known of each command that reads or writes rows") {
    for (const Command& row : all_rows()) {
      const std::string name(full_name(row));
      CAPTURE(name);
      if (is_of_rows(row)) CHECK(test::worst_requests(row, {.elements = 10, .bytes = 10}));
    }
  }

  TEST_CASE("no request holds up a small one of another client, here or where it is applied") {
    const double slower_before = slowness();
    const Sizes sizes = turns_test::sizes();
    Regions regions(sizes);
    // A part of them, another one in each run, unless there is time for all.
    const std::uint64_t share = test::long_run() ? 1 : 13;
    std::uint64_t turn = test::seed();
    for (const bool destroys : {false, true}) {
      for (const Command& row : all_rows()) {
        if (!is_of_rows(row) || row.has(kAllKeys) != destroys) continue;
        const std::string user = row.has(kWrites) ? "writer" : "reader";
        const std::vector<Words> requests = test::worst_requests(row, sizes).value();
        for (const Words& words : requests) {
          for (const bool within : {true, false}) {
            if (turn++ % share != 0) continue;
            regions.carry_out(user, {words}, within, shown(words, within));
          }
        }
      }
    }
    for (const Words& words : test::other_requests(sizes)) {
      if (turn++ % share != 0) continue;
      regions.carry_out("default", {words}, false, shown(words, false));
    }
    const std::vector<Words> writes = test::many_writes(sizes);
    regions.carry_out("writer", writes, true,
                      "MULTI with " + std::to_string(writes.size()) + " SET");
    const double slower = std::max(slower_before, slowness());
    std::printf("this build is %.1f times as slow as where the bounds were measured\n", slower);
    show("the first region", regions.waits_here(), slower);
    show("the second region", regions.waits_there(), slower);
  }

  TEST_CASE("a request of as many words or bytes as may be holds up nobody") {
    const double slower = slowness();
    Regions regions({.elements = 10, .bytes = 10});
    const int words = test::long_run() ? 1'000'000 : 100'000;
    const std::size_t bytes = std::size_t{test::long_run() ? 120U : 40U} << 20U;
    for (const test::LargeRequest& each : test::large_requests(words, bytes)) {
      regions.send_large(each);
    }
    show("the first region", regions.waits_here(), slower);
  }

  TEST_CASE("a transaction of many writes holds up nobody, here or where it is applied") {
    const double slower = slowness();
    Regions regions({.elements = 10, .bytes = 10});
    const RespClient watching_here = regions.watching_here();
    const RespClient watching_there = regions.watching_there();
    const std::string many = "MULTI with many SET";
    regions.carry_out("writer", test::many_writes({.elements = 100'000, .bytes = 10}), true, many);
    const std::string large = "MULTI with few large writes";
    regions.carry_out("writer", test::large_writes(), true, large);
    for (const Waits* waits : {&regions.waits_here(), &regions.waits_there()}) {
      const std::vector<Waits::Wait> all = waits->longest();
      for (const std::string& label : {many, large}) {
        const auto beside = std::ranges::find(all, label, &Waits::Wait::request);
        REQUIRE(beside != all.end());
        std::printf("%9.1f ms of processor time, %.1f ms in all, beside %s\n", beside->ms,
                    beside->wall_ms, label.c_str());
        CHECK(beside->ms <= kMostMs * slower);
      }
    }
  }
}

}  // namespace anabranch::turns_test
