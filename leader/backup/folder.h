// The folder of a backup, from its first file to the manifest: never mistaken for a whole one
// before. Kept by a lock of its own against a second writer.
#pragma once

#include <string>

#include "core/result.h"
#include "leader/backup/files.h"
#include "leader/backup/manifest.h"

namespace anabranch::leader {

class BackupFolder {
 public:
  // Takes a folder, by an absolute path, to be written: a new one in an existing folder, an empty
  // one, or one with an unfinished backup, whose files are removed. Fails with kInvalid on any
  // other, and on one inside of `data`, the data directory; with kBusy when another process writes
  // there; with kIo when it cannot be written.
  static core::Result<BackupFolder> take(const std::string& path, const std::string& data);

  [[nodiscard]] const std::string& path() const { return path_; }
  // Whether there was an unfinished backup.
  [[nodiscard]] bool anew() const { return anew_; }
  // Syncs the folder, adds the manifest and removes the mark: the backup is whole.
  core::Result<void> finish(const Manifest& manifest) const;

 private:
  BackupFolder(std::string path, Descriptor mark, bool anew)
      : path_(std::move(path)), mark_(std::move(mark)), anew_(anew) {}

  std::string path_;
  Descriptor mark_;  // Locked as long as it is open.
  bool anew_;
};

// Reads the manifest of a backup. Fails with kInvalid if the folder holds none, or one that was not
// finished, with kCorrupt if it is damaged.
core::Result<Manifest> read_manifest(const std::string& path);

}  // namespace anabranch::leader
