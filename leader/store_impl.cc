#include "leader/store_impl.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "core/log.h"
#include "core/system/standard_descriptors.h"
#include "leader/health/warnings.h"
#include "leader/scopes/lent_scope.h"
#include "leader/threads/begin_thread.h"
#include "leader/threads/own_thread.h"

namespace anabranch {

using std::chrono::milliseconds;

Store::Impl::Impl(std::unique_ptr<leader::Leader> leader)
    : leader_(std::move(leader)),
      queue_(*leader_),
      waiting_(leader_.get()),
      status_(leader_->status()),
      watches_(std::make_shared<leader::Watches>(leader_->log_source(), leader_.get())),
      loser_watches_(std::make_shared<leader::LoserWatches>(leader_.get(), leader_->losers_end())),
      presence_watches_(std::make_shared<leader::PresenceWatches>(leader_.get())),
      events_(std::make_shared<leader::EventWatches>(leader_.get())),
      async_(
          leader_.get(), [this](const auto& function) { run(function); },
          [this] { return leader_->encode_token(*leader_->seen()); }),
      stop_fd_(core::above_standard(eventfd(0, EFD_CLOEXEC))) {
  if (stop_fd_ < 0) throw Error(ErrorCode::kIo, "eventfd failed");
  leader_->hear(
      [watches = presence_watches_](const PresenceMessage& message) { watches->tell(message); });
  const auto is_decided = [](const leader::Leader& each) {
    return each.handover().state != leader::HandoverStatus::State::kListens;
  };
  const bool listens = !is_decided(*leader_);
  exchange_ = leader::begin_thread([this] { exchange(); });
  constexpr milliseconds kLongest{600'000};  // It is decided after promote_after at the latest.
  if (listens) (void)wait_until(is_decided, kLongest);
}

Store::Impl::~Impl() {
  service_.reset();
  async_.close();
  watches_->close();
  waiting_.close();
  const std::uint64_t one = 1;
  if (write(stop_fd_, &one, sizeof(one)) != sizeof(one)) core::log_error({}, "eventfd failed");
  exchange_.join();
  close(stop_fd_);
}

void Store::Impl::atomically(const std::function<void(Scope&)>& function) {
  run([&](leader::Leader& leader) {
    const leader::Loan<leader::LentTransaction> txn(leader.writer());
    (*txn).atomically(function);
  });
}

std::future<std::string> Store::Impl::run_async(std::function<void(Transaction&)> function) {
  process_.check();
  rows::check_outside_hooks();
  return async_.add(std::move(function), !in_transaction());
}

void Store::Impl::between(const std::function<void(leader::Leader&)>& function) {
  if (queue_.run_unless_held_up(function)) return;
  throw Error(ErrorCode::kTimeout,
              "a transaction has been running for over 10 s, and nothing else can: see the status");
}

void Store::Impl::exchange() {
  const leader::OwnThread here(leader_.get());
  std::array<pollfd, 3> fds = {pollfd{leader_->wake_fd(), POLLIN, 0}, pollfd{stop_fd_, POLLIN, 0},
                               pollfd{published_.fd(), POLLIN, 0}};
  milliseconds timeout{0};
  for (;;) {
    poll(fds.data(), fds.size(), static_cast<int>(timeout.count()));
    if (fds[1].revents != 0) return;
    leader_->beat();
    std::optional<StoreStatus> status;
    queue_.run_between([&](leader::Leader& leader) {
      send_published(leader);
      timeout = leader.turn();
      waiting_.look(leader);
      if (events_->due()) status = leader.status();
    });
    if (status) events_->look(*status, leader_->losers_end());
    look_at_losers();
  }
}

void Store::Impl::look_at_losers() {
  if (loser_watches_->any()) loser_watches_->look(leader_->losers_end());
}

StoreStatus Store::Impl::status() {
  std::optional<StoreStatus> now;
  (void)queue_.run_unless_held_up([&](leader::Leader& leader) { now = leader.status(); });
  const std::lock_guard lock(status_mutex_);
  if (now) status_ = *std::move(now);
  const auto running = queue_.watchdog().running();
  status_.transaction_ms = running ? running->time.count() : 0;
  status_.transaction_thread = running ? running->thread : 0;
  status_.long_transactions = queue_.watchdog().count();
  status_.async_waiting = async_.waiting();
  status_.watches = watches_->status();
  status_.presence.listeners = presence_watches_->number();
  status_.presence.missed = presence_watches_->missed();
  status_.presence.unsent = published_.dropped();
  leader::warn_of_transaction(status_);
  return status_;
}

// ---- Waiting.

bool Store::Impl::wait_until(const leader::WaitQueue::Holds& holds, milliseconds timeout) {
  process_.check();
  leader::WaitQueue::Waiter waiter(waiting_, holds);
  queue_.run_between([&](leader::Leader& leader) { waiting_.look(leader); });
  return waiter.wait(timeout);
}

core::VersionVector Store::Impl::wait_for(core::VersionVector seen, milliseconds timeout,
                                          LostWrites gone) {
  leader::SessionWait wait(std::move(seen), gone);
  const auto decided = [&](const leader::Leader& leader) {
    return wait.look(leader.missing_writes(wait.seen()));
  };
  (void)wait_until(decided, timeout);
  return wait.outcome().value_or_raise();
}

ReplicationProgress Store::Impl::wait(const core::VersionVector& seen, const WriteConcern& concern,
                                      milliseconds timeout) {
  core::Result<ReplicationProgress> reached = ReplicationProgress();
  const auto look = [&](const leader::Leader& leader) {
    reached = leader.replication_progress(seen, concern);
    return !reached.ok() || reached.value().met;
  };
  if (!wait_until(look, timeout)) (void)ask(look);
  return std::move(reached).value_or_raise();
}

}  // namespace anabranch
