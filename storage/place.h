// The place of the data and the state they were left in: by this a leader notices that its
// directory is no longer the one that it closed, or that its end may have been lost.
#pragma once

#include <cstdint>
#include <string>

namespace anabranch::storage {

struct Place {
  std::string machine;          // Identifies the machine; empty when it has no name.
  std::string boot;             // Changes when the machine boots; empty when unknown.
  std::uint64_t device = 0;     // Of the directory. Device numbers may change with a boot.
  std::uint64_t directory = 0;  // Its inode.
  std::uint64_t file = 0;       // The inode of the data in it...
  std::uint64_t made_ns = 0;    // ...and its creation time, since inode numbers are reused; or 0.
  // A commit of the previous opening failed, so that it is unknown how much of it is on the disk.
  bool failed = false;
  // A loss that this opening has found in the log, as a sentence without an end;
  // empty: nothing. Told until the owner has committed its identity.
  std::string lost = {};
  bool operator==(const Place&) const = default;
};

}  // namespace anabranch::storage
