// Random histories: replicas that write, exchange their logs in any order and repeatedly, drop dead
// slots, trim, fall back to older states of their own and go on as new origins, and join each
// other's rows. `history` of tests/model/model.py in C++, over the real functions of crdt/.
//
// It guards the promise that replicas with the same applied ops hold the same rows, and that these
// rows are the ones that the history demands.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/origin_table.h"
#include "crdt/row_codec.h"
#include "tests/crdt/random.h"
#include "tests/crdt/world.h"
#include "tests/oracle.h"
#include "tests/seed.h"

namespace anabranch::history_test {

using test::Intent;
using test::Oracle;
using test::Random;
using test::Sent;
using test::TestReplica;

namespace {

class History {
 public:
  explicit History(std::uint64_t seed) : random_(seed) {
    const std::int64_t count = random_.between(2, 4);
    for (std::int64_t i = 0; i < count; ++i) {
      replicas_.emplace_back(new_origin());
      skew_ms_.push_back(random_.between(-50, 50));
    }
    saved_.resize(replicas_.size());
    keys_ = static_cast<std::size_t>(random_.between(1, 3));
    names_ = static_cast<std::size_t>(random_.between(1, 2));
    for (double& weight : weights_) weight = random_.unit() + 0.05;
  }

  // Runs `steps` random steps and heals. Returns the error, nullopt if all went well.
  std::optional<std::string> run(int steps) {
    for (step_ = 0; step_ < steps; ++step_) {
      step();
      if (!agree()) return "replicas with equal vectors differ after step " + std::to_string(step_);
    }
    heal();
    if (random_.chance(0.5)) {
      for (TestReplica& replica : replicas_) replica.collect();
    }
    return compare();
  }

 private:
  // Random, so that the canonical order is not the order of time.
  core::Origin new_origin() { return random_.bits() | 1U; }

  void step() {
    const double what = random_.unit();
    const std::size_t at = random_.below(replicas_.size());
    TestReplica& replica = replicas_[at];
    if (what < 0.45) {
      write(at);
    } else if (what < 0.85) {
      exchange(replica, other_than(at));
    } else if (what < 0.95) {
      replica.collect();
    } else if (what < 0.965) {
      replica.trim(random_.below(4));
    } else if (what < 0.975) {
      saved_[at] = replica;
    } else if (what >= 0.985) {
      replica.merge(other_than(at));
    } else if (saved_[at]) {
      replica = *saved_[at];
      replica.restart_as(new_origin());
    }
  }

  TestReplica& other_than(std::size_t at) {
    const std::size_t other = random_.below(replicas_.size() - 1);
    return replicas_[other < at ? other : other + 1];
  }

  void write(std::size_t at) {
    std::vector<Intent> intents(
        static_cast<std::size_t>(std::max<std::int64_t>(1, random_.between(-1, 3))));
    for (Intent& intent : intents) intent = random_intent(replicas_[at]);
    replicas_[at].commit(intents, 100 + step_ + skew_ms_[at], oracle_);
  }

  Intent random_intent(const TestReplica& replica) {
    static constexpr Intent::Kind kKinds[] = {Intent::Kind::kPut, Intent::Kind::kRemove,
                                              Intent::Kind::kAdd, Intent::Kind::kReset,
                                              Intent::Kind::kClear};
    static constexpr std::int64_t kAmounts[] = {-7, -1, 1, 2, 5};
    const std::string key = "k" + std::to_string(random_.below(keys_));
    const std::string name = random_.below(names_) == 0 ? "x" : "y";
    Intent intent{.kind = kKinds[random_.weighted(weights_)], .path = {key, name}};
    if (intent.kind == Intent::Kind::kClear) intent.path = {key};
    if (intent.kind == Intent::Kind::kAdd) intent.amount = random_.pick(kAmounts);
    if (intent.kind != Intent::Kind::kPut) return intent;
    intent.value = std::to_string(random_.below(100));
    if (!random_.chance(0.15)) return intent;
    intent.context.emplace();
    for (const auto& entry : replica.applied()) {
      const auto seq = random_.between(0, static_cast<std::int64_t>(entry.seq));
      intent.context->set(entry.origin, static_cast<core::Seq>(seq));
    }
    return intent;
  }

