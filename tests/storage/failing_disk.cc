#include "tests/storage/failing_disk.h"

#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>

namespace anabranch::storage::test {
namespace {

std::atomic<DiskFault> next_fault = DiskFault::kNone;

// Whether this call is the one to fail.
bool happens(DiskFault fault) {
  return next_fault.compare_exchange_strong(fault, DiskFault::kNone);
}

}  // namespace

FailingDisk::FailingDisk(DiskFault fault) { next_fault = fault; }
FailingDisk::~FailingDisk() { next_fault = DiskFault::kNone; }

}  // namespace anabranch::storage::test

using anabranch::storage::test::DiskFault;

extern "C" ssize_t pwrite(int file, const void* bytes, std::size_t size, off_t offset) {
  constexpr std::size_t kPageSize = 4096;
  if (anabranch::storage::test::happens(size < kPageSize ? DiskFault::kMeta : DiskFault::kPages)) {
    errno = EIO;
    return -1;
  }
  return ::syscall(SYS_pwrite64, file, bytes, size, offset);
}

extern "C" ssize_t writev(int file, const iovec* parts, int count) {
  if (anabranch::storage::test::happens(DiskFault::kPages)) {
    errno = EIO;
    return -1;
  }
  return ::syscall(SYS_writev, file, parts, count);
}

extern "C" int fdatasync(int file) {
  if (anabranch::storage::test::happens(DiskFault::kSync)) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fdatasync, file));
}
