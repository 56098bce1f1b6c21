// The numbers behind the lives of scopes, and the references that look at them.

#include <anabranch/scope.h>

#include <deque>
#include <mutex>
#include <vector>

namespace anabranch {

namespace {

// Numbers that are free, and all that there are. Never destroyed: a reference may look at the
// number of a scope that is long gone.
struct Numbers {
  std::mutex mutex;
  std::deque<std::atomic<std::uint64_t>> all;
  std::vector<std::atomic<std::uint64_t>*> free;
};

Numbers& numbers() {
  static auto* const kept = new Numbers;
  return *kept;
}

}  // namespace

detail::Life::Life() {
  Numbers& all = numbers();
  const std::lock_guard lock(all.mutex);
  if (all.free.empty()) all.free.push_back(&all.all.emplace_back(0));
  number_ = all.free.back();
  all.free.pop_back();
}

detail::Life::~Life() {
  end();
  Numbers& all = numbers();
  const std::lock_guard lock(all.mutex);
  all.free.push_back(number_);
}

void ScopeRef::refuse() {
  throw Error(ErrorCode::kInvalid,
              "the store, session or transaction that this handle was made with is gone; make "
              "handles where they are used");
}

}  // namespace anabranch
