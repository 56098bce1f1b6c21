#include "core/system/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/system/standard_descriptors.h"

namespace anabranch::core {
namespace {

constexpr std::size_t kPiece = std::size_t{64} << 10U;

Failure no_read(const std::string& path) {
  return {ErrorCode::kIo, "cannot read " + path + ": " + std::strerror(errno)};
}

Result<std::string> read_opened(int file, const std::string& path, std::size_t size_max) {
  struct stat facts {};
  if (::fstat(file, &facts) != 0) return no_read(path);
  if (!S_ISREG(facts.st_mode)) {
    return invalid("cannot read " + path + ": " +
                   (S_ISDIR(facts.st_mode) ? std::strerror(EISDIR) : "it is no regular file"));
  }
  std::string text;
  std::string piece(kPiece, '\0');
  while (text.size() <= size_max) {
    const ssize_t got = ::read(file, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return no_read(path);
    if (got == 0) return text;
    text.append(piece, 0, static_cast<std::size_t>(got));
  }
  return invalid("cannot read " + path + ": it has more than " + std::to_string(size_max) +
                 " bytes");
}

}  // namespace

Result<std::string> whole_file(const std::string& path, std::size_t size_max) {
  // To open a pipe waits for its other side unless O_NONBLOCK is there.
  const int file = above_standard(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file < 0) return no_read(path);
  Result<std::string> text = read_opened(file, path, size_max);
  ::close(file);
  return text;
}

}  // namespace anabranch::core
