// The only door of the write-ahead log to the disk: the files of one folder, or of a log that lies
// elsewhere (storage/shared). The log sees nothing else of a disk, so that tests can put a disk in
// its place that fails and loses power.
//
// All calls fail with kIo and the system's reason, which may be one that passes (Failure::passes).
// A failed write or sync of a file that is in use must not be tried again all the same: the system
// may have dropped the bytes that it could not write, and a second sync would succeed without them
// (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace anabranch::storage {

// An open file, closed when it is destroyed. It stays readable when its name is gone. Any thread
// may read and sync; one at a time writes and truncates.
class File {
 public:
  virtual ~File() = default;

  // Writes all of `bytes` at `offset`; a file that is shorter grows.
  virtual core::Result<void> write(std::uint64_t offset, std::string_view bytes) = 0;
  // Reads into the whole of `into`, or to the end of the file; returns how many bytes it read.
  [[nodiscard]] virtual core::Result<std::size_t> read(std::uint64_t offset,
                                                       std::span<char> into) const = 0;
  [[nodiscard]] virtual core::Result<std::uint64_t> size() const = 0;
  // Returns when all that was written before, and the size, survive a loss of power.
  virtual core::Result<void> sync() = 0;
  // Has the disk begin with a part of what was written, so that the next sync has less to wait for.
  // Promises nothing, and does not wait.
  virtual void begin_sync(std::uint64_t /*offset*/, std::uint64_t /*size*/) {}
  virtual core::Result<void> truncate(std::uint64_t size) = 0;
  // Returns how many names it has: none when it was removed.
  [[nodiscard]] virtual core::Result<std::uint64_t> names() const = 0;
  // Tells that nothing more will be written, and that all is on disk that has to be: the file may
  // give its descriptor up until it is read. One that cannot keeps it: that loses nothing. Never
  // beside another call but read() and size().
  virtual void rest() {}
};

// The files of a folder or of a shared log, by their names. One thread at a time changes names.
class Files {
 public:
  virtual ~Files() = default;

  // Opens a file for reading and writing. From any thread.
  virtual core::Result<std::unique_ptr<File>> open(const std::string& name) = 0;
  // Creates an empty file, for its owner alone. Fails when there is one of this name.
  virtual core::Result<std::unique_ptr<File>> create(const std::string& name) = 0;
  // Gives a file another name, at once; a file that had this name loses it.
  virtual core::Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual core::Result<void> remove(const std::string& name) = 0;
  // Returns the names of all files, sorted.
  [[nodiscard]] virtual core::Result<std::vector<std::string>> list() const = 0;
  // Returns whether there is a file of this name.
  [[nodiscard]] virtual core::Result<bool> has(const std::string& name) const = 0;
  // Returns when all names made, changed and removed before survive a loss of power.
  virtual core::Result<void> sync_folder() = 0;
  // Returns how much more can be stored, in bytes and about.
  [[nodiscard]] virtual std::uint64_t free_bytes() const { return std::uint64_t{1} << 62U; }
  // Returns whether a file that was filled ahead of use is written to faster: not where each write
  // costs the same.
  [[nodiscard]] virtual bool gains_by_filling() const { return true; }
  // Returns the id of the log where other processes may take it over; empty for a folder.
  [[nodiscard]] virtual std::string shared_id() const { return {}; }
  // Fails when another folder, or none, has the name of this one by now: what is written to its
  // open files would be lost.
  [[nodiscard]] virtual core::Result<void> check_there() const = 0;
};

}  // namespace anabranch::storage
