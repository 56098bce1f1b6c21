#include "transport/zmq/tcp_socket.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace anabranch::transport {

namespace {

constexpr int kUnsentMax = 64 << 10;

}  // namespace

TcpBytes bytes_of(int descriptor) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
  return {info.tcpi_bytes_received, info.tcpi_bytes_acked, info.tcpi_unacked > 0};
}

void limit_unsent(int descriptor) {
  (void)::setsockopt(descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentMax, sizeof(kUnsentMax));
}

}  // namespace anabranch::transport
