// The lives of scopes, and the references that check them.

#include <anabranch/scope.h>

#include <deque>
#include <mutex>
#include <utility>
#include <vector>

namespace anabranch {

namespace {

using detail::Life;

// The free places, and all places. Never destroyed: a reference may look at the place of a scope
// that is long gone.
struct Places {
  std::mutex mutex;
  std::deque<Life::Place> all;
  std::vector<Life::Place*> free;
};

Places& places() {
  static auto* const kept = new Places;
  return *kept;
}

// The place of all scopes that were moved from.
constinit Life::Place nowhere;

}  // namespace

Life::Life(Scope* scope) {
  Places& all = places();
  const std::lock_guard lock(all.mutex);
  if (all.free.empty()) {
    all.free.push_back(&all.all.emplace_back());
    // Has room for all places, so that giving one back allocates nothing.
    if (all.free.capacity() < all.all.size()) all.free.reserve(2 * all.all.size());
  }
  place_ = all.free.back();
  all.free.pop_back();
  place_->scope.store(scope, std::memory_order_relaxed);
}

Life::Life(Life&& other, Scope* scope) noexcept : place_(std::exchange(other.place_, &nowhere)) {
  if (place_ != &nowhere) place_->scope.store(scope, std::memory_order_relaxed);
}

Life::~Life() { give_back(); }

void Life::replace(Life&& other, Scope* scope) noexcept {
  give_back();
  place_ = std::exchange(other.place_, &nowhere);
  if (place_ != &nowhere) place_->scope.store(scope, std::memory_order_relaxed);
}

void Life::give_back() noexcept {
  if (place_ == &nowhere) return;
  end();
  Places& all = places();
  const std::lock_guard lock(all.mutex);
  all.free.push_back(place_);
}

void ScopeRef::refuse() {
  throw Error(ErrorCode::kInvalid,
              "the store, session or transaction that this handle was made with is gone; make "
              "handles where they are used");
}

}  // namespace anabranch
