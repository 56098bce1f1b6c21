#include <jemalloc/jemalloc.h>

#include <cstdint>
#include <string>

#include "server/allocator.h"

// Read by jemalloc when the process begins; the environment's MALLOC_CONF may say otherwise. Huge
// pages where the system gives them: where a page fault is dear a fresh copy of a large value costs
// a tenth with them, and a transaction of many writes half. And two arenas, since each begins with
// huge pages of its own, and few threads allocate at one time.
const char* malloc_conf = "thp:always,narenas:2";

namespace anabranch::server {

namespace {

// Returns a figure of jemalloc as of the last epoch; 0 for one that this build of it does not have.
std::size_t figure(const char* name) {
  std::size_t value = 0;
  std::size_t size = sizeof(value);
  return ::mallctl(name, &value, &size, nullptr, 0) == 0 ? value : 0;
}

}  // namespace

std::size_t unused_memory() {
  std::uint64_t epoch = 1;
  (void)::mallctl("epoch", nullptr, nullptr, &epoch, sizeof(epoch));
  const std::size_t used = figure("stats.active") + figure("stats.metadata");
  const std::size_t resident = figure("stats.resident");
  return resident > used ? resident - used : 0;
}

void return_unused_memory() {
  static const std::string kPurgeAll = "arena." + std::to_string(MALLCTL_ARENAS_ALL) + ".purge";
  (void)::mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
  (void)::mallctl(kPurgeAll.c_str(), nullptr, nullptr, nullptr, 0);
}

}  // namespace anabranch::server
