// Large foreign clears: their survivors are counted first, and other batches go on.

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "regions/delivery/deferred_clears.h"
#include "rows/stage/cleared_places.h"
#include "tests/regions/origins.h"
#include "tests/regions/receiver.h"

namespace anabranch::deferred_clears_test {

using regions::Group;
using test::kAp;
using test::kUs;
using test::Parts;
using test::Receiver;

namespace {

const core::Path kAll{"\1"};

// Counts two rows at a time.
struct DeferredClearsWorld : Receiver {
  DeferredClearsWorld()
      : Receiver("eu", 1, {.own_rows_direct = 2, .foreign_rows_direct = 2},
                 {.rows_counted_at_once = 2, .looks = 2}) {
    greet(1, "us", kUs);
  }
  // Applies what can be applied; returns how often it had to look. `between` is called each time.
  int finish(const std::function<void()>& between = [] {}) {
    int looks = 0;
    for (; inbox.has_more(); ++looks) {
      REQUIRE(looks < 100);
      if (inbox.count_deferred_clears().value())
        REQUIRE(inbox.apply(writer.close_group(), 1000).ok());
      between();
    }
    return looks;
  }
  [[nodiscard]] std::uint64_t keys() const { return state.reader()->count(kAll); }
};

// Sends a region its keys, and returns these.
std::vector<std::string> fill(Parts& us, DeferredClearsWorld& eu, int keys) {
  std::vector<std::string> names;
  for (int i = 0; i < keys; ++i) {
    names.push_back("k" + std::to_string(i));
    eu.take(us.put(names.back(), "v"));
  }
  return names;
}

}  // namespace

TEST_SUITE("regions: clears aside") {
  TEST_CASE("a large clear waits until it is counted, and batches of others do not") {
    Parts us("us", kUs);
    Parts ap("ap", kAp);
    DeferredClearsWorld eu;
    for (int i = 0; i < 9; ++i) eu.take(us.put("k" + std::to_string(i), "v"));
    eu.put("mine", "v");  // The clear has not seen it.
    eu.receive(us.write([](Group& group) { group.clear(core::Path{"\1"}); }));
    eu.receive(ap.put("theirs", "v"));
    eu.apply();
    CHECK(eu.get("theirs") == "v");
    CHECK(eu.get("k0") == "v");
    CHECK(eu.inbox.holds(kUs));
    CHECK(eu.finish() > 2);
    CHECK(eu.get("k0").empty());
    CHECK(eu.get("k8").empty());
    CHECK(eu.get("mine") == "v");
    CHECK(eu.get("theirs") == "v");
    CHECK_FALSE(eu.inbox.holds(kUs));
    CHECK(eu.state.applied().vector().at(kUs) == 10);
  }

  TEST_CASE("one count serves all clears of a batch") {
    Parts us("us", kUs);
    DeferredClearsWorld eu;
    fill(us, eu, 40);
    eu.put("mine", "v");
    eu.receive(us.write([](Group& group) {
      for (int i = 0; i < 30; ++i) {
        group.put(Parts::row_of("k" + std::to_string(i)), "again");
        group.clear(kAll);
      }
      group.put(Parts::row_of("last"), "v");
    }));
    eu.apply();
    CHECK(eu.finish() < 30);
    CHECK(eu.keys() == 2);
    CHECK(eu.get("mine") == "v");
    CHECK(eu.get("last") == "v");
  }

  TEST_CASE("one count serves the clears of one place in all batches that come") {
    Parts us("us", kUs);
    DeferredClearsWorld eu;
    fill(us, eu, 40);
    eu.put("mine", "v");
    for (int i = 0; i < 30; ++i) {
      eu.receive(us.put(std::string(i % 5 == 0 ? 2000 : 5, 'k') + std::to_string(i), "again"));
      eu.receive(us.write([](Group& group) { group.clear(kAll); }));
    }
    eu.apply();
    CHECK(eu.finish() < 40);
    CHECK(eu.keys() == 1);
    CHECK(eu.get("mine") == "v");
  }

  TEST_CASE("a batch that touches more rows than are kept has its later clear counted, too") {
    for (const std::size_t size : {std::size_t{8}, std::size_t{10'000}}) {
      Parts us("us", kUs);
      DeferredClearsWorld eu;
      fill(us, eu, 40);
      eu.receive(us.write([&](Group& group) {
        group.clear(kAll);
        const std::size_t many =
            rows::TouchedRows::kMax / (1 + size / rows::TouchedRows::kPathBytes) + 1;
        for (std::size_t i = 0; i < many; ++i) {
          std::string name = std::to_string(i);
          name.resize(size, 'k');
          group.put(Parts::row_of(name), "v");
        }
        group.clear(kAll);
      }));
      eu.apply();
      CHECK(eu.finish() >= 2 * 40 / 2);
      CHECK(eu.keys() == 0);
    }
  }

  TEST_CASE("large clears of the own region do not begin a count anew, nor end it") {
    Parts us("us", kUs);
    DeferredClearsWorld eu;
    fill(us, eu, 40);
    const auto fill_own = [&](const std::string& set) {
      eu.write([&](Group& group) {
        for (int i = 0; i < 5; ++i) group.put({"\1", set, "e", std::to_string(i)}, "");
      });
    };
    for (const char* set : {"a", "k2a", "z"}) fill_own(set);
    eu.put("mine", "v");
    eu.receive(us.write([](Group& group) { group.clear(kAll); }));
    eu.apply();
    int round = 0;
    const int looks = eu.finish([&] {
      const std::vector<std::string> sets{"a", "k2a", "z", "k3a"};
      const std::string& set = sets[static_cast<std::size_t>(round++) % sets.size()];
      eu.write([&](Group& group) { group.clear({"\1", set}); });
      fill_own(set);
    });
    CHECK(looks >= 40 / 2);  // In slices to its end.
    CHECK(looks < 60);
    CHECK(eu.keys() == 5);
    CHECK(eu.state.reader()->count({"\1", "a", "e"}) == 5);
    CHECK(eu.get("mine") == "v");
    CHECK(eu.get("k7").empty());
  }

  TEST_CASE("a clear of few rows does not wait") {
    Parts us("us", kUs);
    DeferredClearsWorld eu;
    eu.take(us.put("k", "v"));
    eu.take(us.write([](Group& group) { group.clear(core::Path{"\1"}); }));
    CHECK(eu.get("k").empty());
  }
}

}  // namespace anabranch::deferred_clears_test
