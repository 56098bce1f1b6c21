#include "core/system/descriptor_shares.h"

#include <sys/resource.h>

#include <algorithm>
#include <limits>

namespace anabranch::core {

std::size_t descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return std::numeric_limits<int>::max();
  }
  return limit.rlim_cur;
}

std::size_t port_share(std::size_t limit) {
  constexpr std::size_t kLeast = 16;
  constexpr std::size_t kMost = 256;
  constexpr std::size_t kPart = 8;
  return std::min(kLeast + (limit - std::min(limit, kMost)) / kPart, kMost);
}

}  // namespace anabranch::core
