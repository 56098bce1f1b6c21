// The files of a log that several processes may take over from each other. Each file is an object;
// one more object, `dir`, has their names. docs/formats.md has the entries.
//
// The process that has taken the log is its holder. How often it was taken is the epoch. The rules,
// each for a loss that it prevents:
//
// 1. Each change of names compares the epoch of `dir` in the same step.
// 2. Each write, truncation and removal of a file compares the epoch of the file in the same step.
// 3. To take the log is: to raise the epoch of `dir`, to list the names, to raise the epoch of each
//    file, and only then to read. So all that an earlier holder was told is there, and nothing of
//    it comes later. An epoch is only ever raised: a holder that was stopped while it took the log
//    must not take the files from the next one.
// 4. The name of an object has the epoch and a number: none is used twice. An object that `dir`
// does
//    not name is nothing. A name is given behind its object and goes before it.
// 5. A change without an answer is never made again by this holder: the file fails from then on,
// and
//    the log is closed. The next one to take it finds out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/result.h"
#include "storage/shared/object_store.h"
#include "storage/shared/shared_object.h"
#include "storage/wal/files.h"

namespace anabranch::storage {

// Calls fail with kIo, and never pass, when another process has taken the log, and when no answer
// came. As thread-safe as Files says. `store` must outlive it, and it its files.
class SharedFiles final : public Files {
 public:
  // Takes a log over from whoever held it; begins it with the id `fresh` where there is none. Fails
  // with kBusy when others take it again and again meanwhile.
  static core::Result<std::unique_ptr<SharedFiles>> take(ObjectStore& store, const std::string& log,
                                                         const std::string& fresh);

  core::Result<std::unique_ptr<File>> open(const std::string& name) override;
  core::Result<std::unique_ptr<File>> create(const std::string& name) override;
  core::Result<void> rename(const std::string& from, const std::string& to) override;
  core::Result<void> remove(const std::string& name) override;
  [[nodiscard]] core::Result<std::vector<std::string>> list() const override;
  [[nodiscard]] core::Result<bool> has(const std::string& name) const override;
  // Names are stored when they are changed.
  core::Result<void> sync_folder() override { return {}; }
  [[nodiscard]] core::Result<void> check_there() const override { return {}; }
  [[nodiscard]] bool gains_by_filling() const override { return false; }
  [[nodiscard]] std::string shared_id() const override { return id_; }

  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }

 private:
  class OpenFile;

  SharedFiles(ObjectStore& store, const std::string& log)
      : store_(store), log_(log), dir_(log + "/dir") {}

  core::Result<void> raise(const std::string& fresh);
  core::Result<void> look();
  core::Result<void> seal();
  // Changes names, by rule 1.
  core::Result<void> change_names(std::map<std::string, std::optional<std::string>> entries,
                                  const std::string& verb);
  [[nodiscard]] std::string next_object();
  [[nodiscard]] core::Result<std::shared_ptr<SharedObject>> named(const std::string& name,
                                                                  const std::string& verb) const;

  ObjectStore& store_;
  const std::string log_;
  const std::string dir_;
  std::string id_;
  std::uint64_t epoch_ = 0;
  std::uint64_t made_ = 0;  // Used by the thread that changes names alone.
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<SharedObject>> names_;  // Under mutex_.
};

}  // namespace anabranch::storage
