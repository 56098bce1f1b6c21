#include "core/system/standard_descriptors.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace anabranch::core {
namespace {

constexpr int kFirstOther = STDERR_FILENO + 1;

bool is_closed(int descriptor) { return ::fcntl(descriptor, F_GETFD) < 0 && errno == EBADF; }

}  // namespace

// The system gives the lowest number that is free. Children inherit these, as all of 0 to 2.
Result<void> fill_standard_descriptors() {
  while (is_closed(STDIN_FILENO) || is_closed(STDOUT_FILENO) || is_closed(STDERR_FILENO)) {
    const int opened = ::open("/dev/null", O_RDWR);
    if (opened < 0) {
      return Failure{ErrorCode::kIo,
                     "one of the descriptors 0 to 2 is closed, and /dev/null cannot be opened in "
                     "its place: " +
                         std::generic_category().message(errno)};
    }
    if (opened >= kFirstOther) ::close(opened);  // Another thread has filled it meanwhile.
  }
  return {};
}

int above_standard(int descriptor) {
  if (descriptor < 0 || descriptor >= kFirstOther) return descriptor;
  const int moved = ::fcntl(descriptor, F_DUPFD_CLOEXEC, kFirstOther);
  const int error = errno;
  ::close(descriptor);
  errno = error;
  return moved;
}

}  // namespace anabranch::core
