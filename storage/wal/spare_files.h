// Files for the next segments, made ahead of use: filled with zeros and synced, or left over when
// the log was trimmed. A record that is written into such a file changes neither its size nor the
// map of its blocks, so that a sync of it need not touch the file system's own log. RocksDB
// (recycle_log_file_num) and etcd (its pipeline of wal files) do so too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "storage/wal/files.h"

namespace anabranch::storage {

struct SpareFile {
  std::string name;
  std::shared_ptr<File> file;
  std::uint64_t room = 0;  // So many bytes it has on the disk already.
};

// Not thread-safe.
class SpareFiles {
 public:
  SpareFiles(Files& files, std::uint64_t bytes, std::size_t max)
      : files_(files), bytes_(bytes), max_(max) {}

  // Returns whether a file of a folder is a spare one.
  static bool is_name(std::string_view name);
  // Finds those that an earlier opening left, and removes those of another size.
  core::Result<void> find();
  // Removes all.
  core::Result<void> clear();

  // Returns a name for a file that make() makes, and that then is given to add().
  [[nodiscard]] std::string next_name();
  // Makes a file: filled and synced. Uses nothing of this object but what never changes.
  [[nodiscard]] core::Result<std::unique_ptr<File>> make(const std::string& name) const;
  void add(std::string name) { names_.push_back(std::move(name)); }

  // Whether files are made that are not needed yet: where that helps, and the disk has room.
  [[nodiscard]] bool has_room() const {
    return files_.gains_by_filling() && files_.free_bytes() >= kRoomForEach * bytes_;
  }

  // Takes a file for a segment with so many bytes: a spare one, or a new one when there is none,
  // and in any case one that has the room on the disk. More bytes than a usual segment has get a
  // file of their own; on a disk that is nearly full a file is smaller. What fails leaves the spare
  // files as they were.
  core::Result<SpareFile> take(std::uint64_t bytes);
  // Takes back a file that could not be used.
  void put_back(const SpareFile& spare);
  // Returns whether a file that is not needed any more can be kept, when so many more will be
  // added. Behind the room for records it may have a sparse index.
  [[nodiscard]] bool wants(std::uint64_t bytes, std::size_t added = 0) const {
    const bool fits = bytes >= bytes_ && bytes < 2 * bytes_;
    return fits && names_.size() + added < max_ && has_room();
  }
  [[nodiscard]] std::size_t count() const { return names_.size(); }

 private:
  // A file is made ahead of use where there is room for so many.
  static constexpr std::uint64_t kRoomForEach = 4;
  // The room of a file where there is none for a usual one, if its first record needs no more.
  static constexpr std::uint64_t kSmallBytes = std::uint64_t{1} << 20U;

  core::Result<void> fill(File& file, std::uint64_t bytes) const;
  core::Result<SpareFile> take_spare();
  // Takes a new file with the first of these rooms that the disk has.
  core::Result<SpareFile> take_new(const std::vector<std::uint64_t>& rooms);

  Files& files_;
  std::uint64_t bytes_;
  std::size_t max_;
  std::uint64_t last_ = 0;  // The number in the newest name.
  std::vector<std::string> names_;
  bool cramped_ = false;  // The last new file found no room: the next one tries with less.
};

// Fills a file of these with zeros, to so many bytes, where that helps.
core::Result<void> fill_with_zeros(const Files& files, File& file, std::uint64_t bytes);

}  // namespace anabranch::storage