  // Any replica hands on any origin's log, in any order between origins, some of it twice.
  void exchange(const TestReplica& source, TestReplica& target) {
    if (source.logs().empty()) return;
    auto chosen = source.logs().begin();
    std::advance(chosen, random_.below(source.logs().size()));
    const auto& [origin, log] = *chosen;
    const core::Seq have = target.applied().at(origin);
    auto from = std::ranges::find_if(log, [&, o = origin](const auto& sent) {
      return sent->txn.last() > have && sent->origin == o;
    });
    std::ptrdiff_t count = random_.between(1, 4);
    if (random_.chance(0.1)) {
      count = std::min<std::ptrdiff_t>(2, std::ssize(log));
      from = log.end() - count;
    }
    for (; count > 0 && from != log.end(); --count) target.receive(*from++);
  }

  void heal() {
    for (std::size_t round = 0; round < 2 * replicas_.size(); ++round) {
      for (const TestReplica& source : replicas_) {
        for (TestReplica& target : replicas_) {
          if (&source == &target) continue;
          for (const auto& [origin, log] : source.logs()) {
            for (const auto& sent : log) target.receive(sent);
          }
          if (!target.applied().includes(source.applied())) target.merge(source);
        }
      }
    }
  }

  // Whether replicas with equal knowledge hold the same: the same canonical content, and of each
  // slot that neither has dropped every field.
  bool agree() const {
    for (std::size_t i = 0; i < replicas_.size(); ++i) {
      for (std::size_t k = i + 1; k < replicas_.size(); ++k) {
        const TestReplica& x = replicas_[i];
        const TestReplica& y = replicas_[k];
        if (x.applied() != y.applied()) continue;
        if (x.canonical() != y.canonical() || !same_slots(x, y)) return false;
      }
    }
    return true;
  }

  static bool same_slots(const TestReplica& x, const TestReplica& y) {
    for (const auto& [path, row] : x.rows()) {
      const crdt::Row other = y.row(path);
      for (const crdt::Slot& slot : row.tally.slots) {
        const crdt::Slot* twin = other.tally.find(slot.origin);
        if (twin != nullptr && *twin != slot) return false;
      }
    }
    return true;
  }

  std::optional<std::string> compare() const {
    const Oracle::View want = oracle_.visible(replicas_.front().applied());
    for (const TestReplica& replica : replicas_) {
      if (replica.applied() != replicas_.front().applied()) return "healing has not healed";
      const Oracle::View view = replica.visible();
      if (view != want) {
        return "shown:\n" + to_string(view) + "demanded:\n" + to_string(want);
      }
      if (!survives_encoding(replica)) return "a row does not survive its encoding";
    }
    return std::nullopt;
  }

  static bool survives_encoding(const TestReplica& replica) {
    core::OriginTable origins;
    for (const auto& entry : replica.applied()) origins.add(entry.origin);
    return std::ranges::all_of(replica.rows(), [&](const auto& entry) {
      const auto& [path, row] = entry;
      const auto stored = crdt::decode_row(crdt::encode_row(path, row, origins), origins);
      return stored.ok() && stored.value().row == row;
    });
  }

  Random random_;
  Oracle oracle_;
  std::vector<TestReplica> replicas_;
  std::vector<std::optional<TestReplica>> saved_;
  std::vector<std::int64_t> skew_ms_;
  std::size_t keys_ = 1;
  std::size_t names_ = 1;
  std::array<double, 5> weights_{};
  int step_ = 0;
};

}  // namespace

TEST_SUITE("crdt: histories") {
  TEST_CASE("random histories end as the oracle demands, on all replicas alike") {
    const int runs = test::long_run() ? 50'000 : 2'000;
    for (int run = 0; run < runs; ++run) {
      const std::uint64_t seed = test::seed() + static_cast<std::uint64_t>(run);
      CAPTURE(seed);
      const auto wrong = History(seed).run(60);
      REQUIRE_MESSAGE(!wrong.has_value(), wrong.value_or(""));
    }
  }
}

}  // namespace anabranch::history_test
