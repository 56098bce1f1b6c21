#include "server/resp/socket/stream.h"

#include <sys/socket.h>

#include <cerrno>

namespace anabranch::server {
namespace {

Transfer outcome(ssize_t done, std::size_t& bytes) {
  bytes = done > 0 ? static_cast<std::size_t>(done) : 0;
  if (done > 0) return Transfer::kBytes;
  const bool later = done < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
  return later ? Transfer::kNothing : Transfer::kEnd;
}

}  // namespace

Transfer Stream::receive(char* into, std::size_t room, std::size_t& got) {
  if (tls_ != nullptr) return tls_->receive(into, room, got);
  return outcome(::recv(socket_.fd(), into, room, 0), got);
}

Transfer Stream::send(std::string_view bytes, std::size_t& sent) {
  if (tls_ != nullptr) return tls_->send(bytes, sent);
  return outcome(::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT),
                 sent);
}

}  // namespace anabranch::server
