// Random histories over real replicas: writes, deliveries in any order and repeatedly, collections,
// trimmed logs, reopenings, restores of older states as new origins, large clears that are swept in
// slices, and merges. After any events replicas with equal vectors are equal; and after healing all
// show the rows that the oracle demands, although it knows nothing of rows.

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/cramped.h"
#include "tests/crdt/random.h"
#include "tests/node.h"
#include "tests/oracle.h"
#include "tests/regions/log_records.h"
#include "tests/regions/record_history.h"
#include "tests/seed.h"
#include "tests/write.h"

namespace anabranch::history_test {

using core::Path;
using regions::Group;
using test::Node;
using test::Oracle;

namespace {

class History {
 public:
  explicit History(std::uint64_t seed) : random_(seed) {
    const std::size_t regions = 2 + random_.below(4);
    for (std::size_t i = 0; i < regions; ++i) {
      nodes_.push_back(open(i, nullptr, false));
      skew_ms_.push_back(random_.between(-50, 50));
    }
    saved_.resize(regions);
    keys_ = 1 + random_.below(3);
  }

  // Returns the error; empty when there is none.
  std::string run(int steps) {
    for (step_ = 0; step_ < steps; ++step_) {
      step(random_.below(nodes_.size()));
      if (!wrong_.empty()) return wrong_;
      if (!agree()) return "equal vectors, different rows";
    }
    heal();
    heal();  // The resets listed meanwhile.
    return compare();
  }

 private:
  core::Origin fresh_origin() { return random_.bits() | 1U; }

  std::unique_ptr<Node> open(std::size_t at, std::unique_ptr<storage::MemoryStorage> storage,
                             bool new_origin) {
    return std::make_unique<Node>(test::cramped_options(random_, region(at), new_origin),
                                  std::move(storage), 0);
  }

  void step(std::size_t at) {
    change(at);
    for (const auto& node : nodes_) note(*node);
    if (nodes_[at]->replica().background().upkeep().sweeping()) {
      wrong_ = nodes_[at]->wrong_count() + nodes_[at]->wrong_digest();
    }
    wrong_ += nodes_[at]->wrong_order();
  }

  void change(std::size_t at) {
    auto& node = nodes_[at];
    const double what = random_.unit();
    if (what < 0.40) {
      write(*node, 1000 + step_ + skew_ms_[at]);
    } else if (what < 0.50) {
      REQUIRE(node->replica().background().sweep().ok());
    } else if (what < 0.85) {
      deliver(other_than(at), *node);
    } else if (what < 0.90) {
      REQUIRE(node->replica().background().collect().ok());
    } else if (what < 0.92) {
      trim(*node);
    } else if (what < 0.94) {
      saved_[at] = node->storage().clone();
    } else if (what < 0.96) {
      node = open(at, node->storage().clone(), false);
    } else if (what < 0.98) {
      node->merge(other_than(at), [&] { meanwhile(at); });
    } else if (saved_[at]) {
      fell_back_ = true;
      node = open(at, saved_[at]->clone(), true);
    }
  }

  // While a snapshot is received and merged, life goes on.
  void meanwhile(std::size_t at) {
    Node& node = *nodes_[at];
    const double what = random_.unit();
    if (what < 0.05) {
      write(node, 1000 + step_ + skew_ms_[at]);
    } else if (what < 0.1) {
      deliver(other_than(at), node);
    } else if (what < 0.12) {
      Node& other = other_than(at);
      trim(other);
      REQUIRE(other.replica().background().collect().ok());
    } else if (what < 0.14) {
      REQUIRE(node.replica().background().collect().ok());
    } else if (what < 0.15) {
      crash(node);
    }
  }

  // After any merge, a crash leaves the rows from before it.
  void crash(Node& node) {
    Node other(node.replica().identity().region, fresh_origin(), node.storage().crash(), true);
    CHECK(other.digest() == node.digest());
    CHECK(other.wrong_count() == "");
    CHECK(other.wrong_digest() == "");
  }

  static std::string region(std::size_t at) { return "r" + std::to_string(at); }

  Node& other_than(std::size_t at) {
    const std::size_t other = random_.below(nodes_.size() - 1);
    return *nodes_[other < at ? other : other + 1];
  }

  void trim(Node& node) {
    const storage::Position last = node.storage().last_position();
    REQUIRE(node.storage().trim(random_.below(last + 1) + 1).ok());
  }

  void write(Node& node, core::Millis wall) {
    node.clock().set(wall);
    for (std::size_t transactions = random_.below(2) + 1; transactions > 0; --transactions) {
      test::write(node.replica(), [&](Group& group) {
        for (std::size_t ops = random_.below(4); ops > 0; --ops) act(group, node);
      });
    }
    REQUIRE(node.replica().commit().ok());
    node.replica().effects().clear();
  }

  // Tells the oracle of the batches that a node has made, by writing or by sweeping.
  void note(Node& node) {
    const core::Origin origin = node.origin();
    auto next = node.storage().find(origin, recorded_.at(origin) + 1);
    while (next) {
      const auto record = node.storage().read_log(*next);
      const core::Batch batch = core::decode_batch(record->bytes).value();
      deps_[origin].join(batch.deps_changed);
      record_history(oracle_, record->bytes, deps_[origin]);
      record_history(intents_, record->bytes, deps_[origin], test::Recorded::kIntents);
      recorded_.set(origin, record->last);
      next = node.storage().find(origin, record->last + 1);
    }
  }

