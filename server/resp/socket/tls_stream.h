// The TLS of one connection, on a non-blocking socket. The handshake is part of the first reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "server/resp/socket/tls_context.h"

namespace anabranch::server {

// The outcome of a read or write: bytes, none for now, or never again.
enum class Transfer : std::uint8_t { kBytes, kNothing, kEnd };

// Not thread-safe.
class TlsStream {
 public:
  // The most bytes of one record: a read must have room for one, so that none stays in here, where
  // no event of the socket would tell of it.
  static constexpr std::size_t kRecordMax = std::size_t{16} << 10U;

  // `socket` is open as long as the stream. Throws std::bad_alloc.
  TlsStream(const TlsContext& context, int socket);
  // Tells the client, if the socket takes that, that this is the end and no cut.
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  // Reads records while there are some and there is room for one more; `room` is at least
  // kRecordMax. kEnd: the client has closed its side, or does not speak TLS.
  Transfer receive(char* into, std::size_t room, std::size_t& got);
  // Sends as much as the socket takes.
  Transfer send(std::string_view bytes, std::size_t& sent);

  // Whether the handshake is over.
  [[nodiscard]] bool established() const;
  // Whether it waits until the socket takes bytes, although the caller only reads.
  [[nodiscard]] bool wants_write() const { return wants_write_; }

 private:
  struct Free {
    void operator()(ssl_st* connection) const;
  };

  // Returns the outcome of a call that has given `result`.
  Transfer outcome(int result);

  std::unique_ptr<ssl_st, Free> connection_;
  bool wants_write_ = false;
  bool failed_ = false;
};

}  // namespace anabranch::server
