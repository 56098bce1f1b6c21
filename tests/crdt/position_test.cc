// Positions: their order is total, there is room between any two, characters that one writer types
// stay together although others type there, and positions stay short.

#include "crdt/position.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/crdt/random.h"
#include "tests/seed.h"

namespace anabranch::position_test {

using crdt::position_between;
using test::Random;

namespace {

constexpr core::Origin kEu = 0x1111222233334444;
constexpr core::Origin kUs = 0x9999888877776666;
constexpr core::Origin kAsia = 0x5555000055550000;

// The part of a sequence that one region knows: positions, each with a label.
class Writer {
 public:
  explicit Writer(core::Origin origin, core::Seq seq = 0) : dot_{origin, seq} {}

  // Inserts in front of the element at `at`, and returns the position.
  std::string insert(std::size_t at, const std::string& label) {
    const std::vector<std::string> order = positions();
    const std::string left = at == 0 ? "" : order[at - 1];
    const std::string right = at == order.size() ? "" : order[at];
    ++dot_.seq;
    std::string position = position_between(left, right, dot_);
    CHECK((left.empty() || left < position));
    CHECK((right.empty() || position < right));
    CHECK(crdt::place_of(position).has_value());
    CHECK(known_.emplace(position, label).second);
    return position;
  }
  void erase(std::size_t at) { known_.erase(positions()[at]); }
  void hear(const Writer& other) { known_.insert(other.known_.begin(), other.known_.end()); }

  [[nodiscard]] std::vector<std::string> positions() const {
    std::vector<std::string> all;
    for (const auto& [position, label] : known_) all.push_back(position);
    return all;
  }
  [[nodiscard]] std::string text() const {
    std::string text;
    for (const auto& [position, label] : known_) text += label;
    return text;
  }
  [[nodiscard]] std::size_t size() const { return known_.size(); }
  [[nodiscard]] std::size_t longest() const {
    std::size_t bytes = 0;
    for (const auto& [position, label] : known_) bytes = std::max(bytes, position.size());
    return bytes;
  }

 private:
  core::Dot dot_;
  std::map<std::string, std::string> known_;
};

// Types a word at a place, forwards or backwards.
void type(Writer& writer, std::size_t at, const std::string& word, bool forwards) {
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char letter = forwards ? word[i] : word[word.size() - 1 - i];
    writer.insert(at + (forwards ? i : 0), std::string(1, letter));
  }
}

}  // namespace

