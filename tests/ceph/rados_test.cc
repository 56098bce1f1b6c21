// The store of objects in RADOS does the same as the one in memory, where every order of holders
// is tried; and a log that is taken over there.

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "storage/rados/rados_store.h"
#include "storage/shared/shared_files.h"
#include "storage/wal/wal_recovery.h"
#include "tests/seed.h"
#include "tests/storage/shared/memory_objects.h"

namespace anabranch::storage::test::rados_test {
namespace {

using core::Result;
using If = ObjectChange::If;

std::string setting(const char* name) {
  const char* const value = std::getenv(name);
  REQUIRE_MESSAGE(value != nullptr, "run by tests/ceph/cluster.py");
  return value;
}

std::unique_ptr<ObjectStore> connected(const std::string& space) {
  auto store = open_rados_store({.conf = setting("ANABRANCH_TEST_CEPH_CONF"),
                                 .pool = setting("ANABRANCH_TEST_CEPH_POOL"),
                                 .space = space});
  REQUIRE_MESSAGE(store.ok(), (store.ok() ? "" : store.failure().message));
  return std::move(store).value();
}

// A space that no other run has.
std::string space_of(const std::string& name, std::uint64_t seed) {
  return name + std::to_string(seed);
}

class ChangeMaker {
 public:
  explicit ChangeMaker(std::uint64_t seed) : random_(seed) {}

  std::string object() { return "object" + std::to_string(below(4)); }
  ObjectChange change() {
    constexpr std::array kConditions{If::kAbsent, If::kEpochIs, If::kEpochIs, If::kEpochBelow};
    ObjectChange change;
    change.condition = kConditions[below(kConditions.size())];
    change.than = epoch();
    if (below(3) == 0) change.epoch = epoch();
    for (std::uint64_t i = below(3); i > 0; --i) {
      auto& entry = change.entries["f/" + std::to_string(below(4))];
      if (below(2) == 0) entry = "value" + std::to_string(below(1000));
    }
    if (below(4) == 0) change.size = below(300);
    if (below(2) == 0) {
      change.offset = below(200);
      change.bytes = std::string(below(100), static_cast<char>('a' + below(26)));
    }
    change.remove = below(6) == 0;
    return change;
  }

 private:
  // Also those whose digits are more than nine.
  std::uint64_t epoch() { return std::array<std::uint64_t, 4>{1, 9, 10, 16}[below(4)]; }
  std::uint64_t below(std::uint64_t end) { return random_() % end; }

  std::mt19937_64 random_;
};

std::string bytes_of(ObjectStore& store, const std::string& object) {
  std::array<char, 512> bytes{};
  const auto got = store.read(object, 0, bytes);
  REQUIRE(got.ok());
  const auto size = store.size(object);
  REQUIRE(size.ok());
  CHECK(size.value() == got.value());
  return {bytes.data(), got.value()};
}

void compare(ObjectStore& store, const MemoryObjects& objects, const std::string& object) {
  const auto expected = objects.find(object);
  const auto found = store.entries(object);
  REQUIRE(found.ok());
  REQUIRE(found.value().has_value() == expected.has_value());
  if (!expected) return;
  CHECK(found.value()->epoch == expected->epoch);
  CHECK(found.value()->entries == expected->entries);
  CHECK(bytes_of(store, object) == expected->bytes);
}

TEST_SUITE("ceph: rados") {
  TEST_CASE("objects in RADOS change as those in memory do") {
    const std::uint64_t seed = anabranch::test::seed();
    CAPTURE(seed);
    const auto store = connected(space_of("objects", seed));
    MemoryObjects objects;
    ChangeMaker maker(seed);
    const int changes = anabranch::test::long_run() ? 20'000 : 1'000;
    int done = 0;
    for (int i = 0; i < changes; ++i) {
      CAPTURE(i);
      const std::string object = maker.object();
      const ObjectChange change = maker.change();
      const ChangeEnd expected = objects.apply(object, change);
      const ChangeEnd end = store->make(object, change);
      REQUIRE(end.kind == expected.kind);
      done += end.done() ? 1 : 0;
      compare(*store, objects, object);
    }
    CHECK(done > changes / 10);
    CHECK(done < changes - changes / 10);
  }

  TEST_CASE("changes that were begun together happen in that order") {
    const auto store = connected(space_of("order", anabranch::test::seed()));
    REQUIRE(store->make("a", {.condition = If::kAbsent, .epoch = 1}).done());
    std::vector<std::unique_ptr<BegunChange>> begun;
    for (char letter = 'a'; letter <= 'z'; ++letter) {
      begun.push_back(store->begin("a", {.than = 1, .bytes = std::string(5, letter)}));
    }
    for (const auto& change : begun) CHECK(change->wait().done());
    CHECK(bytes_of(*store, "a") == "zzzzz");
  }

  TEST_CASE("a log is taken over by another client, and the former holder acknowledges nothing") {
    const std::string space = space_of("log", anabranch::test::seed());
    constexpr WalOptions kOptions{.segment_bytes = 4096, .first_bytes = 1024};
    std::vector<std::string> acknowledged;
    std::vector<std::pair<std::unique_ptr<ObjectStore>, std::unique_ptr<SharedFiles>>> holders;
    std::vector<std::unique_ptr<Wal>> logs;
    for (int epoch = 1; epoch <= 5; ++epoch) {
      CAPTURE(epoch);
      auto store = connected(space);
      auto files = SharedFiles::take(*store, "0.1", "0123456789abcdef0123456789abcdef");
      REQUIRE(files.ok());
      std::vector<std::string> redone;
      auto opened = open_wal(*files.value(), kOptions, {}, [&](Ticket, std::string_view changes) {
        redone.emplace_back(changes);
        return Result<void>();
      });
      REQUIRE_MESSAGE(opened.ok(), (opened.ok() ? "" : opened.failure().message));
      CHECK(redone == acknowledged);
      Wal& log = *opened.value().wal;
      for (int i = 0; i < 20; ++i) {
        const std::string bytes = std::to_string(epoch) + ' ' + std::to_string(i) +
                                  std::string(static_cast<std::size_t>(20 * i), '.');
        REQUIRE(log.append({}, bytes).ok());
        REQUIRE(log.sync().ok());
        acknowledged.push_back(bytes);
      }
      for (const auto& former : logs) {
        const bool done = former->append({}, "late").ok() && former->sync().ok();
        CHECK_FALSE(done);
      }
      holders.emplace_back(std::move(store), std::move(files).value());
      logs.push_back(std::move(opened.value().wal));
    }
  }

  TEST_CASE("a pool that is not there is an error with its name") {
    const auto store =
        open_rados_store({.conf = setting("ANABRANCH_TEST_CEPH_CONF"), .pool = "nowhere"});
    REQUIRE_FALSE(store.ok());
    CHECK(store.failure().message.find("the pool nowhere") != std::string::npos);
  }
}

}  // namespace
}  // namespace anabranch::storage::test::rados_test
