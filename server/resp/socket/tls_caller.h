// TLS of a client that waits: this program's own, when it asks a leader at its Redis port.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"
#include "server/resp/socket/patience.h"

struct ssl_st;

namespace anabranch::server {

// Movable. Not thread-safe.
class TlsCaller {
 public:
  struct Files {
    std::string root = {};         // PEM, of the server's certificate; empty: those of the system.
    std::string certificate = {};  // PEM, shown to the server; empty: none.
    std::string key = {};          // Its key.
  };

  // Makes the handshake on a connected, non-blocking socket, which stays open as long as the caller
  // is used. The server must have a certificate for `host`, a name or an address. Fails with
  // kInvalid for files that cannot be read, kTimeout when the patience ends, kIo otherwise, with
  // the reason.
  static core::Result<TlsCaller> connect(int socket, const std::string& host, const Files& files,
                                         const Patience& patience);

  // Sends all bytes. Fails with kTimeout, kIo.
  core::Result<void> send(std::string_view bytes, Patience& patience);
  // Waits for bytes; returns how many there are, 0 at the end. Fails with kTimeout, kIo.
  core::Result<std::size_t> receive(char* into, std::size_t room, const Patience& patience);

 private:
  explicit TlsCaller(std::shared_ptr<ssl_st> connection) : connection_(std::move(connection)) {}

  std::shared_ptr<ssl_st> connection_;
};

}  // namespace anabranch::server