TEST_SUITE("crdt: position") {
  TEST_CASE("the positions of the worked example are those of the header") {
    const std::string eu("\x11\x11\x22\x22\x33\x33\x44\x44");
    const std::string us("\x99\x99\x88\x88\x77\x77\x66\x66");
    const std::string a = position_between("", "", {kEu, 5});
    CHECK(a == "\xFF" + eu + "\x85\x80\x81");
    const auto in_run = [&](std::uint64_t index) {
      return crdt::position_at({crdt::place_of(a)->run, index});
    };
    CHECK(in_run(2) == "\xFF" + eu + "\x85\x80\x85");
    const std::string d = position_between(in_run(2), "", {kEu, 6});
    CHECK(d == "\xFF" + eu + "\x85\x81\x81");
    const std::string x = position_between(in_run(1), in_run(2), {kUs, 9});
    CHECK(x == "\xFF" + eu + "\x85\x80\x84\xFF" + us + "\x89\x80\x81");
    CHECK(position_between(x, in_run(2), {kUs, 10}).substr(x.size() - 2) == "\x81\x81");
    CHECK(position_between(in_run(1), x, {kUs, 10}).substr(x.size() - 2) == "\x7F\x81");
    // Back in the waypoint of an origin on the way there, one byte names it.
    const std::string within = position_between(x, in_run(2), {kEu, 7});
    CHECK(within == x.substr(0, x.size() - 1) + "\x82\x01\x87\x80\x81");
  }

  TEST_CASE("random inserts and removals by five writers keep one order") {
    Random random(test::seed());
    CAPTURE(test::seed());
    for (int round = 0; round < 40; ++round) {
      std::vector<Writer> writers;
      for (std::size_t i = 0; i < 5; ++i) writers.emplace_back(random.bits() | 1U, random.below(9));
      for (int step = 0; step < 200; ++step) {
        Writer& writer = writers[random.below(writers.size())];
        if (random.chance(0.2)) {
          writer.hear(random.pick(writers));
        } else if (random.chance(0.2) && writer.size() > 0) {
          writer.erase(random.below(writer.size()));
        } else {
          writer.insert(random.below(writer.size() + 1), "x");
        }
      }
    }
  }

  TEST_CASE("the order of places is that of their positions") {
    Random random(test::seed());
    CAPTURE(test::seed());
    Writer writer(kEu);
    Writer other(kUs);
    for (int i = 0; i < 300; ++i) {
      Writer& now = random.chance(0.5) ? writer : other;
      now.insert(random.below(now.size() + 1), "x");
      now.hear(random.chance(0.5) ? writer : other);
    }
    std::vector<std::string> all = writer.positions();
    for (const std::string& each : writer.positions()) {
      const auto place = crdt::place_of(each);
      for (const std::uint64_t index : {1U, 2U, 47U, 48U, 500U, 70000U}) {
        all.push_back(crdt::position_at({place->run, index}));
      }
    }
    for (int i = 0; i < 20000; ++i) {
      const std::string& a = random.pick(all);
      const std::string& b = random.pick(all);
      CHECK(crdt::compare(*crdt::place_of(a), *crdt::place_of(b)) == (a <=> b));
    }
  }

  TEST_CASE("concurrent runs are not mixed, forwards or backwards, by two writers or three") {
    for (int ways = 0; ways < 8; ++ways) {
      for (const std::string base : {"", "()", "(-)"}) {
        for (std::size_t at = 0; at <= base.size(); ++at) {
          Writer eu(kEu);
          type(eu, 0, base, true);
          Writer us(kUs);
          Writer asia(kAsia, 40);
          us.hear(eu);
          asia.hear(eu);
          type(eu, at, "abcdef", (ways & 1) == 0);
          type(us, at, "uvwxyz", (ways & 2) == 0);
          type(asia, at, "123456", (ways & 4) == 0);
          eu.hear(us);
          eu.hear(asia);
          for (const std::string run : {"abcdef", "uvwxyz", "123456"}) {
            CAPTURE(eu.text());
            CHECK(eu.text().find(run) != std::string::npos);
          }
        }
      }
    }
  }

  TEST_CASE("a run stays whole when it is typed by turns of forwards and backwards") {
    Writer eu(kEu);
    eu.insert(0, "|");
    Writer us(kUs);
    us.hear(eu);
    type(eu, 1, "def", true);
    type(eu, 1, "abc", false);
    type(us, 1, "xyz", true);
    type(us, 1, "uvw", false);
    eu.hear(us);
    CHECK((eu.text() == "|abcdefuvwxyz" || eu.text() == "|uvwxyzabcdef"));
  }

  TEST_CASE("typing makes no position longer than its first, but for the number of its entry") {
    for (const bool forwards : {true, false}) {
      std::string newest = position_between("", "", {kEu, 1});
      const std::size_t shortest = newest.size();
      for (core::Seq seq = 2; seq < 300'000; ++seq) {
        newest = forwards ? position_between(newest, "", {kEu, seq})
                          : position_between("", newest, {kEu, seq});
        CHECK(newest.size() <= shortest + 3);
      }
    }
  }

  TEST_CASE("writers who take turns at one end keep positions short") {
    for (const bool at_end : {true, false}) {
      std::string newest;
      std::size_t longest = 0;
      for (core::Seq seq = 1; seq < 30'000; ++seq) {
        const core::Dot dot{std::vector{kEu, kUs, kAsia}[seq % 3], seq};
        std::string next =
            at_end ? position_between(newest, "", dot) : position_between("", newest, dot);
        CHECK((newest.empty() || (newest < next) == at_end));
        newest = std::move(next);
        longest = std::max(longest, newest.size());
      }
      CHECK(longest <= crdt::kLongPosition);
    }
  }

  TEST_CASE("inserting at random keeps positions short") {
    Random random(test::seed());
    CAPTURE(test::seed());
    std::vector<std::string> order;
    std::size_t bytes = 0;
    std::size_t longest = 0;
    constexpr std::size_t kInserts = 20'000;
    for (core::Seq seq = 1; seq <= kInserts; ++seq) {
      const std::size_t at = random.below(order.size() + 1);
      const std::string left = at == 0 ? "" : order[at - 1];
      const std::string right = at == order.size() ? "" : order[at];
      const core::Dot dot{random.chance(0.5) ? kEu : kUs, seq};
      const std::string position = position_between(left, right, dot);
      bytes += position.size();
      longest = std::max(longest, position.size());
      order.insert(order.begin() + static_cast<std::ptrdiff_t>(at), position);
    }
    CHECK(std::ranges::is_sorted(order));
    crdt::PositionReader reader;
    for (const std::string& each : order) {
      const auto place = reader.place_of(each);
      REQUIRE(place);
      CHECK(place->run == crdt::place_of(each)->run);
      CHECK(place->index == crdt::place_of(each)->index);
    }
    MESSAGE("mean ", bytes / kInserts, " bytes, longest ", longest);
    CHECK(bytes / kInserts <= 100);
    CHECK(longest <= 300);
  }

  TEST_CASE("bytes that are no position have no place") {
    const std::string position = position_between("", "", {kEu, 700});
    const std::string deep = position_between(
        position, crdt::position_at({crdt::place_of(position)->run, 1}), {kUs, 70000});
    for (const std::string& good : {position, deep}) {
      CHECK(crdt::place_of(good).has_value());
      for (std::size_t size = 0; size < good.size(); ++size) {
        const auto place = crdt::place_of(good.substr(0, size));
        CHECK((!place || crdt::position_at(*place) == good.substr(0, size)));
      }
    }
    CHECK_FALSE(crdt::place_of(""));
    CHECK_FALSE(crdt::place_of("x"));
    CHECK_FALSE(crdt::place_of(position.substr(0, position.size() - 1) + "\x80"));  // A gap.
    CHECK_FALSE(crdt::place_of(position + "\x01"));
    Random random(test::seed());
    crdt::PositionReader reader;
    for (int i = 0; i < 20000; ++i) {
      std::string bytes = deep;
      bytes[random.below(bytes.size())] = static_cast<char>(random.bits());
      const auto place = crdt::place_of(bytes);
      CHECK((!place || crdt::position_at(*place) == bytes));
      CHECK(reader.place_of(bytes).has_value() == place.has_value());
    }
  }
}

}  // namespace anabranch::position_test
