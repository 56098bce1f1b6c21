#include "leader/threads/opening_process.h"

#include <pthread.h>
#include <unistd.h>

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <anabranch/error.h>

#include "core/assert.h"

namespace anabranch::leader {

OpeningProcess::OpeningProcess() : process_(::getpid()) {
  static const int counting = ::pthread_atfork(nullptr, nullptr, [] { ++forks_; });
  ANABRANCH_ASSERT(counting == 0);
  forks_before_ = forks_;
}

void OpeningProcess::refuse() const {
  throw Error(ErrorCode::kInvalid, "the store was opened by process " + std::to_string(process_) +
                                       " and cannot be used in process " +
                                       std::to_string(::getpid()) +
                                       ", which was forked from it: open it after the fork");
}

void OpeningProcess::keep(std::shared_ptr<void> object) {
  struct Kept {
    std::mutex mutex;
    std::vector<std::shared_ptr<void>> all;
  };
  static auto* const kept = new Kept;
  const std::lock_guard lock(kept->mutex);
  kept->all.push_back(std::move(object));
}

}  // namespace anabranch::leader
