// The files of a log, of which few have a descriptor: a log of 1 GiB has 64 segments, and a process
// has a limit.
//
// A file that is opened rests: it gets a descriptor when it is read, and of those that rest the
// kOpenMax that were read last keep theirs. One that is created or written to keeps its descriptor
// until it is told that it may rest, since only that learns whether a sync has failed. A file that
// is still in use when its name goes is opened before: it stays readable. Where the system has no
// descriptor left for one that rests, another one gives its own up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "storage/wal/files.h"

namespace anabranch::storage {

class RestingFile;

// As thread-safe as the files below it. Must outlive its files.
class RestingFiles final : public Files {
 public:
  static constexpr std::size_t kOpenMax = 16;

  explicit RestingFiles(std::unique_ptr<Files> below);
  ~RestingFiles() override;

  core::Result<std::unique_ptr<File>> open(const std::string& name) override;
  core::Result<std::unique_ptr<File>> create(const std::string& name) override;
  core::Result<void> rename(const std::string& from, const std::string& to) override;
  core::Result<void> remove(const std::string& name) override;
  [[nodiscard]] core::Result<std::vector<std::string>> list() const override {
    return below_->list();
  }
  [[nodiscard]] core::Result<bool> has(const std::string& name) const override {
    return below_->has(name);
  }
  core::Result<void> sync_folder() override { return below_->sync_folder(); }
  [[nodiscard]] std::uint64_t free_bytes() const override { return below_->free_bytes(); }
  [[nodiscard]] bool gains_by_filling() const override { return below_->gains_by_filling(); }
  [[nodiscard]] std::string shared_id() const override { return below_->shared_id(); }
  [[nodiscard]] core::Result<void> check_there() const override { return below_->check_there(); }

 private:
  friend class RestingFile;
  using Opened = core::Result<std::shared_ptr<File>>;

  // Returns the open file of one that rests; opens it if need be.
  Opened reading(const RestingFile& file);
  // Returns a file with a descriptor of its own.
  Opened open_below(const std::string& name);
  // Makes a file one of those that were read last.
  void keep(const RestingFile& file, std::shared_ptr<File> opened);
  void forget(const RestingFile& file);
  // Has all files of a name keep their descriptors: the name is about to go.
  core::Result<void> hold(const std::string& name);
  // Gives all files of a name another one.
  void name_anew(const std::string& from, const std::string& to);

  const std::unique_ptr<Files> below_;
  std::mutex mutex_;  // Guards the following. Held while a file that rests is opened.
  std::unordered_multimap<std::string, RestingFile*> all_;  // By name.
  // Those that rest and are open, the one that was read last at the end.
  std::vector<std::pair<const RestingFile*, std::shared_ptr<File>>> read_last_;
};

}  // namespace anabranch::storage
