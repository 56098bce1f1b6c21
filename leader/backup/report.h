// The result of a verification: what is wrong with a backup, in sentences.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "leader/backup/manifest.h"

namespace anabranch::leader {

struct BackupReport {
  static constexpr std::size_t kListedMax = 20;

  Manifest manifest;
  std::uint64_t records = 0;    // Of the log.
  std::uint64_t signed_by = 0;  // Signed positions whose signatures were looked at.
  std::uint64_t damaged = 0;    // How much is not as it was written...
  std::uint64_t faults = 0;  // ...or is as it was written, but was wrong in the leader already...
  std::vector<std::string> findings;  // ...and the first of both, a sentence each.
  std::vector<std::string> notes;     // Facts worth knowing that are no errors.

  void damage(std::string what) {
    ++damaged;
    list(std::move(what));
  }
  void fault(std::string what) {
    ++faults;
    list(std::move(what));
  }

 private:
  void list(std::string what) {
    if (findings.size() < kListedMax) findings.push_back(std::move(what));
  }
};

}  // namespace anabranch::leader
