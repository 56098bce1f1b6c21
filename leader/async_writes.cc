#include "leader/async_writes.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include <anabranch/error.h>

#include "leader/scopes/lent_scope.h"
#include "leader/threads/begin_thread.h"
#include "leader/threads/own_thread.h"

namespace anabranch::leader {

std::future<std::string> AsyncWrites::add(std::function<void(Transaction&)> function,
                                          bool may_wait) {
  if (!function) throw Error(ErrorCode::kInvalid, "a transaction needs a function to call");
  std::unique_lock lock(mutex_);
  const auto has_room = [&] { return closed_ || writes_.size() < kWaitingMax; };
  if (!may_wait && !has_room()) {
    throw Error(ErrorCode::kBusy, std::to_string(kWaitingMax) +
                                      " writes are waiting for the disk, the most there may be, "
                                      "and a transaction cannot wait for them");
  }
  changed_.wait(lock, has_room);
  if (closed_) throw Error(ErrorCode::kClosed, "the store is closed");
  if (!thread_.joinable()) thread_ = begin_thread([this] { work(); });
  writes_.push_back({std::move(function), {}});
  std::future<std::string> token = writes_.back().token.get_future();
  changed_.notify_all();
  return token;
}

void AsyncWrites::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::size_t AsyncWrites::waiting() const {
  const std::lock_guard lock(mutex_);
  return writes_.size();
}

void AsyncWrites::work() {
  const OwnThread here(store_);
  for (;;) {
    std::vector<Write> writes = take();
    if (writes.empty()) return;
    const std::size_t done = carry_out(writes);
    writes.erase(writes.begin(), writes.begin() + static_cast<std::ptrdiff_t>(done));
    put_back(std::move(writes));
  }
}

std::vector<AsyncWrites::Write> AsyncWrites::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || !writes_.empty(); });
  const auto end =
      writes_.begin() + static_cast<std::ptrdiff_t>(std::min(writes_.size(), kAtOnceMax));
  std::vector<Write> taken(std::make_move_iterator(writes_.begin()), std::make_move_iterator(end));
  writes_.erase(writes_.begin(), end);
  changed_.notify_all();
  return taken;
}

void AsyncWrites::put_back(std::vector<Write> writes) {
  const std::lock_guard lock(mutex_);
  writes_.insert(writes_.begin(), std::make_move_iterator(writes.begin()),
                 std::make_move_iterator(writes.end()));
}

std::size_t AsyncWrites::carry_out(std::vector<Write>& writes) {
  std::vector<std::exception_ptr> thrown;
  std::exception_ptr failed;
  std::string token;
  try {
    run_([&](Leader& leader) {
      while (thrown.size() < writes.size() && (thrown.empty() || !leader.group_full())) {
        const Write& write = writes[thrown.size()];
        std::exception_ptr error;
        try {
          const Loan<LentTransaction> txn(leader.writer());
          (*txn).atomically([&](Scope& /*scope*/) { write.function(*txn); });
        } catch (...) {
          error = std::current_exception();
        }
        thrown.push_back(std::move(error));
      }
    });
    token = token_();
  } catch (...) {
    failed = std::current_exception();
  }
  // Where nothing was staged the failure is of the first, so that the rest is tried by itself.
  if (thrown.empty()) thrown.emplace_back();
  for (std::size_t i = 0; i < thrown.size(); ++i) {
    const std::exception_ptr& error = thrown[i] ? thrown[i] : failed;
    error ? writes[i].token.set_exception(error) : writes[i].token.set_value(token);
  }
  return thrown.size();
}

}  // namespace anabranch::leader
