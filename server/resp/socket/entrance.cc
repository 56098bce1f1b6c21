#include "server/resp/socket/entrance.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "server/resp/socket/endpoint.h"

namespace anabranch::server {

core::Result<Entrance> Entrance::on_address(std::string_view address, Kind kind, bool anywhere,
                                            Port port) {
  core::Result<control::File> socket = listen_on(address, anywhere);
  if (!socket.ok()) return socket.failure();
  std::string name = endpoint_of(socket.value());
  return Entrance(kind, port, std::move(socket).value(), std::nullopt, std::move(name));
}

core::Result<Entrance> Entrance::on_path(const std::string& path, mode_t mode) {
  core::Result<UnixEndpoint> endpoint = UnixEndpoint::open(path, mode);
  if (!endpoint.ok()) return endpoint.failure();
  std::string name = endpoint.value().path();
  return Entrance(Kind::kPath, Port::kRedis, control::File(), std::move(endpoint).value(),
                  std::move(name));
}

Entrance::Arrival Entrance::accept(int& error) const {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  Arrival arrival{control::File(
      ::accept4(fd(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC))};
  error = arrival.socket.open() ? 0 : errno;
  if (!arrival.socket.open()) return arrival;
  const bool by_path = kind_ == Kind::kPath;
  arrival.address = by_path ? name_ + ":0" : to_string(address);
  arrival.local_address = by_path ? arrival.address : endpoint_of(arrival.socket);
  arrival.local = by_path || is_loopback(address);
  return arrival;
}

}  // namespace anabranch::server
