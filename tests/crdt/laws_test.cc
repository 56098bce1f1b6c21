// The laws of join, for cells, tallies and whole rows: associative, commutative, idempotent, and
// the same as applying the ops that one side lacks.
//
// They hold for reached states, those that replicas can reach by writing and exchanging ops in
// causal order, and are checked twice: on every state of a small world (three replicas, one row, up
// to four ops, every order of writing, delivering and dropping dead slots), then on states of long
// random histories. They guard the promise that neither the order, the time nor the number of
// merges matters, nor the replicas that merge.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <vector>

#include "crdt/apply.h"
#include "crdt/canonical.h"
#include "crdt/join.h"
#include "tests/crdt/random.h"
#include "tests/crdt/world.h"
#include "tests/oracle.h"
#include "tests/seed.h"

namespace anabranch::laws_test {

using crdt::Cell;
using crdt::Row;
using crdt::Tally;
using test::Intent;
using test::Oracle;
using test::Random;
using test::TestReplica;

namespace {

using Kinds = std::vector<Intent::Kind>;

// A state with the vector of its replica.
template <typename T>
struct Reached {
  T state;
  core::VersionVector applied;
  bool operator==(const Reached&) const = default;
};

template <typename T>
Reached<T> operator|(const Reached<T>& x, const Reached<T>& y) {
  Reached<T> joined{crdt::join(x.state, x.applied, y.state, y.applied), x.applied};
  joined.applied.join(y.applied);
  return joined;
}

template <typename T>
Reached<T> part(const Row& row, const core::VersionVector& applied) {
  if constexpr (std::is_same_v<T, Cell>) return {row.cell, applied};
  if constexpr (std::is_same_v<T, Tally>) return {row.tally, applied};
  if constexpr (std::is_same_v<T, Row>) return {row, applied};
}

template <typename T>
bool laws_hold(const Reached<T>& x, const Reached<T>& y, const Reached<T>& z) {
  const Reached<T> xy = x | y;
  const Reached<T> yz = y | z;
  const Reached<T> zx = z | x;
  const bool idempotent = (x | x) == x && (y | y) == y && (z | z) == z && (xy | xy) == xy;
  const bool commutative = (y | x) == xy && (z | y) == yz && (x | z) == zx;
  const Reached<T> all = xy | z;
  const bool associative = (x | yz) == all && (y | zx) == all;
  return idempotent && commutative && associative;
}

// The number of ops in a small world: in an optimised tree enough for two additions and two resets
// of the additions seen. One more takes twenty times as long.
std::size_t ops_max() {
#ifdef NDEBUG
  constexpr std::size_t kOps = 4;
#else
  constexpr std::size_t kOps = 3;
#endif
  return test::long_run() ? kOps + 1 : kOps;
}

// The kinds of ops on a T.
template <typename T>
Kinds kinds() {
  using enum Intent::Kind;
  if constexpr (std::is_same_v<T, Cell>) return {kPut, kRemove};
  if constexpr (std::is_same_v<T, Tally>) return {kAdd, kReset};
  if constexpr (std::is_same_v<T, Row>) return {kPut, kAdd, kClear};
}

// Every state of three replicas that write up to `ops_max` ops to one row, each op delivered to
// each other replica at any time that causality allows, dead slots dropped at any time.
class SmallWorld {
 public:
  static constexpr std::size_t kReplicas = 3;

  SmallWorld(Kinds kinds, std::size_t ops_max) : kinds_(std::move(kinds)), ops_max_(ops_max) {}

  // Calls `check(state)` once for each state.
  template <typename Check>
  void explore(const Check& check) {
    State start;
    visit(start, check);
  }

  struct Write {
    Intent::Kind kind = Intent::Kind::kPut;
    core::VersionVector deps;
    core::Op op;
  };
  struct Replica {
    Row row;
    core::VersionVector applied;
    std::array<core::VersionVector, kReplicas + 1> seen;  // By origin.
  };
  struct State {
    std::array<std::vector<Write>, kReplicas + 1> writes;  // By origin, from 1.
    std::array<Replica, kReplicas + 1> replicas;
    std::size_t ops = 0;
  };

  static const core::Path& path() {
    static const core::Path kPath{"key"};
    return kPath;
  }

  // Delivers the next op of `origin`. Returns false if there is none or causality forbids it.
  static bool deliver(const State& state, Replica& replica, core::Origin origin) {
    const auto& writes = state.writes[origin];
    const core::Seq seq = replica.applied.at(origin) + 1;
    if (seq > writes.size()) return false;
    const Write& write = writes[seq - 1];
    if (!replica.applied.includes(write.deps)) return false;
    apply(replica, write, {origin, seq});
    return true;
  }

  // The view that the history demands of a replica that has applied `applied`.
  static Oracle::View demanded(const State& state, const core::VersionVector& applied) {
    Oracle oracle;
    for (core::Origin origin = 1; origin <= kReplicas; ++origin) {
      for (std::size_t i = 0; i < state.writes[origin].size(); ++i) {
        record(oracle, state.writes[origin][i], {origin, i + 1});
      }
    }
    return oracle.visible(applied);
  }

