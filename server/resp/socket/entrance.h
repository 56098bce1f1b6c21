// A place at which clients connect: an address, with TLS or without, or a path.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "control/resp/file.h"
#include "core/result.h"
#include "server/resp/socket/unix_endpoint.h"

namespace anabranch::server {

// Movable. Not thread-safe.
class Entrance {
 public:
  enum class Kind : std::uint8_t { kPlain, kTls, kPath };

  // A client that has come; without an open socket there is none.
  struct Arrival {
    control::File socket;
    std::string address = {};        // Of the client, HOST:PORT; for a path PATH:0.
    std::string local_address = {};  // The same of this side.
    bool local = false;              // From this machine.
  };

  // Whom it is for: those that use the data, or those that ask for the leader as a Sentinel.
  enum class Port : std::uint8_t { kRedis, kSentinel };

  // Listens. `anywhere`: also on addresses that other machines reach. Fails as listen_on.
  static core::Result<Entrance> on_address(std::string_view address, Kind kind, bool anywhere,
                                           Port port = Port::kRedis);
  // Fails as UnixEndpoint::open.
  static core::Result<Entrance> on_path(const std::string& path, mode_t mode);

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] bool is_sentinel() const { return port_ == Port::kSentinel; }
  [[nodiscard]] int fd() const { return path_ ? path_->fd() : socket_.fd(); }
  // HOST:PORT with the real port, or the path.
  [[nodiscard]] const std::string& name() const { return name_; }
  // Accepts a client. If there is none, `error` is errno.
  [[nodiscard]] Arrival accept(int& error) const;

 private:
  Entrance(Kind kind, Port port, control::File socket, std::optional<UnixEndpoint> path,
           std::string name)
      : kind_(kind),
        port_(port),
        socket_(std::move(socket)),
        path_(std::move(path)),
        name_(std::move(name)) {}

  Kind kind_;
  Port port_;
  control::File socket_;              // Of an address,
  std::optional<UnixEndpoint> path_;  // or of a path.
  std::string name_;
};

}  // namespace anabranch::server
