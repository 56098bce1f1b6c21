#include "control/listener.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace anabranch::control {
namespace {

constexpr int kBacklog = 16;
constexpr mode_t kMode = 0600;
constexpr mode_t kAllBits = 07777;

core::Failure failed(std::string_view call, const std::string& path) {
  return {ErrorCode::kIo, std::string(call) + " for the control socket " + path +
                              " failed: " + std::generic_category().message(errno)};
}

// Removes a socket that a leader before this one has left.
core::Result<void> clear(const std::string& path) {
  struct stat status = {};
  if (::lstat(path.c_str(), &status) != 0) {
    return errno == ENOENT ? core::Result<void>() : failed("lstat", path);
  }
  if (!S_ISSOCK(status.st_mode)) {
    return core::invalid("there is a file " + path +
                         " that is no socket: the control socket of the leader has this name");
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failed("unlink", path);
  return {};
}

// Whether the other end is a process of this user, or of root.
bool is_own(int client) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == ::geteuid() || peer.uid == 0;
}

}  // namespace

core::Result<std::string> control_path(std::string_view directory) {
  std::string path = std::string(directory) + "/control";
  if (path.size() <= kPathBytesMax) return path;
  return core::invalid("the path of the control socket, " + path + ", has " +
                       std::to_string(path.size()) + " bytes, and the system takes " +
                       std::to_string(kPathBytesMax) +
                       ": name the data directory by a shorter path, or turn the socket off "
                       "(Options::control, --no-control)");
}

core::Result<Listener> Listener::open(const std::string& directory) {
  const core::Result<std::string> named = control_path(directory);
  if (!named.ok()) return named.failure();
  const std::string& path = named.value();
  if (const core::Result<void> cleared = clear(path); !cleared.ok()) return cleared.failure();
  File socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.open()) return failed("socket", path);
  // bind() gives the file the mode of the socket, less the umask (Linux, unix_bind_bsd in
  // net/unix/af_unix.c). A umask would do, too, but belongs to all threads of the process.
  if (::fchmod(socket.fd(), kMode) != 0) return failed("fchmod", path);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  if (::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return failed("bind", path);
  }
  std::error_code error;
  const std::string absolute = std::filesystem::absolute(path, error).string();
  Listener listener(std::move(socket), error ? path : absolute);
  struct stat status = {};
  if (::lstat(path.c_str(), &status) != 0) return failed("lstat", path);
  listener.file_ = {status.st_dev, status.st_ino};
  if ((status.st_mode & kAllBits & ~kMode) != 0) {
    return core::Failure{ErrorCode::kIo, "the control socket " + path +
                                             " cannot be made private on this system; turn it off "
                                             "(Options::control, --no-control)"};
  }
  if (::listen(listener.fd(), kBacklog) != 0) return failed("listen", path);
  return listener;
}

Listener::~Listener() {
  if (!socket_.open()) return;
  // A forked process may have the socket still: clients get no connection there.
  ::shutdown(socket_.fd(), SHUT_RDWR);
  struct stat status = {};
  if (::lstat(path_.c_str(), &status) != 0) return;
  if (std::pair(status.st_dev, status.st_ino) == file_) ::unlink(path_.c_str());
}

File Listener::accept(int& error) const {
  for (;;) {
    File client(::accept4(socket_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    error = client.open() ? 0 : errno;
    if (client.open() && is_own(client.fd())) return client;
    if (!client.open() && error != ECONNABORTED && error != EINTR) return client;
  }
}

}  // namespace anabranch::control
