#include "tests/storage/images/image_run.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <optional>
#include <utility>

#include "storage/engine/open_storage.h"
#include "storage/lmdb_storage.h"
#include "storage/overlay/overlay_memory.h"
#include "storage/wal/posix_files.h"
#include "tests/storage/images/disk_replay.h"
#include "tests/storage/old_directory.h"

namespace anabranch::storage::test {
namespace {

constexpr std::size_t kImageMapBytes = std::size_t{1} << 28U;
// From each life so many images are made, and from the lives in these.
constexpr std::array<std::size_t, 3> kCuts{30, 4, 0};
constexpr std::array<std::uint64_t, 3> kStepsMax{40, 10, 4};

// As open_storage(), without a thread.
core::Result<std::unique_ptr<SteppedEngine>> open_stepped(const LmdbOptions& tables,
                                                          const EngineOptions& engine) {
  auto base = open_lmdb_storage(tables);
  if (!base.ok()) return base.failure();
  const std::string folder = tables.directory + "/wal";
  std::error_code error;
  if (std::filesystem::create_directory(folder, error)) {
    if (auto synced = posix_files(tables.directory)->sync_folder(); !synced.ok()) {
      return synced.failure();
    }
  }
  return make_stepped_engine(std::move(base).value(), posix_files(folder), engine);
}

}  // namespace

// The states of a life, each with numbers in the journal: when it was begun, acknowledged, and
// known to be on the disk.
class ImageRun::Notes final : public StorageLife::Watch {
 public:
  Notes(SystemCalls& calls, Possible possible)
      : calls_(calls),
        states_(std::move(possible.states)),
        first_(possible.first),
        before_(states_.size()) {}

  // The storage has been opened, in this state.
  void opened(const StoredState& state) {
    begun(state);
    acknowledged();
    durable();
  }
  void begun(const StoredState& state) override {
    states_.push_back(state);
    note(0);
  }
  void acknowledged() override { note(1); }
  void durable() override { note(2); }

  // The states that are possible behind a number of notes.
  class Walk {
   public:
    explicit Walk(const Notes& notes)
        : notes_(notes), acknowledged_(notes.first_), end_(notes.before_) {}
    void pass(std::uint64_t note) {
      if (note % 3 == 1) acknowledged_ = note / 3;
      if (note % 3 == 2) durable_ = note / 3;
      end_ = note / 3 + 1;
    }
    // After a process that is killed, or after a loss of power.
    [[nodiscard]] Possible possible(bool has_power) const {
      const auto at = notes_.states_.begin();
      return {{at + static_cast<std::ptrdiff_t>(durable_), at + static_cast<std::ptrdiff_t>(end_)},
              has_power ? acknowledged_ - durable_ : 0};
    }

   private:
    const Notes& notes_;
    std::size_t acknowledged_;
    std::size_t durable_ = 0;
    std::size_t end_;
  };

 private:
  void note(std::uint64_t what) { calls_.note(3 * (states_.size() - 1) + what); }

