// Where the data lie and how they were left: by this a leader notices that its directory is no
// longer the one that it closed, or that something may have got lost from its end.
#pragma once

#include <cstdint>
#include <string>

namespace anabranch::storage {

struct Place {
  std::string machine;          // Names the machine; empty when it has no name.
  std::string boot;             // Changes when the machine starts anew; empty when unknown.
  std::uint64_t device = 0;     // Of the directory. Numbers of devices may change with a boot.
  std::uint64_t directory = 0;  // Its inode.
  std::uint64_t file = 0;       // The inode of the data in it...
  std::uint64_t made_ns = 0;    // ...and when that was made, since numbers are used again; or 0.
  // A commit of the opening before this one failed, so that what the disk holds of it is unknown.
  bool failed = false;
  bool operator==(const Place&) const = default;
};

}  // namespace anabranch::storage
