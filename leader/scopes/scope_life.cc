// The life numbers of scopes, and the references that check them.

#include <anabranch/scope.h>

#include <deque>
#include <mutex>
#include <vector>

namespace anabranch {

namespace {

// The free numbers, and all numbers. Never destroyed: a reference may check the number of a scope
// that is long gone.
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
