// Random histories of one key of each type: two to five regions write through the public handles,
// hand on their batches in any order and repeatedly, are cut off from each other, trim their logs
// and merge snapshots, start again, and fall back to older states as new origins. At every moment
// each region must show the meaning of the type, given the part of the history that the region
// knows: a pure function of the acts and of the acts that each had seen (meaning.h).

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tests/cramped.h"
#include "tests/crdt/random.h"
#include "tests/regions/log_records.h"
#include "tests/seed.h"
#include "tests/types/mesh.h"

namespace anabranch::history_test {

using test::Mesh;
using test::Node;
using test::Random;
using test::Subject;

namespace {

class Trial {
 public:
  Trial(const Subject& subject, std::uint64_t seed)
      : random_(seed), subject_(subject), mesh_(subject) {
    const std::size_t regions = 2 + random_.below(4);
    for (std::size_t at = 0; at < regions; ++at) {
      mesh_.add(open(at, nullptr, false));
      skew_ms_.push_back(random_.between(-50, 50));
    }
    saved_.resize(regions);
    cut_off_ = random_.chance(0.3) ? random_.below(regions) : regions;
  }

  // Returns the error; empty when there is none.
  std::string run(int steps) {
    for (step_ = 0; step_ < steps; ++step_) {
      const std::size_t at = random_.below(mesh_.size());
      change(at);
      if (std::string wrong = mesh_.wrong(at); !wrong.empty()) {
        return "after step " + std::to_string(step_) + ": " + wrong;
      }
    }
    mesh_.meet();
    mesh_.meet();
    for (std::size_t at = 0; at < mesh_.size(); ++at) {
      if (mesh_.node(at).vector() != mesh_.node(0).vector()) return "regions have not met";
      if (mesh_.node(at).digest() != mesh_.node(0).digest()) return "rows differ";
      if (std::string wrong = mesh_.wrong(at); !wrong.empty()) return "at the end: " + wrong;
    }
    return mesh_.in_order() ? "" : "elements were shown in different orders";
  }

 private:
  std::unique_ptr<Node> open(std::size_t at, std::unique_ptr<storage::MemoryStorage> storage,
                             bool new_origin) {
    auto options = test::cramped_options(random_, "r" + std::to_string(at), new_origin);
    options.resolvers = &test::resolvers();
    // The meaning knows no half of a clear.
    if (subject_.has_counters) options.limits.own_clear_rows_direct = 1000;
    return std::make_unique<Node>(std::move(options), std::move(storage), 0);
  }

  void change(std::size_t at) {
    const double what = random_.unit();
    Node& node = mesh_.node(at);
    if (what < 0.45) {
      write(at);
    } else if (what < 0.85) {
      hear(at);
    } else if (what < 0.89) {
      REQUIRE(node.replica().background().sweep().ok());
      REQUIRE(node.replica().background().collect().ok());
    } else if (what < 0.91) {
      trim(node);
    } else if (what < 0.93) {
      saved_[at] = node.storage().clone();
    } else if (what < 0.96) {
      mesh_.replace(at, open(at, node.storage().clone(), false));
    } else if (what < 0.985) {
      merge(at);
    } else if (saved_[at]) {
      mesh_.replace(at, open(at, saved_[at]->clone(), true));
    }
  }

  void write(std::size_t at) {
    std::vector<std::string> acts;
    for (std::size_t left = 1 + random_.below(3); left > 0; --left) {
      acts.push_back(random_.pick(subject_.acts));
    }
    if (random_.chance(0.05)) mesh_.act_undone(at, acts);
    mesh_.act(at, acts, 1000 + step_ + skew_ms_[at]);
  }

  [[nodiscard]] std::size_t other_than(std::size_t at) {
    const std::size_t other = random_.below(mesh_.size() - 1);
    return other < at ? other : other + 1;
  }
  // One region may be cut off from all others until the end.
  [[nodiscard]] bool apart(std::size_t x, std::size_t y) const {
    return x == cut_off_ || y == cut_off_;
  }

  // Some records of another region's log, in any order, old ones too; or all of it.
  void hear(std::size_t at) {
    const std::size_t other = other_than(at);
    if (apart(at, other)) return;
    Node& source = mesh_.node(other);
    const storage::Position last = source.storage().last_position();
    for (std::size_t i = last == 0 ? 0 : random_.below(4); i > 0; --i) {
      const auto record = source.storage().read_log(random_.below(last) + 1);
      if (!record || record->origin == mesh_.node(at).origin()) continue;
      mesh_.node(at).deliver(source, record->bytes);
    }
    if (random_.chance(0.4)) mesh_.deliver(other, at);
  }

  void trim(Node& node) {
    const storage::Position last = node.storage().last_position();
    REQUIRE(node.storage().trim(random_.below(last + 1) + 1).ok());
  }

  // While a snapshot is received and merged, life goes on.
  void merge(std::size_t at) {
    const std::size_t other = other_than(at);
    if (apart(at, other)) return;
    mesh_.node(at).merge(mesh_.node(other), [&] {
      if (random_.chance(0.05)) write(at);
      if (random_.chance(0.05)) write(other);
    });
  }

  Random random_;
  const Subject& subject_;
  Mesh mesh_;
  std::vector<std::unique_ptr<storage::MemoryStorage>> saved_;
  std::vector<core::Millis> skew_ms_;
  std::size_t cut_off_ = 0;
  int step_ = 0;
};

void try_histories(const std::string& title) {
  const auto subject = std::ranges::find(test::subjects(), title, &Subject::title);
  REQUIRE(subject != test::subjects().end());
  const int runs = test::long_run() ? ANABRANCH_LONG_HISTORIES : 100;
  for (int run = 0; run < runs; ++run) {
    const std::uint64_t seed = test::seed() + static_cast<std::uint64_t>(run);
    CAPTURE(seed);
    const std::string wrong = Trial(*subject, seed).run(50);
    REQUIRE(wrong == "");
  }
}

}  // namespace

TEST_SUITE("types: histories") {
  TEST_CASE("a register shows the last of the puts that nothing has replaced") {
    try_histories("Register");
  }
  TEST_CASE("a register under max shows the greatest of them") {
    try_histories("Register under max");
  }
  TEST_CASE("a register under min shows the least of them") { try_histories("Register under min"); }
  TEST_CASE("a counter adds up what no reset and no put has seen") { try_histories("Counter"); }
  TEST_CASE("a real counter does so with doubles") { try_histories("Real counter"); }
  TEST_CASE("an enable-wins flag is on after any enable that no change has seen") {
    try_histories("Enable-wins flag");
  }
  TEST_CASE("a disable-wins flag is off after any disable that no change has seen") {
    try_histories("Disable-wins flag");
  }
  TEST_CASE("a set has what was inserted and not seen by a remove") { try_histories("Set"); }
  TEST_CASE("a remove-wins set has what no unseen remove takes away") {
    try_histories("Remove-wins set");
  }
  TEST_CASE("a map merges field by field") { try_histories("Map"); }
  TEST_CASE("a sorted set adds what was added to the last of the scores that were put") {
    try_histories("Sorted set");
  }
  TEST_CASE("a sorted set under max adds it to the greatest of them") {
    try_histories("Sorted set under max");
  }
  TEST_CASE("a list has what was inserted and not erased, in one order") { try_histories("List"); }
  TEST_CASE("a list of containers has what was inserted and not erased, with all that is in it") {
    try_histories("List of containers");
  }
  TEST_CASE("a text has every character once, in one order") { try_histories("Text"); }
}

}  // namespace anabranch::history_test
