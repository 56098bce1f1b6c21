#include "server/file_limit.h"

#include <sys/resource.h>

#include <algorithm>

namespace anabranch::server {
namespace {

// Descriptors that are not clients: files of the storage, sockets of the peers.
constexpr rlim_t kOtherFiles = 256;

}  // namespace

std::size_t raise_file_limit(std::size_t clients) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return clients;
  const rlim_t wanted = std::min<rlim_t>(clients + kOtherFiles, limit.rlim_max);
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = wanted;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) ::getrlimit(RLIMIT_NOFILE, &limit);
  }
  const rlim_t left = limit.rlim_cur > kOtherFiles ? limit.rlim_cur - kOtherFiles : 0;
  return std::min<std::size_t>(clients, left);
}

}  // namespace anabranch::server
