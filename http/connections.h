// The connections of the HTTP port, by libwebsockets, on a thread of their own: requests are read,
// answers and streams of events written. Only connections.cc sees that library.
//
// Bounds: connections for a share of the descriptors of the process, kConnectionsMax at most; a
// body of kBodyBytesMax; headers of 4 KiB; a request that is not whole within 5 s and a connection
// that asks nothing for 30 s are closed. A stream holds the event that is being written and the
// newest after it: events between are left out. A connection that has taken nothing of what is
// being written for 30 s is closed. With TLS it is HTTP/1.1 all the same.
//
// When there is a sixteenth of room left, one gives way to each new one: the oldest without a whole
// request, else the one that was idle for longest, else the oldest stream that is for nobody in
// particular, else one that has taken nothing of its answer for a second. Nothing is upgraded.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "control/http_figures.h"
#include "http/address.h"
#include "http/certificates.h"
#include "http/request.h"

namespace anabranch::http {

// Thread-safe.
class Connections {
 public:
  static constexpr std::size_t kConnectionsMax = 256;
  static constexpr std::size_t kBodyBytesMax = std::size_t{16} << 10U;

  // Called on the thread of the connections with each request; the number names it. Returns the
  // answer, or none: then it comes by answer(), from any thread.
  using OnRequest = std::function<std::optional<Answer>(std::uint64_t number, Request request)>;

  struct Settings {
    Address address;
    std::shared_ptr<Certificates> certificates = {};  // Null: no TLS.
    // Whether streams that are for nobody in particular are closed; none: they are not.
    std::function<bool()> has_users = {};
  };

  // Listens. Nothing is answered before start(). Throws Error: kBusy, kInvalid, kIo.
  Connections(Settings settings, std::shared_ptr<control::HttpFigures> figures,
              OnRequest on_request);
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  // The port, of an address that has one.
  [[nodiscard]] std::uint16_t port() const;
  // Begins to answer.
  void start();
  // Ends the thread; requests are no longer given out.
  void stop();
  // Gives an answer. Drops it if the connection is gone.
  void answer(std::uint64_t number, Answer answer);
  // Calls a function on the thread of the connections, if that has not ended.
  void run(std::function<void()> function);
  // Gives an event, in its form on the wire, to all streams; closes those whose user has lost the
  // right to it.
  void tell(std::shared_ptr<const std::string> event);

  class Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace anabranch::http
