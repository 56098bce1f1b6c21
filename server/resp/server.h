// The Redis port of a leader.
//
//   auto server = Server::open(*leader, {.address = "127.0.0.1:6400"});
//   server.value()->run();  // Until stop() is called.
#pragma once

#include <memory>
#include <string>

#include "core/result.h"
#include "http/certificates.h"
#include "http/gate.h"
#include "leader/leader.h"
#include "server/reopenings.h"
#include "server/resp/server_options.h"

namespace anabranch::server {

class Server {
 public:
  // Listens; clients may connect from now on, and are served by run(). `leader` must outlive the
  // server, and so must `reopenings`; null: a leader that is closed for writes stays so. Fails with
  // kInvalid for addresses and files that are wrong or refused (ServerOptions), kBusy if a port is
  // in use, kIo.
  static core::Result<std::unique_ptr<Server>> open(leader::Leader& leader, ServerOptions options,
                                                    Reopenings* reopenings = nullptr);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // HOST:PORT of the listening socket, with the real port; empty: there is none.
  [[nodiscard]] const std::string& endpoint() const;
  // The same for clients with TLS.
  [[nodiscard]] const std::string& tls_endpoint() const;
  // The same of the Sentinel port.
  [[nodiscard]] const std::string& sentinel_endpoint() const;
  [[nodiscard]] const std::string& sentinel_tls_endpoint() const;
  // The users and the certificates of the HTTP port, as the options have it; null: there is no such
  // port, or it has no TLS. Users are asked for while run() runs.
  [[nodiscard]] std::shared_ptr<http::Gate> http_gate() const;
  [[nodiscard]] std::shared_ptr<http::Certificates> http_certificates() const;
  // Serves clients and turns the leader, on the calling thread, until stop(), or until
  // opens_anew(). Call it once.
  void run();
  // Ends run() after its turn, also a later run(). From any thread or signal handler.
  void stop() noexcept;
  // Whether run() has ended since the leader was closed for writes, and is to be opened anew.
  [[nodiscard]] bool opens_anew() const;
  // Makes the leader read its keys again, after the turn. From any thread or signal handler.
  void reload_keys() noexcept;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace anabranch::server
