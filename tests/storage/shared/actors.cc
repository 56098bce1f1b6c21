#include "tests/storage/shared/actors.h"

#include <cstdint>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace anabranch::storage::test {

namespace {

constexpr std::size_t kStackBytes = std::size_t{512} << 10U;

// Stacks that were used before: to get one from the system costs more than most runs.
std::vector<std::unique_ptr<char[]>>& used_stacks() {
  static std::vector<std::unique_ptr<char[]>> stacks;
  return stacks;
}

std::unique_ptr<char[]> stack() {
  auto& used = used_stacks();
  if (used.empty()) return std::make_unique_for_overwrite<char[]>(kStackBytes);
  auto taken = std::move(used.back());
  used.pop_back();
#if defined(__SANITIZE_ADDRESS__)
  ASAN_UNPOISON_MEMORY_REGION(taken.get(), kStackBytes);
#endif
  return taken;
}

}  // namespace

Actors::~Actors() {
  for (const auto& each : all_) used_stacks().push_back(std::move(each->stack));
}

void Actors::add(std::function<void()> body) {
  auto actor = std::make_unique<Actor>();
  actor->body = std::move(body);
  actor->stack = stack();
  Place& place = actor->place;
  place.stack = actor->stack.get();
  place.size = kStackBytes;
  getcontext(&place.context);
  place.context.uc_stack.ss_sp = actor->stack.get();
  place.context.uc_stack.ss_size = kStackBytes;
  place.context.uc_link = nullptr;
  // makecontext() passes numbers of the size of int.
  const auto self = reinterpret_cast<std::uintptr_t>(this);
  makecontext(&place.context, reinterpret_cast<void (*)()>(&Actors::begin), 2,
              static_cast<unsigned>(self >> 32U), static_cast<unsigned>(self));
#if defined(__SANITIZE_THREAD__)
  place.fiber = __tsan_create_fiber(0);
#endif
  all_.push_back(std::move(actor));
}

void Actors::begin(unsigned high, unsigned low) {
  const auto self = std::uintptr_t{high} << 32U | low;
  reinterpret_cast<Actors*>(self)->live();
}

void Actors::live() {
  Actor& self = *all_[runs_];
#if defined(__SANITIZE_ADDRESS__)
  // The first one is begun from outside, whose stack nobody else knows.
  const bool first = outside_.stack == nullptr;
  __sanitizer_finish_switch_fiber(nullptr, first ? &outside_.stack : nullptr,
                                  first ? &outside_.size : nullptr);
#endif
  self.body();
  self.ended = true;
  go(self.place, behind(), true);
}

// Nothing of the one that ends is destroyed behind its last going: so this is a call of its own.
Actors::Place& Actors::behind() {
  const std::vector<std::size_t> left = others();
  if (left.empty()) return outside_;
  runs_ = (*next_)(left);
  return all_[runs_]->place;
}

void Actors::go(Place& from, Place& to, [[maybe_unused]] bool ends) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(ends ? nullptr : &from.fake_stack, to.stack, to.size);
#endif
#if defined(__SANITIZE_THREAD__)
  __tsan_switch_to_fiber(to.fiber, 0);
#endif
  swapcontext(&from.context, &to.context);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(from.fake_stack, nullptr, nullptr);
#endif
}

void Actors::run(const Next& next) {
  next_ = &next;
#if defined(__SANITIZE_THREAD__)
  outside_.fiber = __tsan_get_current_fiber();
#endif
  go(outside_, all_.front()->place, false);
#if defined(__SANITIZE_THREAD__)
  for (const auto& each : all_) __tsan_destroy_fiber(each->place.fiber);
#endif
}

void Actors::hand_over_to(std::size_t actor) {
  Place& self = all_[runs_]->place;
  runs_ = actor;
  go(self, all_[actor]->place, false);
}

std::vector<std::size_t> Actors::others() const {
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (i != runs_ && !all_[i]->ended) left.push_back(i);
  }
  return left;
}

}  // namespace anabranch::storage::test
