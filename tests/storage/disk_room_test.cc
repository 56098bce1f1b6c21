// A file system that is out of inodes is like one that is out of bytes.
#include "storage/disk_room.h"

#include <doctest/doctest.h>

namespace anabranch::storage::disk_room_test {

namespace {

struct statvfs disk_of(std::uint64_t bytes, std::uint64_t files, std::uint64_t free_files) {
  struct statvfs disk {};
  disk.f_frsize = 4096;
  disk.f_bavail = bytes / disk.f_frsize;
  disk.f_files = files;
  disk.f_favail = free_files;
  return disk;
}

constexpr std::uint64_t kMany = std::uint64_t{1} << 40U;

}  // namespace

TEST_SUITE("storage/disk_room") {
  TEST_CASE("each free inode counts as a file of the log") {
    CHECK(room_of(disk_of(kMany, 100, 0)).bytes == 0);
    CHECK(room_of(disk_of(kMany, 100, 0)).lacks_inodes);
    CHECK(room_of(disk_of(kMany, 100, 3)).bytes == 3 * kBytesPerInode);
    CHECK(room_of(disk_of(kMany, kMany, kMany)).bytes == kMany);
    CHECK_FALSE(room_of(disk_of(kMany, kMany, kMany)).lacks_inodes);
    CHECK(room_of(disk_of(8192, 100, 50)).bytes == 8192);
    CHECK_FALSE(room_of(disk_of(8192, 100, 50)).lacks_inodes);
  }

  TEST_CASE("a file system that counts none has enough") {
    CHECK(room_of(disk_of(kMany, 0, 0)).bytes == kMany);
    CHECK_FALSE(room_of(disk_of(kMany, 0, 0)).lacks_inodes);
  }
}

}  // namespace anabranch::storage::disk_room_test
