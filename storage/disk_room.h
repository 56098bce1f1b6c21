// How much more a file system takes. A file system can be out of inodes while it has bytes: then no
// segment of the log can be made, and no file for a snapshot. So each free inode counts as as many
// bytes as a segment has, and the reserve of bytes is one of files, too.
#pragma once

#include <sys/statvfs.h>

#include <algorithm>
#include <cstdint>

namespace anabranch::storage {

inline constexpr std::uint64_t kBytesPerInode = std::uint64_t{16} << 20U;

struct DiskRoom {
  std::uint64_t bytes = 0;  // Free for this process; fewer where inodes lack.
  bool lacks_inodes = false;
};

// File systems without a fixed number of inodes say that they have none (btrfs).
inline DiskRoom room_of(const struct statvfs& disk) {
  const std::uint64_t bytes = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  if (disk.f_files == 0) return {bytes, false};
  const std::uint64_t inodes = std::min<std::uint64_t>(disk.f_favail, bytes / kBytesPerInode + 1);
  const std::uint64_t by_inodes = inodes * kBytesPerInode;
  return {std::min(bytes, by_inodes), by_inodes < bytes};
}

}  // namespace anabranch::storage
