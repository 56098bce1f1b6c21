#include "core/system/file_part.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "core/system/standard_descriptors.h"

namespace anabranch::core {

std::optional<std::string> file_part(const char* path, std::uint64_t offset, std::size_t size) {
  const int file = above_standard(::open(path, O_RDONLY | O_CLOEXEC));
  if (file < 0) return std::nullopt;
  std::string part(size, '\0');
  std::size_t got = 0;
  ssize_t more = 1;
  while (got < size && more > 0) {
    more = ::pread(file, part.data() + got, size - got, static_cast<off_t>(offset + got));
    if (more > 0) got += static_cast<std::size_t>(more);
    if (more < 0 && errno == EINTR) more = 1;
  }
  const int error = errno;
  ::close(file);
  errno = error;
  if (more < 0) return std::nullopt;
  part.resize(got);
  return part;
}

}  // namespace anabranch::core
