#include "tests/leader/power/power_life.h"

#include <algorithm>
#include <stdexcept>

#include <anabranch/anabranch.h>

#include "tests/leader/store_world.h"
#include "tests/leave_hole.h"
#include "tests/storage/images/disk_replay.h"
#include "tests/temp_dir.h"

namespace anabranch::test {

namespace fs = std::filesystem;
using storage::test::DiskReplay;
using storage::test::Survival;
using storage::test::SystemCall;
using storage::test::SystemCalls;

namespace {

constexpr std::size_t kMapBytes = std::size_t{1} << 30U;
constexpr int kWritesMax = 60;
// Notes in the journal: a write has begun, or was acknowledged.
constexpr std::uint64_t kBegun = 0;
constexpr std::uint64_t kAcknowledged = 1;

void must(bool holds, const char* what) {
  if (!holds) throw std::runtime_error{what};
}

}  // namespace

PowerLife::PowerLife(Durability durability, std::uint64_t seed)
    : durability_(durability), random_(seed) {
  const TempDir folder(memory_folder());
  fs::create_directory(folder.path() / "recorded");
  live(folder.path());
}

void PowerLife::live(const fs::path& folder) {
  SystemCalls calls((folder / "recorded").string());
  Options options = {.path = (folder / "recorded" / "eu").string(),
                     .region = "eu",
                     .listen = "tcp://127.0.0.1:0",
                     .control = false,
                     .durability = durability_,
                     .flush_bytes_max = std::uint64_t{1} << 20U,
                     .map_bytes = kMapBytes,
                     .scrub_ms = 0};
  Store eu = Store::open(options);
  options = {.path = (folder / "us").string(),
             .region = "us",
             .peers = {eu.status().endpoint},
             .control = false,
             .map_bytes = kMapBytes};
  Store us = Store::open(options);
  Register<>{us, "us"}.put("0");
  must(eventually([&] { return Register<>{eu, "us"}.get().has_value(); }), "us is not heard of");
  eu.sync();
  tokens_.push_back(eu.token());
  first_ = calls.journal().size();
  for (int n = 1; n <= kWritesMax; ++n) {
    const auto number = static_cast<std::uint64_t>(n);
    calls.note(2 * number + kBegun);
    eu.transact([&](Transaction& write) {
      Register<>{write, kLast}.put(std::to_string(n));
      Counter{write, kCount}.add(1);
      const std::size_t bytes = random_() % 10 == 0 ? 300'000 : 300;
      Register<>{write, "write/" + std::to_string(n)}.put(std::string(bytes, 'v'));
    });
    calls.note(2 * number + kAcknowledged);
    tokens_.push_back(eu.token());
    if (random_() % 4 == 0) Register<>{us, "us"}.put(std::to_string(n));
    if (random_() % 20 == 0) eu.sync();
  }
  journal_ = calls.journal();
}

PowerCut PowerLife::cut(const fs::path& folder, bool hole) {
  const std::size_t end = first_ + random_() % (journal_.size() - first_) + 1;
  PowerCut cut{.data = folder / "eu", .durability = durability_};
  DiskReplay replay;
  for (std::size_t at = 0; at < end; ++at) {
    replay.apply(journal_[at]);
    if (journal_[at].kind != SystemCall::Kind::kNote) continue;
    const auto number = static_cast<int>(journal_[at].offset / 2);
    cut.begun = std::max(cut.begun, number);
    if (journal_[at].offset % 2 == kAcknowledged) cut.acknowledged = number;
  }
  const Survival survival = random_() % 4 == 0 ? Survival::kNone : Survival::kRandom;
  storage::test::write_files(*replay.image(survival, random_()), folder.string());
  if (hole) {
    cut.hole = 1 + random_() % 30;
    leave_hole(cut.data, cut.hole);
  }
  return cut;
}

}  // namespace anabranch::test
