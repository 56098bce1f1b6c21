// SCAN and its kin: every element that stays is returned, whatever happens meanwhile, and each call
// does a bounded amount of work.

#include <doctest/doctest.h>

#include <chrono>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "server/resp/scan_cursors.h"
#include "tests/seed.h"
#include "tests/server/reply_json.h"
#include "tests/server/running_server.h"

namespace anabranch::scan_test {

using server::ScanCursors;
using test::figure;
using test::RespClient;
using test::RunningServer;
using test::to_json;
using test::Words;

namespace {

struct Page {
  std::string cursor;
  std::vector<std::string> elements;
};

Page page_of(RespClient& client, const Words& words) {
  const auto reply = to_json(client.ask(words));
  return {reply[0].get<std::string>(), reply[1].get<std::vector<std::string>>()};
}

// The request of a page: SCAN cursor, or SSCAN key cursor, and options.
Words request_of(const Words& head, const std::string& cursor, const Words& options) {
  Words words = head;
  words.push_back(cursor);
  words.insert(words.end(), options.begin(), options.end());
  return words;
}

// How often each element is returned by a whole iteration; `between` runs behind each page.
template <typename Between>
std::map<std::string, int> iterate(RespClient& client, const Words& head, const Words& options,
                                   const Between& between) {
  std::map<std::string, int> found;
  std::string cursor = "0";
  do {
    const Page page = page_of(client, request_of(head, cursor, options));
    for (const std::string& each : page.elements) ++found[each];
    cursor = page.cursor;
    between();
  } while (cursor != "0");
  return found;
}

std::map<std::string, int> iterate(RespClient& client, const Words& head, const Words& options) {
  return iterate(client, head, options, [] {});
}

void fill(RespClient& client, int count) {
  std::string pipeline;
  for (int i = 0; i < count; ++i) {
    pipeline += anabranch::test::request({"SET", "k" + std::to_string(i), "v"});
  }
  client.send(pipeline);
  for (int i = 0; i < count; ++i) REQUIRE(client.receive() == "+OK\r\n");
}

// A collection that is scanned while others write to it: how its elements are made, removed, and
// scanned.
struct Collection {
  Words make;
  Words remove;
  Words scan;
  bool pairs;    // Each element is made with a value,
  bool doubled;  // and returned with it.
};

std::string element(std::size_t number) { return "element:" + std::to_string(number); }

// Appends the request that makes or removes these elements.
void append_request(std::string& pipeline, const Words& head, bool pairs,
                    const std::vector<std::string>& elements) {
  Words words = head;
  for (const std::string& each : elements) {
    words.push_back(each);
    if (pairs) words.push_back("v");
  }
  pipeline += anabranch::test::request(words);
}

void make_all(RespClient& client, const Collection& collection, std::size_t size) {
  constexpr std::size_t kAtOnce = 1000;
  std::string pipeline;
  for (std::size_t begin = 0; begin < size; begin += kAtOnce) {
    std::vector<std::string> elements;
    for (std::size_t i = begin; i < begin + kAtOnce; ++i) elements.push_back(element(i));
    append_request(pipeline, collection.make, collection.pairs, elements);
  }
  client.send(pipeline);
  for (std::size_t begin = 0; begin < size; begin += kAtOnce) {
    REQUIRE(client.receive().front() != '-');
  }
}

// Removes elements with odd numbers and makes new ones, anywhere: behind the place of the scan and
// before it.
void change_some(RespClient& writer, const Collection& collection, std::size_t size,
                 std::size_t& made, std::mt19937_64& random) {
  constexpr int kChanges = 10;
  std::string pipeline;
  for (int i = 0; i < kChanges; ++i) {
    const std::string odd = element(random() % (size / 2) * 2 + 1);
    append_request(pipeline, collection.remove, false, {odd});
    append_request(pipeline, collection.make, collection.pairs,
                   {odd + ":" + std::to_string(++made)});
  }
  writer.send(pipeline);
  for (int i = 0; i < 2 * kChanges; ++i) REQUIRE(writer.receive().front() != '-');
}

// Scans a collection while it is written to: checks that all that stays is returned, and that no
// page holds, and so visits, more elements than its count.
void scan_while_written(const Collection& collection) {
  constexpr std::size_t kCount = 100;
  const std::size_t size = anabranch::test::long_run() ? 1'000'000 : 100'000;
  const std::uint64_t seed = anabranch::test::seed();
  CAPTURE(seed);
  CAPTURE(collection.scan.front());
  std::mt19937_64 random(seed);
  RunningServer server;
  RespClient client = server.client();
  RespClient writer = server.client();
  make_all(client, collection, size);
  std::vector<bool> found(size);
  std::size_t made = 0;
  std::size_t pages = 0;
  std::string cursor = "0";
  do {
    const Page page =
        page_of(client, request_of(collection.scan, cursor, {"COUNT", std::to_string(kCount)}));
    REQUIRE(page.elements.size() <= kCount * (collection.doubled ? 2 : 1));
    for (std::size_t i = 0; i < page.elements.size(); i += collection.doubled ? 2 : 1) {
      const std::string_view number = std::string_view(page.elements[i]).substr(8);
      // Those that were made meanwhile have a second number.
      if (number.find(':') == number.npos) found[std::stoul(std::string(number))] = true;
    }
    cursor = page.cursor;
    ++pages;
    change_some(writer, collection, size, made, random);
  } while (cursor != "0");
  std::size_t missed = 0;
  for (std::size_t i = 0; i < size; i += 2) missed += found[i] ? 0 : 1;
  CHECK(missed == 0);
  CHECK(pages <= (size + made) / kCount + 1);
  CHECK(figure(client, "scans_begun_anew") == 0);
}

}  // namespace

TEST_SUITE("server: scan") {
  TEST_CASE("of very many keys none is missed that stays, while others are written") {
    scan_while_written({{"MSET"}, {"DEL"}, {"SCAN"}, true, false});
  }

  TEST_CASE("nor of the members of a set") {
    scan_while_written({{"SADD", "set"}, {"SREM", "set"}, {"SSCAN", "set"}, false, false});
  }

  TEST_CASE("nor of the fields of a hash") {
    scan_while_written({{"HSET", "hash"}, {"HDEL", "hash"}, {"HSCAN", "hash"}, true, true});
  }

  TEST_CASE("an iteration over keys that nobody writes returns each once") {
    RunningServer server;
    RespClient client = server.client();
    fill(client, 500);
    client.ask({"SADD", "set", "x"});
    CHECK(iterate(client, {"SCAN"}, {}).size() == 501);
    for (const auto& each : iterate(client, {"SCAN"}, {"COUNT", "7"})) {
      CAPTURE(each.first);
      CHECK(each.second == 1);
    }
    CHECK(iterate(client, {"SCAN"}, {"COUNT", "100000"}).size() == 501);
    CHECK(iterate(client, {"SCAN"}, {"MATCH", "k1?"}).size() == 10);
    CHECK(iterate(client, {"SCAN"}, {"TYPE", "set"}).size() == 1);
    CHECK(iterate(client, {"SCAN"}, {"TYPE", "zset"}).empty());
    client.ask({"SELECT", "1"});
    CHECK(iterate(client, {"SCAN"}, {}).empty());
  }

  TEST_CASE("a page visits as many keys as its COUNT says") {
    RunningServer server;
    RespClient client = server.client();
    fill(client, 100);
    CHECK(page_of(client, {"SCAN", "0"}).elements.size() == 10);
    CHECK(page_of(client, {"SCAN", "0", "COUNT", "99"}).elements.size() == 99);
    CHECK(page_of(client, {"SCAN", "0", "COUNT", "99"}).cursor != "0");
    CHECK(page_of(client, {"SCAN", "0", "COUNT", "100"}).cursor == "0");
    const Page none = page_of(client, {"SCAN", "0", "MATCH", "nothing"});
    CHECK(none.elements.empty());
    CHECK(none.cursor != "0");
  }

  TEST_CASE("members and fields are returned in pages") {
    RunningServer server;
    RespClient client = server.client();
    Words members{"SADD", "set"};
    Words fields{"HSET", "hash"};
    for (int i = 0; i < 1000; ++i) {
      members.push_back("m" + std::to_string(i));
      fields.push_back("f" + std::to_string(i));
      fields.push_back(std::to_string(i));
    }
    client.ask(members);
    client.ask(fields);
    CHECK(iterate(client, {"SSCAN", "set"}, {}).size() == 1000);
    CHECK(iterate(client, {"SSCAN", "set"}, {"MATCH", "m99*"}).size() == 11);
    CHECK(iterate(client, {"HSCAN", "hash"}, {"COUNT", "13"}).size() == 2000);
    CHECK(page_of(client, {"SSCAN", "set", "0"}).elements.size() == 10);
    CHECK(page_of(client, {"HSCAN", "hash", "0"}).elements.size() == 20);
  }

  TEST_CASE("what stays is returned, whatever else is written and removed meanwhile") {
    const std::uint64_t seed = anabranch::test::seed();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    RunningServer server;
    RespClient client = server.client();
    RespClient writer = server.client();
    fill(client, 1000);  // The keys with even numbers stay.
    int made = 0;
    const auto found = iterate(client, {"SCAN"}, {"COUNT", "20"}, [&] {
      for (int i = 0; i < 20; ++i) {
        const std::string odd = std::to_string(random() % 500 * 2 + 1);
        writer.ask({"DEL", "k" + odd});
        if (++made < 2000) writer.ask({"SET", "k" + odd + "-" + std::to_string(made), "v"});
      }
    });
    for (int i = 0; i < 1000; i += 2) {
      CAPTURE(i);
      CHECK(found.contains("k" + std::to_string(i)));
    }
  }

  TEST_CASE("several iterations at once, and ones given up, do not disturb each other") {
    RunningServer server;
    RespClient one = server.client();
    RespClient two = server.client();
    fill(one, 300);
    for (int i = 0; i < 50; ++i) page_of(two, {"SCAN", "0"});  // Given up.
    const auto found = iterate(one, {"SCAN"}, {}, [&] { iterate(two, {"SCAN"}, {"COUNT", "50"}); });
    CHECK(found.size() == 300);
    for (const auto& each : found) CHECK(each.second == 1);
    CHECK(figure(one, "scan_cursors_forgotten") == 0);
    CHECK(figure(one, "scans_begun_anew") == 0);
    CHECK(figure(one, "scan_cursors") < 100);
  }

  TEST_CASE("a cursor goes on for another client") {
    RunningServer server;
    RespClient one = server.client();
    RespClient two = server.client();
    fill(one, 30);
    std::set<std::string> found;
    const Page first = page_of(one, {"SCAN", "0", "COUNT", "15"});
    const Page second = page_of(two, {"SCAN", first.cursor, "COUNT", "15"});
    CHECK(second.cursor == "0");
    found.insert(first.elements.begin(), first.elements.end());
    found.insert(second.elements.begin(), second.elements.end());
    CHECK(found.size() == 30);
  }

  TEST_CASE("with a cursor that the server does not know, an iteration begins anew") {
    RunningServer server;
    RespClient client = server.client();
    fill(client, 30);
    // As of an earlier start, or of another collection.
    CHECK(page_of(client, {"SCAN", "12345"}).elements == page_of(client, {"SCAN", "0"}).elements);
    CHECK(iterate(client, {"SCAN"}, {}).size() == 30);
    CHECK(figure(client, "scans_begun_anew") == 1);
    const std::string cursor = page_of(client, {"SCAN", "0"}).cursor;
    client.ask({"SADD", "set", "a"});
    CHECK(page_of(client, {"SSCAN", "set", cursor}).elements.size() == 1);
  }

  TEST_CASE("a page that takes long is begun again, and its cursor counts once") {
    RunningServer server({}, {.read_slice_max = std::chrono::milliseconds(0)});
    RespClient client = server.client();
    fill(client, 30);
    CHECK(iterate(client, {"SCAN"}, {}).size() == 30);
    CHECK(figure(client, "scans_begun_anew") == 0);
    page_of(client, {"SCAN", "12345"});
    CHECK(figure(client, "long_reads_begun") >= 1);
    CHECK(figure(client, "scans_begun_anew") == 1);
  }

  TEST_CASE("a page of very many keys lets others in") {
    RunningServer server;
    RespClient client = server.client();
    RespClient other = server.client();
    fill(client, 20'000);
    client.send(anabranch::test::request({"SCAN", "0", "COUNT", "20000"}));
    CHECK(other.ask({"PING"}) == "+PONG\r\n");
    const auto reply = to_json(client.receive());
    CHECK(reply[0] == "0");
    CHECK(reply[1].size() == 20'000);
    CHECK(figure(client, "long_reads_begun") >= 1);
  }

  TEST_CASE("within a transaction a page is read as well") {
    RunningServer server;
    RespClient client = server.client();
    fill(client, 20);
    client.ask({"MULTI"});
    client.ask({"SET", "k99", "v"});
    client.ask({"SCAN", "0", "COUNT", "100"});
    CHECK(to_json(client.ask({"EXEC"}))[1][1].size() == 21);
  }
}

TEST_SUITE("server: scan cursors") {
  TEST_CASE("the same place has the same number, and another place another one") {
    ScanCursors cursors(7);
    const auto number = cursors.issue("c", "name");
    CHECK(number > 0);
    CHECK(number < (std::uint64_t{1} << 53U));
    CHECK(cursors.issue("c", "name") == number);
    CHECK(cursors.issue("c", "other") != number);
    CHECK(cursors.issue("d", "name") != number);
    CHECK(cursors.find(number, "c") == "name");
    CHECK(cursors.find(number, "d") == std::nullopt);
    CHECK(cursors.unknown() == 0);
    CHECK(cursors.take(number, "c") == "name");
    CHECK(cursors.take(number, "d") == std::nullopt);
    CHECK(cursors.take(number + 1, "c") == std::nullopt);
    CHECK(cursors.unknown() == 2);
    CHECK(ScanCursors(8).issue("c", "name") != number);
  }

  TEST_CASE("numbers that a client came back with are forgotten before others") {
    ScanCursors cursors(7, {.cursors = 4, .bytes = 1 << 20});
    const auto slow = cursors.issue("c", "slow");
    for (int i = 0; i < 100; ++i) {
      const auto number = cursors.issue("c", std::to_string(i));
      CHECK(cursors.take(number, "c") == std::to_string(i));
    }
    CHECK(cursors.size() <= 4);
    CHECK(cursors.forgotten() == 0);
    CHECK(cursors.take(slow, "c") == "slow");
  }

  TEST_CASE("a number that two iterations hold stays open until both came back") {
    ScanCursors cursors(7, {.cursors = 2, .bytes = 1 << 20});
    const auto shared = cursors.issue("c", "shared");
    cursors.issue("c", "shared");
    CHECK(cursors.take(shared, "c").has_value());
    for (int i = 0; i < 10; ++i) cursors.take(cursors.issue("c", std::to_string(i)), "c");
    CHECK(cursors.take(shared, "c") == "shared");
  }

  TEST_CASE("numbers and their bytes are bounded, and what is lost is counted") {
    ScanCursors few(7, {.cursors = 10, .bytes = 1 << 20});
    for (int i = 0; i < 100; ++i) few.issue("c", std::to_string(i));
    CHECK(few.size() == 10);
    CHECK(few.forgotten() == 90);
    ScanCursors small(7, {.cursors = 1000, .bytes = 100'000});
    for (int i = 0; i < 100; ++i) small.issue("c", std::to_string(i) + std::string(10'000, 'x'));
    CHECK(small.bytes() <= 100'000);
    CHECK(small.size() < 10);
  }
}

}  // namespace anabranch::scan_test