  void act(Group& group, Node& node) {
    const std::string key = "k" + std::to_string(random_.below(keys_));
    const std::string field = random_.chance(0.5) ? "x" : "y";
    const Path row = random_.chance(0.3) ? Path{"\1", key, "s"} : Path{"\1", key, "h", field, "s"};
    const double what = random_.unit();
    if (what < 0.35) {
      group.put(row, std::to_string(random_.below(100)), older_context(node));
    } else if (what < 0.5) {
      group.remove(row);
    } else if (what < 0.8) {
      group.add(row, random_.between(-5, 5));
    } else if (what < 0.9) {
      group.reset(row);
    } else {
      const Path prefix = random_.chance(0.1)   ? Path{"\1"}
                          : random_.chance(0.5) ? Path{"\1", key}
                                                : Path{"\1", key, "h"};
      group.clear(prefix);
      group.stage().scan(prefix, [](const Path&, const crdt::Row& left) {
        CHECK(!left.present());
        return true;
      });
    }
    CHECK(test::wrong_count_in(group.stage(), *node.storage().snapshot()) == "");
    if (random_.chance(0.05)) undone(node);
  }

  // A part of the transaction that is undone must leave nothing.
  void undone(Node& node) {
    struct Undo {};
    const auto part = [&](Group& group) {
      group.put(Path{"\1", "k0", "s"}, "undone");
      group.clear(Path{"\1"});
      throw Undo{};
    };
    CHECK_THROWS_AS(test::write(node.replica(), part), Undo);
  }

  std::optional<core::VersionVector> older_context(Node& node) {
    if (!random_.chance(0.15)) return std::nullopt;
    core::VersionVector context;
    for (const auto& [origin, seq] : node.vector()) context.set(origin, random_.below(seq + 1));
    return context;
  }

  // Some records of the source's log, in any order, old ones too.
  void deliver(Node& source, Node& target) {
    const storage::Position last = source.storage().last_position();
    if (last == 0) return;
    for (std::size_t i = random_.below(5); i > 0; --i) {
      const auto record = source.storage().read_log(random_.below(last) + 1);
      if (record && !is_own(target, record->origin)) target.deliver(source, record->bytes);
    }
    if (random_.chance(0.3)) deliver_all(source, target);
  }
  void deliver_all(Node& source, Node& target) {
    for (const auto& record : test::log_records(source.storage())) {
      if (!is_own(target, record.origin)) target.deliver(source, record.bytes);
    }
  }
  static bool is_own(const Node& node, core::Origin origin) { return node.origin() == origin; }

  bool agree() const {
    for (const auto& x : nodes_) {
      for (const auto& y : nodes_) {
        if (x != y && x->vector() == y->vector() && x->digest() != y->digest()) return false;
      }
    }
    return true;
  }

  void heal() {
    for (const auto& node : nodes_) {
      node->sweep();
      note(*node);
    }
    for (std::size_t round = 0; round < 2 * nodes_.size(); ++round) {
      for (const auto& source : nodes_) {
        for (const auto& target : nodes_) {
          if (source == target) continue;
          deliver_all(*source, *target);
          if (!target->vector().includes(source->vector())) target->merge(*source);
          note(*target);
        }
      }
    }
    for (const auto& node : nodes_) node->sweep();
  }

  std::string compare() {
    const core::VersionVector& vector = nodes_.front()->vector();
    const Oracle::View want = oracle_.visible(vector);
    // Resets that a leader had yet to list may be lost with it.
    if (!fell_back_ && want != intents_.visible(vector)) return "a clear was not done in full";
    for (const auto& node : nodes_) {
      if (node->vector() != vector) return "healing has not healed";
      if (node->replica().background().upkeep().sweeping()) return "a sweep does not end";
      if (const std::string wrong = node->wrong_count(); !wrong.empty()) return wrong;
      if (const std::string wrong = node->wrong_digest(); !wrong.empty()) return wrong;
      if (const std::string wrong = node->wrong_order(); !wrong.empty()) return wrong;
      Oracle::View view;
      const test::Visible visible = node->visible();
      for (const auto& [path, values] : visible.cells) {
        for (const auto& each : values) {
          view.cells[path].push_back({each.hlc, each.dot, each.value});
        }
      }
      view.tallies = visible.tallies;
      if (view != want) return "shown:\n" + to_string(view) + "demanded:\n" + to_string(want);
    }
    return agree() ? "" : "different rows after healing";
  }

  test::Random random_;
  Oracle oracle_;
  Oracle intents_;
  bool fell_back_ = false;
  core::VersionVector recorded_;                      // The oracle's vector.
  std::map<core::Origin, core::VersionVector> deps_;  // Of the newest batch of each origin.
  std::string wrong_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::unique_ptr<storage::MemoryStorage>> saved_;
  std::vector<core::Millis> skew_ms_;
  std::size_t keys_ = 1;
  int step_ = 0;
};

}  // namespace

TEST_SUITE("regions: histories") {
  TEST_CASE("random histories on real replicas end as the oracle demands") {
    const int runs = test::long_run() ? 5'000 : 150;
    for (int run = 0; run < runs; ++run) {
      const std::uint64_t seed = test::seed() + static_cast<std::uint64_t>(run);
      CAPTURE(seed);
      const std::string wrong = History(seed).run(80);
      REQUIRE(wrong == "");
    }
  }
}

}  // namespace anabranch::history_test
