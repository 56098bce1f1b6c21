// The socket DIR/control of a leader that has the data directory DIR open: only its user can
// connect. Who holds the lock of the directory owns the name: a file that a killed process has left
// is replaced, and the file is removed when the listener is destroyed.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>

#include "control/resp/file.h"
#include "core/result.h"

namespace anabranch::control {

// The longest path of a socket (sockaddr_un), in bytes.
inline constexpr std::size_t kPathBytesMax = 107;

// Returns the path of the socket of a data directory. Fails with kInvalid if it is too long.
core::Result<std::string> control_path(std::string_view directory);

// Movable. Not thread-safe.
class Listener {
 public:
  // Listens, non-blocking, with mode 0600 from the first moment. The caller has the directory open
  // as a leader. Fails with kInvalid if the path is too long, or is that of another kind of file;
  // kIo.
  static core::Result<Listener> open(const std::string& directory);
  Listener(Listener&& other) noexcept = default;
  Listener& operator=(Listener&&) = delete;
  ~Listener();

  [[nodiscard]] int fd() const { return socket_.fd(); }
  // Accepts a client: a non-blocking socket of this user or of root. None (File::open) if no client
  // waits, or the system has no descriptor for it; `error` is errno then.
  File accept(int& error) const;

 private:
  Listener(File socket, std::string path) : socket_(std::move(socket)), path_(std::move(path)) {}

  File socket_;
  std::string path_;  // Absolute.
  std::pair<dev_t, ino_t> file_ = {};
};

}  // namespace anabranch::control
