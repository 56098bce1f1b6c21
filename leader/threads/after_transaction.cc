#include "leader/threads/after_transaction.h"

#include <utility>

namespace anabranch::leader {

namespace {

thread_local AfterTransaction* innermost = nullptr;

}  // namespace

AfterTransaction::AfterTransaction(StoreId store)
    : store_(store), outer_(std::exchange(innermost, this)) {}

AfterTransaction::~AfterTransaction() {
  innermost = outer_;
  for (const auto& each : deferred_) each();
}

bool AfterTransaction::defer(StoreId store, std::function<void()> function) {
  AfterTransaction* running = innermost;
  while (running != nullptr && running->store_ != store) running = running->outer_;
  if (running == nullptr) return false;
  running->deferred_.push_back(std::move(function));
  return true;
}

}  // namespace anabranch::leader
