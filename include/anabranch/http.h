// The HTTP port of a store: a page for people, the status as JSON and as a stream of events,
// figures for Prometheus, health for a load balancer. Of a library of its own, anabranch::http.
//
//   anabranch::Store store = anabranch::Store::open({.path = "data", .region = "eu"});
//   const anabranch::Http http =
//       anabranch::Http::start({.directory = "data", .address = "127.0.0.1:8080"});
//
// It asks the store over its control socket (Options::control), so it may be started and stopped at
// any time, the store may be moved, and it may be open in another process of this user. While no
// store is there it answers 503 with the reason. docs/operations/http.md lists the addresses.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <anabranch/error.h>

namespace anabranch {

struct HttpOptions {
  std::string directory;  // Options::path of the store.
  // HOST:PORT, where HOST is 127.0.0.1, another address that begins with 127, localhost or [::1];
  // port 0 for any free one. Or unix:PATH, a socket that only this user may open. There is no TLS
  // and there are no users, so other addresses are refused.
  std::string address = "127.0.0.1:0";
  // GET /readyz says no while the store lacks writes of a connected peer for longer than this.
  std::int64_t ready_lag_ms = 10'000;
};

// Movable; it must not be used while it is moved. All other functions are thread-safe.
//
// It has three threads. At most 256 connections are open; what one sends and is sent is bounded.
// A user who may connect may read the status; acting needs the token in the file http-token of the
// directory (mode 0600), which is made when it is absent.
class Http {
 public:
  // Listens and begins to answer. Throws Error: kInvalid for options that cannot be, and if there
  // is no control socket; kBusy if the address is in use; kIo. Makes the process ignore SIGPIPE.
  [[nodiscard]] static Http start(const HttpOptions& options);
  // Stops it.
  ~Http();
  Http(Http&& other) noexcept;
  // Stops the one that it was before.
  Http& operator=(Http&& other) noexcept;

  // Returns "http://127.0.0.1:8080", with the real port, or "unix:PATH". Empty after stop().
  [[nodiscard]] std::string address() const;
  // Closes all connections; returns when nothing is answered any more. No effect the second time.
  void stop();

 private:
  class Impl;
  explicit Http(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace anabranch
