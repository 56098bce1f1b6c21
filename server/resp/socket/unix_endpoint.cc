#include "server/resp/socket/unix_endpoint.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace anabranch::server {
namespace {

using control::File;

constexpr int kBacklog = 1024;

core::Failure failed(std::string_view call, const std::string& path) {
  return {ErrorCode::kIo, std::string(call) + " for the Redis socket " + path +
                              " failed: " + std::generic_category().message(errno)};
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

bool is_listened_on(const std::string& path) {
  const File socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const sockaddr_un address = address_of(path);
  return ::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
             0 ||
         errno == EAGAIN;
}

// Removes a socket that a server before this one has left.
core::Result<void> clear(const std::string& path) {
  struct stat status = {};
  if (::lstat(path.c_str(), &status) != 0) {
    return errno == ENOENT ? core::Result<void>() : failed("lstat", path);
  }
  if (!S_ISSOCK(status.st_mode)) {
    return core::invalid("the Redis socket " + path + " is the name of a file that is no socket");
  }
  if (is_listened_on(path)) {
    return core::Failure{ErrorCode::kBusy, "the Redis socket " + path + " is in use"};
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failed("unlink", path);
  return {};
}

}  // namespace

core::Result<UnixEndpoint> UnixEndpoint::open(const std::string& path, mode_t mode) {
  constexpr std::size_t kBytesMax = sizeof(sockaddr_un::sun_path) - 1;
  std::error_code error;
  const std::string absolute = std::filesystem::absolute(path, error).string();
  if (error || absolute.size() > kBytesMax) {
    return core::invalid("the path of the Redis socket, " + absolute + ", is longer than the " +
                         std::to_string(kBytesMax) + " bytes that the system takes");
  }
  if (auto cleared = clear(absolute); !cleared.ok()) return cleared.failure();
  File socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.open()) return failed("socket", absolute);
  // bind() gives the path the mode of the socket, less the umask, which belongs to all threads: so
  // there is no moment with more rights, and chmod() adds what the umask has taken.
  if (::fchmod(socket.fd(), mode) != 0) return failed("fchmod", absolute);
  const sockaddr_un address = address_of(absolute);
  if (::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return failed("bind", absolute);
  }
  UnixEndpoint made(std::move(socket), absolute);
  struct stat status = {};
  if (::lstat(absolute.c_str(), &status) != 0) return failed("lstat", absolute);
  made.file_ = {status.st_dev, status.st_ino};
  if (::chmod(absolute.c_str(), mode) != 0) return failed("chmod", absolute);
  if (::listen(made.fd(), kBacklog) != 0) return failed("listen", absolute);
  return made;
}

UnixEndpoint::~UnixEndpoint() {
  if (!socket_.open()) return;
  struct stat status = {};
  if (::lstat(path_.c_str(), &status) != 0) return;
  if (std::pair(status.st_dev, status.st_ino) == file_) ::unlink(path_.c_str());
}

}  // namespace anabranch::server
