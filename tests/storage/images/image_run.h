// Lives of a storage in a real directory, of which the system calls are recorded, and the
// directories that a loss of power leaves after any of them: each is opened, compared with what was
// acknowledged, written to, and loses its power again, often within the opening. In other lives one
// call fails.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "storage/engine/engine_storage.h"
#include "tests/storage/images/system_calls.h"
#include "tests/storage/storage_life.h"
#include "tests/storage/wal/recorded_files.h"
#include "tests/temp_dir.h"

namespace anabranch::storage::test {

class ImageRun {
 public:
  // Commits wait for the disk, or, with a mode of the engine of which each life draws whether, do
  // not.
  enum class Syncs : std::uint8_t { kEach, kMayBeLater };
  ImageRun(std::uint64_t seed, Syncs syncs) : random_(seed), syncs_(syncs) {}
  // Makes at least so many images; returns the first thing that was wrong, empty: nothing was.
  std::string run(std::size_t images);
  // A life in which the n-th system call fails, n = 1, 2, 3, ... until there is no such call.
  std::string run_failures();

  [[nodiscard]] std::size_t images() const { return images_; }
  [[nodiscard]] std::size_t failures() const { return failures_; }

 private:
  struct Opened {
    std::unique_ptr<WholeStorage> storage;
    SteppedEngine* stepped = nullptr;  // The same, or null.
    std::string failure;
  };
  class Notes;

  // The states that a directory may have: now, those from `first` on; after one more loss of power,
  // before an opening has ended, all of them.
  struct Possible {
    std::vector<StoredState> states;
    std::size_t first = 0;
  };
  // Lives from an empty disk on, or from one with a directory from before the engine.
  void explore_new();
  void explore_old();
  // Makes a directory from before the engine; returns its state.
  StoredState fill_old(const std::string& folder);
  // Lives in an image of a disk, and in images of that up to a depth.
  void explore(const RecordedFiles& disk, const Possible& possible, int depth);
  void check_opened(const Opened& opened, StorageLife& life);
  void live(const Opened& opened, StorageLife& life, int depth);
  // Cuts the power within a journal that began with a disk.
  void cut(const RecordedFiles& disk, const std::vector<SystemCall>& journal, const Notes& notes,
           int depth);
  [[nodiscard]] std::vector<std::size_t> choose_cuts(const std::vector<SystemCall>& journal,
                                                     std::size_t number);
  // A life in which the n-th call fails, in a new directory or in one from before the engine.
  void fail(std::size_t n, bool old);
  [[nodiscard]] Opened open(const std::string& folder);
  // Notes the first thing that is wrong.
  void wrong(const std::string& text);
  [[nodiscard]] std::uint64_t below(std::uint64_t end) { return random_() % end; }
  [[nodiscard]] std::string new_folder();

  std::mt19937_64 random_;
  const Syncs syncs_;
  anabranch::test::TempDir temp_{anabranch::test::memory_folder()};
  std::size_t folders_ = 0;
  std::size_t images_ = 0;
  std::size_t failures_ = 0;
  std::vector<std::string> trail_;  // How the present directory came about.
  std::string wrong_;
};

}  // namespace anabranch::storage::test