 private:
  template <typename Check>
  void visit(const State& state, const Check& check) {
    if (!visited_.insert(name(state)).second) return;
    check(state);
    for (core::Origin at = 1; at <= kReplicas; ++at) {
      if (state.ops < ops_max_ && may_write(state, at)) {
        for (const Intent::Kind kind : kinds_) visit(written(state, at, kind), check);
      }
      for (core::Origin origin = 1; origin <= kReplicas; ++origin) {
        State next = state;
        if (origin != at && deliver(next, next.replicas[at], origin)) visit(next, check);
      }
      State next = state;
      const auto seen = [&](core::Origin origin) { return next.replicas[at].seen[origin]; };
      if (crdt::collect(next.replicas[at].row.tally, at, seen)) visit(next, check);
    }
  }

  // The replicas are alike but for their names: the second one begins to write after the first has,
  // the third after the second. Every other state is one of these renamed.
  static bool may_write(const State& state, core::Origin at) {
    return at == 1 || !state.writes[at - 1].empty();
  }

  static State written(const State& state, core::Origin at, Intent::Kind kind) {
    State next = state;
    Replica& replica = next.replicas[at];
    const core::Dot dot{at, replica.applied.at(at) + 1};
    next.writes[at].push_back({kind, replica.applied, prepare(kind, replica.row.tally, dot)});
    ++next.ops;
    apply(replica, next.writes[at].back(), dot);
    return next;
  }

  static core::Op prepare(Intent::Kind kind, const Tally& tally, core::Dot dot) {
    switch (kind) {
      case Intent::Kind::kPut:
        return core::Put{path(), value(dot), std::nullopt, std::nullopt};
      case Intent::Kind::kRemove:
        return core::Remove{path(), std::nullopt};
      case Intent::Kind::kAdd:
        return crdt::prepare_add(tally, path(), amount(dot), dot);
      case Intent::Kind::kReset:
        return core::Reset{path(), crdt::observed(tally)};
      case Intent::Kind::kClear:
        break;
    }
    return core::Clear{path(), {{path(), crdt::observed(tally)}}};
  }

  static void apply(Replica& replica, const Write& write, core::Dot dot) {
    Row& row = replica.row;
    if (const auto* put = std::get_if<core::Put>(&write.op)) {
      crdt::apply_put(row.cell, {dot, {dot.seq}, put->value, put->base}, write.deps);
    } else if (std::holds_alternative<core::Remove>(write.op)) {
      crdt::apply_remove(row.cell, write.deps);
    } else if (const auto* add = std::get_if<core::Add>(&write.op)) {
      crdt::apply_add(row.tally, *add, dot);
    } else if (const auto* reset = std::get_if<core::Reset>(&write.op)) {
      crdt::apply_reset(row.tally, reset->observed, dot);
    } else if (const auto* clear = std::get_if<core::Clear>(&write.op)) {
      crdt::apply_remove(row.cell, write.deps);
      crdt::apply_reset(row.tally, clear->tallies.front().observed, dot);
    }
    replica.applied.set(dot.origin, dot.seq);
    replica.seen[dot.origin] = write.deps;
    replica.seen[dot.origin].set(dot.origin, dot.seq);
  }

  static void record(Oracle& oracle, const Write& write, core::Dot dot) {
    if (write.kind == Intent::Kind::kPut) {
      oracle.put(dot, write.deps, path(), {dot.seq}, value(dot));
    } else if (write.kind == Intent::Kind::kRemove) {
      oracle.remove(dot, write.deps, path());
    } else if (write.kind == Intent::Kind::kAdd) {
      oracle.add(dot, path(), amount(dot));
    } else if (write.kind == Intent::Kind::kReset) {
      oracle.reset(dot, write.deps, path());
    } else {
      oracle.clear(dot, write.deps, path());
    }
  }

  // Powers of ten, so that every set of additions has its own sum.
  static std::int64_t amount(core::Dot dot) {
    std::int64_t amount = 1;
    for (core::Seq i = 0; i < 5 * dot.origin + dot.seq; ++i) amount *= 10;
    return amount;
  }
  static std::string value(core::Dot dot) {
    return std::to_string(dot.origin) + "." + std::to_string(dot.seq);
  }

  // Equal for states that differ only in their way: in the author and the context of each op, in
  // the ops applied at each replica, and in the dead slots dropped.
  static std::string name(const State& state) {
    std::string name;
    const auto put = [&](std::size_t small) { name.push_back(static_cast<char>(small)); };
    for (core::Origin origin = 1; origin <= kReplicas; ++origin) {
      put(state.writes[origin].size());
      for (const Write& write : state.writes[origin]) {
        put(static_cast<std::size_t>(write.kind));
        for (core::Origin of = 1; of <= kReplicas; ++of) put(write.deps.at(of));
      }
    }
    for (core::Origin at = 1; at <= kReplicas; ++at) {
      const Replica& replica = state.replicas[at];
      for (core::Origin of = 1; of <= kReplicas; ++of) {
        put(replica.applied.at(of));
        put(replica.row.tally.find(of) != nullptr ? 1 : 0);
      }
    }
    return name;
  }

