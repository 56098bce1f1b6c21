// A disk on which recorded system calls are carried out again, and the folder that a machine finds
// there after a loss of power.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "tests/storage/images/system_calls.h"
#include "tests/storage/wal/recorded_files.h"

namespace anabranch::storage::test {

class DiskReplay {
 public:
  // Begins with an empty disk, or with a copy of one.
  DiskReplay();
  explicit DiskReplay(const RecordedFiles& begin) : disk_(begin.clone()) {}

  // Carries out the next call.
  void apply(const SystemCall& call);
  // Returns the disk as a process leaves it that is killed now.
  [[nodiscard]] std::unique_ptr<RecordedFiles> killed() const { return disk_->clone(); }
  // Returns the disk after a loss of power now, without the files of folders that are lost.
  [[nodiscard]] std::unique_ptr<RecordedFiles> image(Survival survival, std::uint64_t seed) const;

 private:
  std::unique_ptr<RecordedFiles> disk_;
  std::map<std::size_t, std::unique_ptr<File>> open_;
};

// Makes a folder with the files of a disk.
void write_files(const RecordedFiles& disk, const std::string& folder);

}  // namespace anabranch::storage::test
