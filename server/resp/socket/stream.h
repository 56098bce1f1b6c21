// The bytes of one client, over TLS or not: a non-blocking socket that is closed with its owner.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "control/resp/file.h"
#include "server/resp/socket/tls_stream.h"

namespace anabranch::server {

// Movable. Not thread-safe.
class Stream {
 public:
  // The least room for a read.
  static constexpr std::size_t kRoomMin = TlsStream::kRecordMax;

  explicit Stream(control::File socket) : socket_(std::move(socket)) {}
  // Speaks TLS. Throws std::bad_alloc.
  Stream(control::File socket, const TlsContext& context)
      : socket_(std::move(socket)), tls_(std::make_unique<TlsStream>(context, socket_.fd())) {}

  [[nodiscard]] int fd() const { return socket_.fd(); }
  [[nodiscard]] bool is_tls() const { return tls_ != nullptr; }
  // Reads at most `room` bytes, of which there are kRoomMin or more.
  Transfer receive(char* into, std::size_t room, std::size_t& got);
  // Sends as much as the socket takes at once.
  Transfer send(std::string_view bytes, std::size_t& sent);
  // Whether a read waits until the socket takes bytes.
  [[nodiscard]] bool wants_write() const { return tls_ != nullptr && tls_->wants_write(); }
  // Whether bytes of the client itself can come: the handshake of TLS is over.
  [[nodiscard]] bool established() const { return tls_ == nullptr || tls_->established(); }

 private:
  control::File socket_;
  std::unique_ptr<TlsStream> tls_;  // Null: without TLS.
};

}  // namespace anabranch::server
