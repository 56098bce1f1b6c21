// Listening on a path of the file system, with a mode that says which users of the machine may
// connect.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "control/resp/file.h"
#include "core/result.h"

namespace anabranch::server {

// Movable. Removes the path when it is destroyed, if that is still its own.
class UnixEndpoint {
 public:
  // Listens, non-blocking; the path has the mode from the first moment. A socket that nobody
  // listens on any more is replaced. Fails with kInvalid if the path is too long, or is that of
  // another kind of file; kBusy if another process listens there; kIo.
  static core::Result<UnixEndpoint> open(const std::string& path, mode_t mode);
  UnixEndpoint(UnixEndpoint&& other) noexcept = default;
  UnixEndpoint& operator=(UnixEndpoint&&) = delete;
  ~UnixEndpoint();

  [[nodiscard]] int fd() const { return socket_.fd(); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  UnixEndpoint(control::File socket, std::string path)
      : socket_(std::move(socket)), path_(std::move(path)) {}

  control::File socket_;
  std::string path_;  // Absolute.
  std::pair<dev_t, ino_t> file_ = {};
};

}  // namespace anabranch::server
