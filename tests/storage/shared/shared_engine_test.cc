// The engine over a shared log: its random life goes on in one holder after another, over
// operations that end in any way, while the former holders go on too.

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "storage/engine/engine_storage.h"
#include "storage/memory_storage.h"
#include "storage/shared/shared_files.h"
#include "tests/seed.h"
#include "tests/storage/shared/memory_objects.h"
#include "tests/storage/storage_life.h"
#include "tests/storage/world.h"

namespace anabranch::storage::test::shared_engine_test {
namespace {

constexpr const char* kLog = "0.1";
constexpr const char* kId = "0123456789abcdef0123456789abcdef";

// Draws the ends of operations, from all threads of an engine.
class Fates {
 public:
  explicit Fates(std::uint64_t seed) : random_(seed) {}
  // One of so many changes ends unusually; 0: none.
  void set_rarity(std::uint64_t rarity) {
    const std::lock_guard lock(mutex_);
    rarity_ = rarity;
  }
  Fate draw(bool changes) {
    const std::lock_guard lock(mutex_);
    if (!changes || rarity_ == 0 || random_() % rarity_ != 0) return Fate::kAnswered;
    return Fate{static_cast<std::uint8_t>(random_() % 6)};
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 random_;
  std::uint64_t rarity_ = 0;
};

struct Holder {
  std::unique_ptr<HolderStore> store;
  std::unique_ptr<WholeStorage> engine;
  MemoryStorage* base = nullptr;
};

class SharedRun {
 public:
  explicit SharedRun(std::uint64_t seed) : random_(seed), fates_(seed) {
    holder_ = open(std::make_unique<MemoryStorage>());
  }

  // Commits until an operation fails the engine, or another process takes the log; then goes on as
  // that one, from the tables as they were.
  void live() {
    fates_.set_rarity(50 + random_() % 200);
    for (std::uint64_t left = 1 + random_() % 150; left > 0 && life_.step(*holder_.engine);
         --left) {
    }
    fates_.set_rarity(0);
    auto base = holder_.base->clone();
    Holder former = std::exchange(holder_, Holder());
    if (random_() % 2 == 0) former.engine.reset();
    if (random_() % 2 == 0) objects_.apply_late();
    holder_ = open(std::move(base));
    while (objects_.has_late()) objects_.apply_late();
    REQUIRE(life_.reopened(*holder_.engine, StorageLife::After::kProcess) == "");
    Place place;
    place.machine = kId;
    CHECK(holder_.engine->place() == place);
    if (former.engine) refuse(*former.engine);
  }
  [[nodiscard]] std::size_t commits() const { return life_.sure().batches.size(); }
  [[nodiscard]] std::size_t refused() const { return refused_; }

 private:
  Holder open(std::unique_ptr<MemoryStorage> base) {
    Holder holder;
    holder.store = std::make_unique<HolderStore>(
        objects_, [this](bool changes) { return fates_.draw(changes); });
    auto files = SharedFiles::take(*holder.store, kLog, kId);
    REQUIRE(files.ok());
    holder.base = base.get();
    auto opened = open_engine_storage(
        std::move(base), std::move(files).value(),
        {.wal = {.segment_bytes = 4096}, .overlay_bytes = 1 + random_() % 4000});
    REQUIRE(opened.ok());
    holder.engine = std::move(opened).value();
    ready(*holder.engine);
    return holder;
  }

  // A former holder shows what it has shown, and can add nothing to it.
  void refuse(WholeStorage& former) {
    const auto shown = scan(*former.snapshot());
    const LogRecord late{StorageLife::kWriter, 1'000'000, 1'000'000, "late"};
    CHECK_FALSE(former.commit({&late, 1}, {}).ok());
    CHECK(scan(*former.snapshot()) == shown);
    REQUIRE(life_.look(*holder_.engine) == "");
    ++refused_;
  }

  std::mt19937_64 random_;
  Fates fates_;
  MemoryObjects objects_;
  StorageLife life_{random_};
  Holder holder_;
  std::size_t refused_ = 0;
};

TEST_SUITE("storage: shared engine") {
  TEST_CASE("a life goes on in one holder after another, and the former ones are refused") {
    constexpr int kLives = 40;
    const std::uint64_t runs = anabranch::test::long_run() ? 40 : 2;
    for (std::uint64_t i = 0; i < runs; ++i) {
      const std::uint64_t run_seed = anabranch::test::seed() + i;
      CAPTURE(run_seed);
      SharedRun run(run_seed);
      for (int life = 0; life < kLives; ++life) {
        CAPTURE(life);
        run.live();
      }
      CHECK(run.commits() > kLives);
      CHECK(run.refused() > 0);
    }
  }
}

}  // namespace
}  // namespace anabranch::storage::test::shared_engine_test