  SystemCalls& calls_;
  std::vector<StoredState> states_;
  std::size_t first_;
  std::size_t before_;  // Of states_, those that may be there before the opening.
};

std::string ImageRun::run(std::size_t images) {
  while (wrong_.empty() && images_ < images) {
    if (below(4) == 0) {
      explore_old();
    } else {
      explore_new();
    }
  }
  return wrong_;
}

void ImageRun::explore_new() { explore(*DiskReplay().killed(), {{{}}}, 0); }

void ImageRun::explore_old() {
  const std::string folder = new_folder();
  std::filesystem::create_directory(folder);
  DiskReplay replay;
  Possible possible;
  {
    SystemCalls calls(folder);
    possible.states = {fill_old(folder)};
    for (const SystemCall& call : calls.journal()) replay.apply(call);
  }
  std::filesystem::remove_all(folder);
  trail_.emplace_back("from before the engine");
  explore(*replay.killed(), possible, 0);
  if (wrong_.empty()) trail_.pop_back();
}

StoredState ImageRun::fill_old(const std::string& folder) {
  StoredState state;
  std::vector<LogRecord> records;
  std::vector<Change> changes;
  for (std::uint64_t left = 1 + below(3); left > 0; --left) {
    state.batches.push_back("old batch " + std::to_string(left));
  }
  for (std::size_t i = 0; i < state.batches.size(); ++i) {
    records.push_back({StorageLife::kWriter, i + 1, i + 1, state.batches[i]});
  }
  for (std::uint64_t left = below(50); left > 0; --left) {
    const std::string key = std::to_string(below(50));
    if (state.rows.emplace(key, "old " + key).second) changes.push_back(put(key, "old " + key));
  }
  make_old(folder + "/data", records, changes);
  return state;
}

void ImageRun::explore(const RecordedFiles& disk, const Possible& possible, int depth) {
  const std::string folder = new_folder();
  write_files(disk, folder);
  ++images_;
  std::vector<SystemCall> journal;
  std::optional<SystemCalls> calls(folder);
  const auto first = possible.states.begin() + static_cast<std::ptrdiff_t>(possible.first);
  StorageLife life(random_, {first, possible.states.end()});
  Notes notes(*calls, possible);
  life.set_watch(notes);
  {
    const Opened opened = open(folder);
    check_opened(opened, life);
    if (wrong_.empty()) {
      notes.opened(life.sure());
      live(opened, life, depth);
    }
  }
  journal = calls->journal();
  calls.reset();
  std::filesystem::remove_all(folder);
  if (wrong_.empty()) cut(disk, journal, notes, depth);
}

void ImageRun::check_opened(const Opened& opened, StorageLife& life) {
  if (!opened.storage) return wrong("cannot be opened: " + opened.failure);
  if (const std::string differs = life.reopened(*opened.storage); !differs.empty()) {
    return wrong("opened: " + differs);
  }
  const Place place = opened.storage->place();
  if (!place.lost.empty()) wrong("claims that commits are lost: " + place.lost);
  if (place.failed) wrong("claims that a commit has failed");
}

void ImageRun::live(const Opened& opened, StorageLife& life, int depth) {
  for (std::uint64_t left = below(kStepsMax.at(depth)); left > 0; --left) {
    if (opened.stepped != nullptr && below(2) == 0) (void)opened.stepped->step();
    if (!life.step(*opened.storage)) return wrong("a step fails");
  }
  const std::string differs = life.look(*opened.storage);
  if (!differs.empty()) wrong("while it is open: " + differs);
}

void ImageRun::cut(const RecordedFiles& disk, const std::vector<SystemCall>& journal,
                   const Notes& notes, int depth) {
  const std::vector<std::size_t> cuts = choose_cuts(journal, kCuts.at(depth));
  DiskReplay replay(disk);
  Notes::Walk walk(notes);
  std::size_t at = 0;
  for (const std::size_t cut : cuts) {
    for (; at < cut; ++at) {
      replay.apply(journal[at]);
      if (journal[at].kind == SystemCall::Kind::kNote) walk.pass(journal[at].offset);
    }
    // No process ends between a write and the sync that is part of the same call.
    const bool within = cut < journal.size() && journal[cut].within;
    const bool has_power = !within && below(4) == 0;
    const Survival survival = below(3) == 0 ? Survival::kNone : Survival::kRandom;
    const auto image = has_power ? replay.killed() : replay.image(survival, random_());
    trail_.push_back(std::string(has_power ? "killed" : "without power") + " after " +
                     std::to_string(cut) + " of " + std::to_string(journal.size()) + ", opened");
    explore(*image, walk.possible(has_power), depth + 1);
    if (!wrong_.empty()) return;
    trail_.pop_back();
  }
}

// Returns places in a journal, in order: half of them are early, within the opening, and a third
// lie just before a sync.
std::vector<std::size_t> ImageRun::choose_cuts(const std::vector<SystemCall>& journal,
                                               std::size_t number) {
  constexpr std::size_t kEarly = 40;
  std::vector<std::size_t> cuts;
  for (; number > 0; --number) {
    const std::size_t end = below(2) == 0 ? journal.size() : std::min(journal.size(), kEarly);
    std::size_t cut = below(end + 1);
    const auto is_sync = [&] { return journal[cut].kind == SystemCall::Kind::kSync; };
    if (below(3) == 0) {
      while (cut < journal.size() && !is_sync()) ++cut;
    }
    cuts.push_back(cut);
  }
  std::ranges::sort(cuts);
  return cuts;
}

ImageRun::Opened ImageRun::open(const std::string& folder) {
  const std::array<std::uint64_t, 3> limits{1, 2 * OverlayMemory::kChunkBytes / 3,
                                            2 * OverlayMemory::kChunkBytes};
  EngineOptions engine{.wal = {.segment_bytes = 4096},
                       .overlay_bytes = limits.at(below(limits.size())),
                       .slice_bytes = 1 + below(500)};
  if (syncs_ == Syncs::kMayBeLater && below(4) > 0) {
    engine.sync_every = std::chrono::milliseconds(1 + below(1000));
  }
  const LmdbOptions tables{.directory = folder + "/data", .map_bytes = kImageMapBytes};
  Opened opened;
  core::Result<void> done;
  if (below(2) == 0) {
    auto stepped = open_stepped(tables, engine);
    if (!stepped.ok()) {
      done = stepped.failure();
    } else {
      opened.stepped = stepped.value().get();
      opened.storage = std::move(stepped).value();
    }
  } else {
    auto storage = open_storage({.tables = tables, .engine = engine});
    if (storage.ok()) {
      opened.storage = std::move(storage).value();
    } else {
      done = storage.failure();
    }
  }
  if (done.ok()) done = opened.storage->open();
  if (done.ok()) return opened;
  Opened refused;
  refused.failure = done.failure().message;
  return refused;
}

// ---- Calls that fail.

std::string ImageRun::run_failures() {
  constexpr std::size_t kEnough = 5;  // Lives without such a call: they have random lengths.
  std::size_t without = 0;
  for (std::size_t n = 1; wrong_.empty() && without < kEnough; ++n) {
    const std::size_t before = failures_;
    fail(n, below(4) == 0);
    without = failures_ == before ? without + 1 : 0;
  }
  return wrong_;
}

void ImageRun::fail(std::size_t n, bool old) {
  constexpr int kSteps = 40;
  const std::string folder = new_folder();
  std::filesystem::create_directory(folder);
  StorageLife life(random_, {old ? fill_old(folder) : StoredState()});
  {
    SystemCalls calls(folder);
    calls.fail(n);
    const Opened opened = open(folder);
    if (!opened.storage) {
      if (!calls.failed()) return wrong("cannot be opened: " + opened.failure);
      if (opened.failure.empty()) return wrong("an opening fails without a reason");
    } else {
      bool fails = false;
      for (int left = kSteps; left > 0 && !fails; --left) {
        if (opened.stepped != nullptr) (void)opened.stepped->step();
        fails = !life.step(*opened.storage);
      }
      if (fails && !calls.failed()) return wrong("a step fails");
      if (const std::string differs = life.look(*opened.storage); !differs.empty()) {
        return wrong("after a failed call: " + differs);
      }
      if (fails && life.step(*opened.storage)) return wrong("is not closed by a failure");
    }
    failures_ += calls.failed() ? 1 : 0;
  }
  Opened opened = open(folder);
  if (!opened.storage) return wrong("cannot be opened after a failure: " + opened.failure);
  if (const std::string differs = life.reopened(*opened.storage); !differs.empty()) {
    return wrong("opened after a failed call: " + differs);
  }
  if (!life.step(*opened.storage)) return wrong("a step fails after all");
  opened.storage.reset();
  std::filesystem::remove_all(folder);
}

void ImageRun::wrong(const std::string& text) {
  if (!wrong_.empty()) return;
  for (const std::string& step : trail_) wrong_ += step + ": ";
  wrong_ += text;
}

std::string ImageRun::new_folder() {
  return temp_.path().string() + '/' + std::to_string(++folders_);
}

}  // namespace anabranch::storage::test
