// Keys that expire. The table of docs/semantics.md, and random histories of two to five regions
// with skewed clocks that are cut off from each other: at every moment each region must show the
// value of the pure specification (expiring.h), given its part of the history and its own clock.

#include <doctest/doctest.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tests/cramped.h"
#include "tests/crdt/markdown_table.h"
#include "tests/crdt/random.h"
#include "tests/seed.h"
#include "tests/types/expiring.h"
#include "tests/types/mesh.h"

namespace anabranch::expiry_test {

using core::Millis;
using test::Mesh;
using test::Random;
using test::Subject;

namespace {

const Subject& subject() {
  static const Subject kSubject{"Expiry", "k", {}, test::write_expiring, test::show_expiring,
                                nullptr};
  return kSubject;
}

// Compares the visible value of a region with the demanded one, by its own clock; empty when equal.
std::string wrong_at(Mesh& mesh, std::size_t at) {
  regions::Replica& replica = mesh.node(at).replica();
  const std::string shows = mesh.shown(at);
  const std::string means = test::expiring_meaning(
      test::known_to(mesh.node(at).vector(), mesh.history()), replica.names().expiries().now_ms());
  if (shows != means) {
    std::string text = "shown is " + shows + ", meant " + means + "\nwhat it knows:";
    for (const test::Event& event : test::known_to(mesh.node(at).vector(), mesh.history())) {
      text += "\n  " + core::to_string(event.transaction.origin).substr(0, 4) + "." +
              std::to_string(event.transaction.seq) + " at " + std::to_string(event.hlc.millis()) +
              " having seen " + core::to_string(event.seen) + ":";
      for (const std::string& word : event.act) text += " " + word;
    }
    return text;
  }
  if (std::string wrong = mesh.node(at).wrong_expiries(); !wrong.empty()) return wrong;
  return mesh.node(at).wrong_count();
}

class Trial {
 public:
  explicit Trial(std::uint64_t seed) : random_(seed), mesh_(subject()) {
    const std::size_t regions = 2 + random_.below(4);
    for (std::size_t at = 0; at < regions; ++at) {
      auto options = test::cramped_options(random_, "r" + std::to_string(at), false);
      // Else other regions see sums of a removed key go later.
      options.limits.own_clear_rows_direct = 1000;
      mesh_.add(std::make_unique<test::Node>(std::move(options), nullptr, 0));
      skew_ms_.push_back(random_.between(-200, 200));
    }
  }

  std::string run(int steps) {
    for (int step = 0; step < steps; ++step) {
      time_ms_ += random_.between(0, 100);
      const std::size_t at = random_.below(mesh_.size());
      mesh_.node(at).clock().set(wall(at));
      if (random_.chance(0.6)) {
        write(at);
      } else {
        hear(at);
      }
      if (std::string wrong = wrong_at(mesh_, at); !wrong.empty()) {
        return "after step " + std::to_string(step) + ": " + wrong;
      }
    }
    mesh_.meet();
    for (const Millis later : {0, 500, 100'000}) {
      for (std::size_t at = 0; at < mesh_.size(); ++at) {
        mesh_.node(at).clock().set(time_ms_ + later);
        if (std::string wrong = wrong_at(mesh_, at); !wrong.empty()) return "at the end: " + wrong;
        const bool past = later > 1000;  // Whatever clocks showed before.
        if (past && mesh_.shown(at) != mesh_.shown(0)) return "regions show different things";
        if (mesh_.node(at).digest() != mesh_.node(0).digest()) return "rows differ";
      }
    }
    return "";
  }

 private:
  [[nodiscard]] Millis wall(std::size_t at) const { return time_ms_ + skew_ms_[at]; }

  std::string random_act() {
    static const std::vector<std::string> kActs{"put 3",    "put 7",    "add 5",    "add -2",
                                                "erase",    "insert x", "insert y", "remove x",
                                                "remove y", "del",      "persist"};
    if (!random_.chance(0.35)) return random_.pick(kActs);
    return "expire " + std::to_string(time_ms_ + random_.between(-50, 600));
  }

  void write(std::size_t at) {
    std::vector<std::string> acts;
    for (std::size_t left = 1 + random_.below(3); left > 0; --left) acts.push_back(random_act());
    if (random_.chance(0.1)) mesh_.act_undone(at, acts);
    mesh_.act(at, acts, wall(at));
  }

  void hear(std::size_t at) {
    const std::size_t other = random_.below(mesh_.size());
    if (other == at) return;
    mesh_.deliver(other, at);
    if (random_.chance(0.1)) mesh_.node(at).merge(mesh_.node(other));
  }

  Random random_;
  Mesh mesh_;
  std::vector<Millis> skew_ms_;
  Millis time_ms_ = 10'000;
};

// One line of the table; here's acts are at 1000, there's at 2000.
class Line {
 public:
  explicit Line(const test::TableRow& row) : row_(row), mesh_(subject()) {
    mesh_.add(std::make_unique<test::Node>("here", 5));
    mesh_.add(std::make_unique<test::Node>("there", 9));
    act(0, 0);
    mesh_.deliver(0, 1);
  }
  void act(std::size_t at, std::size_t column) {
    for (const std::string& each : test::quoted(row_.at(column))) {
      mesh_.act(at, {each}, at == 0 ? 1000 : 2000);
    }
  }
  void deliver(std::size_t from, std::size_t to) { mesh_.deliver(from, to); }
  // The value that both show at 2000, when each has heard of the other.
  std::string meet() {
    mesh_.meet();
    for (const std::size_t at : {0, 1}) {
      mesh_.node(at).clock().set(2000);
      CHECK(wrong_at(mesh_, at) == "");
    }
    CHECK(mesh_.shown(0) == mesh_.shown(1));
    return mesh_.shown(0);
  }

 private:
  const test::TableRow& row_;
  Mesh mesh_;
};

std::string expected(const std::string& cell) {
  const std::vector<std::string> parts = test::quoted(cell);
  REQUIRE(parts.size() == (cell == "-" ? 0U : 1U));
  return parts.empty() ? "-" : parts[0];
}

}  // namespace

TEST_SUITE("types: expiry") {
  TEST_CASE("deadlines come to what their table says") {
    std::ifstream file(ANABRANCH_SEMANTICS);
    std::ostringstream document;
    document << file.rdbuf();
    const std::vector<test::TableRow> rows = test::table_below(document.str(), "Expiry");
    CHECK(rows.size() >= 10);
    for (const test::TableRow& row : rows) {
      REQUIRE(row.size() == 6);
      CAPTURE(row[0] + " | " + row[1] + " | " + row[2]);
      Line first(row);
      first.act(0, 1);
      first.deliver(0, 1);
      first.act(1, 2);
      CHECK(first.meet() == expected(row[3]));
      Line second(row);
      second.act(1, 2);
      second.deliver(1, 0);
      second.act(0, 1);
      CHECK(second.meet() == expected(row[4]));
      Line both(row);
      both.act(0, 1);
      both.act(1, 2);
      CHECK(both.meet() == expected(row[5]));
    }
  }

  TEST_CASE("a key shows what its history says, until its deadline, by the reader's own clock") {
    const int runs = test::long_run() ? ANABRANCH_LONG_HISTORIES : 200;
    for (int run = 0; run < runs; ++run) {
      const std::uint64_t seed = test::seed() + static_cast<std::uint64_t>(run);
      CAPTURE(seed);
      const std::string wrong = Trial(seed).run(40);
      REQUIRE(wrong == "");
    }
  }
}

}  // namespace anabranch::expiry_test
