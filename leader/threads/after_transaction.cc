#include "leader/threads/after_transaction.h"

#include <exception>
#include <utility>

namespace anabranch::leader {

namespace {

thread_local AfterTransaction* innermost = nullptr;

}  // namespace

AfterTransaction::AfterTransaction(StoreId store)
    : store_(store),
      outer_(std::exchange(innermost, this)),
      exceptions_(std::uncaught_exceptions()) {}

AfterTransaction::~AfterTransaction() {
  innermost = outer_;
  // A transaction that is undone, or not committed, ends with an exception.
  const bool committed = std::uncaught_exceptions() == exceptions_;
  for (const Function& each : deferred_) each(committed);
}

bool AfterTransaction::defer(StoreId store, Function function) {
  AfterTransaction* running = innermost;
  while (running != nullptr && running->store_ != store) running = running->outer_;
  if (running == nullptr) return false;
  running->deferred_.push_back(std::move(function));
  return true;
}

}  // namespace anabranch::leader
