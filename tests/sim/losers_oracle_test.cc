// The demands on conflict logs, by the history alone.

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/batch.h"
#include "tests/sim/losers_oracle.h"

namespace anabranch::losers_oracle_test {

using core::Dot;
using core::Path;
using core::VersionVector;
using test::LosersOracle;

namespace {

constexpr core::Origin kEu = 1;
constexpr core::Origin kUs = 2;
constexpr core::Origin kAp = 3;
const Path kRow{"\1", "k", "s"};
const VersionVector kAll{{kEu, 9}, {kUs, 9}, {kAp, 9}};

// A history of batches with one op each.
struct History {
  LosersOracle oracle;

  void wrote(Dot dot, core::Op op, VersionVector deps = {}) {
    core::Batch batch;
    batch.origin = dot.origin;
    batch.deps_changed = deps;
    batch.deps_changed.set(dot.origin, 0);
    batch.transactions = {{dot.seq, core::Hlc::of(1000, 0), {std::move(op)}}};
    deps.set(dot.origin, dot.seq - 1);
    oracle.wrote(core::encode_batch(batch), deps);
  }
  void put(Dot dot, const std::string& value, VersionVector deps = {},
           std::optional<VersionVector> names = {}) {
    wrote(dot, core::Put{kRow, value, {}, std::move(names)}, std::move(deps));
  }
  // All values that are demanded, in whatever way.
  std::set<Dot> demands(const VersionVector& vector = kAll, bool applied = true) const {
    const auto all = oracle.demands(vector, [&](Dot) { return applied; });
    std::set<Dot> dots;
    for (const auto& [path, met] : all.met) dots.insert(met.begin(), met.end());
    for (const auto& [act, replaced] : all.replaced) dots.insert(replaced.begin(), replaced.end());
    return dots;
  }
};

using Dots = std::set<Dot>;

}  // namespace

TEST_SUITE("sim: the oracle of losers") {
  TEST_CASE("values that stand beside each other are demanded of all that have both") {
    History history;
    history.put({kEu, 1}, "a");
    history.put({kUs, 1}, "b");
    CHECK(history.demands() == Dots{{kEu, 1}, {kUs, 1}});
    CHECK(history.demands({{kEu, 1}}).empty());
    History equal;
    equal.put({kEu, 1}, "a");
    equal.put({kUs, 1}, "a");
    CHECK(equal.demands().empty());
  }

  TEST_CASE("values that were replaced unread are, where the act was applied by itself") {
    History history;
    history.put({kEu, 1}, "a");
    history.put({kUs, 1}, "b");
    history.put({kAp, 1}, "c", {{kEu, 1}, {kUs, 1}});
    CHECK(history.demands() == Dots{{kEu, 1}, {kUs, 1}});
    CHECK(history.demands(kAll, false).empty());
  }

  TEST_CASE("those that their author has named are not, nor the only value, nor what raced") {
    const VersionVector both{{kEu, 1}, {kUs, 1}};
    History named;
    named.put({kEu, 1}, "a");
    named.put({kUs, 1}, "b");
    named.put({kAp, 1}, "c", both, both);
    CHECK(named.demands().empty());
    History single;
    single.put({kEu, 1}, "a");
    single.put({kUs, 1}, "b", {{kEu, 1}});
    CHECK(single.demands().empty());
    History raced;
    raced.put({kEu, 1}, "a");
    raced.put({kUs, 1}, "b");
    raced.put({kAp, 1}, "c", both);
    raced.put({kEu, 2}, "d", {{kEu, 1}});  // It has removed "a" without knowing of "c".
    CHECK(raced.demands() == Dots{{kEu, 2}, {kAp, 1}});
  }

  TEST_CASE("what is settled is demanded no more") {
    History history;
    history.put({kEu, 1}, "a");
    history.put({kUs, 1}, "b");
    history.put({kAp, 1}, "c", {{kEu, 1}, {kUs, 1}});
    history.oracle.settle(kAll);
    CHECK(history.demands().empty());
    history.put({kEu, 10}, "d", {{kEu, 9}});
    CHECK(history.demands({{kEu, 10}, {kUs, 9}, {kAp, 9}}) == Dots{{kAp, 1}, {kEu, 10}});
  }

  TEST_CASE("a clear removes, and demands nothing itself") {
    History history;
    history.put({kEu, 1}, "a");
    history.put({kUs, 1}, "b");
    history.wrote({kAp, 1}, core::Clear{Path{"\1"}, {}}, {{kEu, 1}, {kUs, 1}});
    CHECK(history.demands().empty());
  }
}

}  // namespace anabranch::losers_oracle_test
