#include "leader/store_impl.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/log.h"
#include "leader/watch.h"

namespace anabranch {

using std::chrono::milliseconds;

Store::Impl::Impl(std::unique_ptr<leader::Leader> leader)
    : leader_(std::move(leader)), queue_(*leader_), stop_fd_(eventfd(0, EFD_CLOEXEC)) {
  if (stop_fd_ < 0) throw Error(ErrorCode::kIo, "eventfd failed");
  exchange_ = std::thread([this] { exchange(); });
}

Store::Impl::~Impl() {
  for (const std::weak_ptr<Watch::Impl>& each : watches_) {
    if (const auto watch = each.lock()) watch->stop();
  }
  waiting_.close();
  const std::uint64_t one = 1;
  if (write(stop_fd_, &one, sizeof(one)) != sizeof(one)) core::log_error("eventfd failed");
  exchange_.join();
  close(stop_fd_);
}

void Store::Impl::exchange() {
  std::array<pollfd, 2> fds = {pollfd{leader_->wake_fd(), POLLIN, 0}, pollfd{stop_fd_, POLLIN, 0}};
  milliseconds patience{0};
  for (;;) {
    poll(fds.data(), fds.size(), static_cast<int>(patience.count()));
    if (fds[1].revents != 0) return;
    queue_.run_between([&](leader::Leader& leader) {
      patience = leader.turn();
      waiting_.look(leader);
    });
  }
}

// ---- Waiting.

bool Store::Impl::wait_until(const leader::WaitingRoom::Holds& holds, milliseconds timeout) {
  leader::WaitingRoom::Guest guest(waiting_, holds);
  queue_.run_between([&](leader::Leader& leader) { waiting_.look(leader); });
  return guest.wait(timeout);
}

core::VersionVector Store::Impl::let_in(core::VersionVector seen, milliseconds timeout, Gone gone) {
  std::vector<leader::Lack> lacks;
  const auto is_gone = [](const leader::Lack& lack) { return lack.gone; };
  const auto decided = [&](const leader::Leader& leader) {
    lacks = leader.lacking(seen);
    if (gone == Gone::kRefuse) return lacks.empty() || std::ranges::any_of(lacks, is_gone);
    return std::ranges::all_of(lacks, is_gone);
  };
  const bool in_time = wait_until(decided, timeout);
  if (in_time && (lacks.empty() || gone == Gone::kForget)) {
    for (const leader::Lack& each : lacks) seen.set(each.origin, seen.at(each.origin) - each.ops);
    return seen;
  }
  if (in_time) {
    std::erase_if(lacks, [&](const leader::Lack& lack) { return !lack.gone; });
    throw Error(ErrorCode::kInvalid, to_string(lacks) +
                                         " that this session has seen are gone: no region has them "
                                         "any more; it may go on without them (Gone::kForget)");
  }
  throw Error(
      ErrorCode::kTimeout,
      "this session has seen more than this region has: it still lacks " +
          to_string(ask([&](const leader::Leader& leader) { return leader.lacking(seen); })));
}

Reach Store::Impl::wait(const core::VersionVector& seen, const Concern& concern,
                        milliseconds timeout) {
  core::Result<Reach> reached = Reach();
  const auto look = [&](const leader::Leader& leader) {
    reached = leader.reach(seen, concern);
    return !reached.ok() || reached.value().met;
  };
  if (!wait_until(look, timeout)) (void)ask(look);
  return std::move(reached).value_or_raise();
}

}  // namespace anabranch