  Kinds kinds_;
  std::size_t ops_max_;
  std::unordered_set<std::string> visited_;
};

// The visible content of the row, in the oracle's words.
Oracle::View shown(const Row& row) {
  Oracle::View view;
  for (const crdt::Sibling& sibling : row.cell.siblings) {
    view.cells[SmallWorld::path()].push_back({sibling.hlc, sibling.dot, sibling.value});
  }
  for (auto& [path, values] : view.cells) std::ranges::sort(values);
  if (row.tally.live()) view.tallies[SmallWorld::path()] = row.tally.sum();
  return view;
}

// Whether joining y into x leaves x as it would be had y's ops been delivered to it one by one.
bool join_is_delivery(const SmallWorld::State& state, SmallWorld::Replica x,
                      const SmallWorld::Replica& y) {
  const Row joined = crdt::join(x.row, x.applied, y.row, y.applied);
  bool progress = true;
  while (progress) {
    progress = false;
    for (const auto& entry : y.applied) {
      while (x.applied.at(entry.origin) < entry.seq &&
             SmallWorld::deliver(state, x, entry.origin)) {
        progress = true;
      }
    }
  }
  return crdt::canonical(SmallWorld::path(), joined) == crdt::canonical(SmallWorld::path(), x.row);
}

// States of random moments of a random history of one row.
std::vector<TestReplica> reached_states(Random& random, const Kinds& kinds) {
  std::vector<TestReplica> replicas;
  for (int i = 0; i < 3; ++i) replicas.emplace_back(random.bits() | 1U);
  std::vector<TestReplica> reached;
  Oracle oracle;
  for (int step = 0; step < 40; ++step) {
    TestReplica& replica = replicas[random.below(3)];
    const double what = random.unit();
    if (what < 0.45) {
      const Intent intent{.kind = random.pick(kinds),
                          .path = SmallWorld::path(),
                          .value = std::to_string(step),
                          .amount = random.between(1, 9)};
      replica.commit({intent}, 100, oracle);
    } else if (what < 0.8) {
      for (const auto& [origin, log] : random.pick(replicas).logs()) {
        for (const auto& sent : log) {
          if (random.chance(0.6)) replica.receive(sent);
        }
      }
    } else {
      replica.collect();
    }
    if (random.chance(0.2)) reached.push_back(replica);
  }
  reached.insert(reached.end(), replicas.begin(), replicas.end());
  return reached;
}

}  // namespace

TEST_SUITE("crdt: laws") {
  TEST_CASE_TEMPLATE("join obeys its laws in every state of a small world", T, Cell, Tally, Row) {
    SmallWorld world(kinds<T>(), ops_max());
    std::size_t states = 0;
    std::size_t broken = 0;
    world.explore([&](const SmallWorld::State& state) {
      ++states;
      const auto at = [&](std::size_t i) {
        const SmallWorld::Replica& replica = state.replicas[i];
        return part<T>(replica.row, replica.applied);
      };
      if (!laws_hold(at(1), at(2), at(3))) ++broken;
    });
    CHECK(states > 1'000);
    CHECK(broken == 0);
  }

  TEST_CASE_TEMPLATE("in a small world every replica shows what the history demands", T, Cell,
                     Tally, Row) {
    SmallWorld world(kinds<T>(), 3);
    std::size_t broken = 0;
    world.explore([&](const SmallWorld::State& state) {
      for (core::Origin at = 1; at <= SmallWorld::kReplicas; ++at) {
        const SmallWorld::Replica& replica = state.replicas[at];
        if (shown(replica.row) != SmallWorld::demanded(state, replica.applied)) ++broken;
      }
    });
    CHECK(broken == 0);
  }

  TEST_CASE_TEMPLATE("to join a replica is to apply the ops that it has applied", T, Cell, Tally,
                     Row) {
    SmallWorld world(kinds<T>(), 3);
    std::size_t broken = 0;
    world.explore([&](const SmallWorld::State& state) {
      for (core::Origin x = 1; x <= SmallWorld::kReplicas; ++x) {
        const core::Origin y = x % SmallWorld::kReplicas + 1;
        if (!join_is_delivery(state, state.replicas[x], state.replicas[y])) ++broken;
        if (!join_is_delivery(state, state.replicas[y], state.replicas[x])) ++broken;
      }
    });
    CHECK(broken == 0);
  }

  TEST_CASE_TEMPLATE("join obeys its laws on states of random histories", T, Cell, Tally, Row) {
    const int runs = test::long_run() ? 20'000 : 400;
    for (int run = 0; run < runs; ++run) {
      const std::uint64_t seed = test::seed() + static_cast<std::uint64_t>(run);
      CAPTURE(seed);
      Random random(seed);
      const auto reached = reached_states(random, kinds<T>());
      const auto any = [&] {
        const TestReplica& replica = random.pick(reached);
        return part<T>(replica.row(SmallWorld::path()), replica.applied());
      };
      for (int i = 0; i < 20; ++i) REQUIRE(laws_hold(any(), any(), any()));
    }
  }
}

}  // namespace anabranch::laws_test
