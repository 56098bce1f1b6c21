#include "server/service/manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

namespace anabranch::server {

core::Result<void> tell_manager(const char* address, std::string_view state) {
  if (address == nullptr || *address == '\0') return {};
  const std::string_view name(address);
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  const bool is_abstract = name.front() == '@';
  if ((!is_abstract && name.front() != '/') || name.size() >= sizeof(to.sun_path)) {
    return core::invalid("NOTIFY_SOCKET is no path and no abstract name: " + std::string(name));
  }
  name.copy(to.sun_path, name.size());
  if (is_abstract) to.sun_path[0] = '\0';
  // A path is sent with its zero, an abstract name without.
  const auto size =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (is_abstract ? 0 : 1));
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return core::Failure{ErrorCode::kIo, std::strerror(errno)};
  const ssize_t sent = ::sendto(socket, state.data(), state.size(), MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&to), size);
  const int error = errno;
  ::close(socket);
  if (sent == static_cast<ssize_t>(state.size())) return {};
  return core::Failure{ErrorCode::kIo, "the service manager cannot be told (NOTIFY_SOCKET " +
                                           std::string(name) + "): " + std::strerror(error)};
}

}  // namespace anabranch::server
