// Rounds of reading all that is stored.

#include <doctest/doctest.h>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include <anabranch/anabranch.h>

#include "core/path.h"
#include "leader/leader.h"
#include "leader/scrub/scrub.h"
#include "leader/scrub/scrub_note.h"
#include "leader/scrub/scrubs.h"
#include "tests/leader/store_world.h"
#include "tests/node.h"

namespace anabranch::scrub_test {

using leader::Scrub;
using leader::ScrubNote;
using leader::ScrubPlace;
using leader::Scrubs;
using storage::Table;
using test::Node;
using test::TempDir;

namespace {

constexpr core::Millis kWall = 1'000;

core::Path row(int i) { return {"\1", "key" + std::to_string(i), "s"}; }

// Rows, their counts, and a log.
struct ScrubWorld {
  Node node{"eu", 1};

  ScrubWorld() {
    for (int i = 0; i < 1'000; ++i) {
      node.write(kWall, [&](regions::Group& group) { group.put(row(i), "value"); });
    }
  }
  [[nodiscard]] Scrub scrub(ScrubPlace from = {}) {
    return Scrub(node.disk(), node.replica().state().log(), std::move(from));
  }
};

// Waits until a condition holds; fails after a minute.
template <typename Condition>
void wait_for(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    REQUIRE(std::chrono::steady_clock::now() < end);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace

TEST_SUITE("leader: scrub") {
  TEST_CASE("a round reads each value and each record once, in slices") {
    ScrubWorld world;
    Scrub scrub = world.scrub();
    int slices = 1;
    while (scrub.slice()) ++slices;
    CHECK(slices > 2'000 / static_cast<int>(Scrub::kEntriesMax));
    CHECK(scrub.place().done == scrub.total());
    CHECK(scrub.total() > 2'000);
    CHECK(scrub.damaged() == 0);
  }

  TEST_CASE("damage is counted and passed over") {
    ScrubWorld world;
    for (const int i : {0, 500, 999}) {
      REQUIRE(world.node.disk().rot(Table::kRows, core::row_key(row(i))));
    }
    REQUIRE(world.node.disk().rot(Table::kCounts, core::row_key(core::Path{"\1"})));
    REQUIRE(world.node.disk().flip(500, 30, 1));
    Scrub scrub = world.scrub();
    while (scrub.slice()) continue;
    CHECK(scrub.damaged() == 4);
    CHECK(scrub.place().done == scrub.total() - 1);  // All but the record of the log.
    CHECK(world.node.replica().state().log().damage().size() == 1);
  }

  TEST_CASE("a round goes on where it was") {
    ScrubWorld world;
    ScrubPlace place;
    for (bool more = true; more;) {
      Scrub scrub = world.scrub(place);
      more = scrub.slice();
      place = scrub.place();
    }
    CHECK(place.done == world.scrub().total());
  }

  TEST_CASE("the note of a round is read as it was written") {
    const TempDir dir;
    CHECK(!leader::load_scrub_note(dir.path()).value());
    const ScrubNote note{
        .begun_ms = 5,
        .finished_ms = 3,
        .damaged = 2,
        .under_way = true,
        .reading = true,
        .place = {.part = 1, .key = std::string("a\nb\0c\n", 6), .position = 7, .done = 9}};
    for (int i = 0; i < 2; ++i) REQUIRE(leader::save_scrub_note(dir.path(), note).ok());
    CHECK(leader::load_scrub_note(dir.path()).value() == note);
    std::ofstream(dir.path() / "scrub") << "anabranch scrub 1\nbegun soon\n";
    CHECK(leader::load_scrub_note(dir.path()).failure().code == ErrorCode::kCorrupt);
    std::ofstream(dir.path() / "scrub") << "another file\n";
    CHECK(leader::load_scrub_note(dir.path()).failure().code == ErrorCode::kCorrupt);
  }

  TEST_CASE("rounds follow each other, and their figures outlive the process") {
    const TempDir dir;
    ScrubWorld world;
    const Scrubs::Owner owner{"eu", dir.path(), 100};
    std::int64_t finished = 0;
    {
      Scrubs scrubs(world.node.disk(), world.node.replica().state().log(), owner);
      wait_for([&] { return scrubs.status().finished_ms != 0; });
      finished = scrubs.status().finished_ms;
      wait_for([&] { return scrubs.status().finished_ms > finished; });
      finished = scrubs.status().finished_ms;
    }
    const Scrubs::Owner slow{"eu", dir.path(), std::int64_t{3'600'000}};
    const Scrubs scrubs(world.node.disk(), world.node.replica().state().log(), slow);
    CHECK(scrubs.status().finished_ms >= finished);
  }

  TEST_CASE("a slice that ended the process is named, and not read again at once") {
    const TempDir dir;
    ScrubWorld world;
    REQUIRE(leader::save_scrub_note(dir.path(), {.begun_ms = 1,
                                                 .finished_ms = 0,
                                                 .damaged = 0,
                                                 .under_way = true,
                                                 .reading = true,
                                                 .place = {.part = 1, .key = "k", .done = 5}})
                .ok());
    const Scrubs scrubs(world.node.disk(), world.node.replica().state().log(),
                        {"eu", dir.path(), std::int64_t{3'600'000}});
    CHECK(scrubs.status().damaged == 1);
    CHECK(scrubs.status().begun_ms == 0);
    CHECK_FALSE(leader::load_scrub_note(dir.path()).value()->under_way);
  }

  TEST_CASE("a store reads what it stores, unless it must not") {
    const TempDir dir;
    Options options = test::store_options(dir, "eu");
    options.scrub_ms = 100;
    Store store = Store::open(options);
    Register<std::string>(store, "key").put("value");
    wait_for([&] { return store.status().scrub.finished_ms != 0; });
    CHECK(store.status().scrub.damaged == 0);
    options.scrub_ms = -1;
    CHECK_THROWS_AS((void)Store::open(options), Error);
  }
}

}  // namespace anabranch::scrub_test
