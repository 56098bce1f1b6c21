#include "server/file_limit.h"

#include <sys/resource.h>

#include <algorithm>
#include <string>

#include "core/system/descriptor_shares.h"

namespace anabranch::server {
namespace {

// Tables, log and lock; a snapshot, a backup and a reading of all that is stored at once; the
// control socket and its clients; those of the loop, and of ZeroMQ. The segments of the log are
// among them: at most 20 are open, and one for each that reads.
constexpr std::size_t kFiles = 72;
constexpr std::size_t kEachPeer = 6;       // Sockets of ZeroMQ, and the connection.
constexpr std::size_t kHttpOwn = 8;        // Of libwebsockets, and to the control socket.
constexpr std::size_t kClientsLeast = 16;  // A leader that serves nobody is of no use.

}  // namespace

core::Result<DescriptorShares> share_descriptors(const DescriptorNeeds& needs, std::size_t limit) {
  DescriptorShares shares{.limit = limit, .files = kFiles + needs.dialled * kEachPeer};
  if (needs.peer_port) shares.peers = core::port_share(limit);
  if (needs.http_port) shares.http = core::port_share(limit) + kHttpOwn;
  const std::size_t taken = shares.files + shares.peers + shares.http;
  const std::size_t least = std::min(needs.clients, kClientsLeast);
  if (taken + least > limit) {
    return core::invalid("the process may have " + std::to_string(limit) +
                         " descriptors, and needs " + std::to_string(taken + least) + ": " +
                         std::to_string(shares.files) + " for files and dialled peers, " +
                         std::to_string(shares.peers) + " for the port of the peers, " +
                         std::to_string(shares.http) + " for HTTP, " + std::to_string(least) +
                         " for clients; raise the limit (ulimit -n, LimitNOFILE)");
  }
  shares.clients = std::min(needs.clients, limit - taken);
  return shares;
}

core::Result<DescriptorShares> share_descriptors(const DescriptorNeeds& needs) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return core::Failure{ErrorCode::kIo, "the limit of descriptors is not known"};
  }
  constexpr std::size_t kPlenty = 4096;
  const DescriptorShares all =
      share_descriptors(needs, needs.clients + kPlenty + needs.dialled * kEachPeer).value();
  const rlim_t wanted =
      std::min<rlim_t>(all.files + all.peers + all.http + all.clients, limit.rlim_max);
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = wanted;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) ::getrlimit(RLIMIT_NOFILE, &limit);
  }
  return share_descriptors(needs, core::descriptor_limit());
}

}  // namespace anabranch::server
