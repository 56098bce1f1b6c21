#include <anabranch/store.h>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <thread>
#include <utility>

#include "core/log.h"
#include "regions/commit_queue.h"
#include "regions/leader.h"

namespace anabranch {

// The leader, the queue of its writers, and the thread that exchanges writes with the peers.
class Store::Impl {
 public:
  explicit Impl(std::unique_ptr<regions::Leader> leader)
      : leader_(std::move(leader)), queue_(*leader_), stop_fd_(eventfd(0, EFD_CLOEXEC)) {
    if (stop_fd_ < 0) throw Error(ErrorCode::kIo, "eventfd failed");
    exchange_ = std::thread([this] { exchange(); });
  }

  ~Impl() {
    const std::uint64_t one = 1;
    if (write(stop_fd_, &one, sizeof(one)) != sizeof(one)) core::log_error("eventfd failed");
    exchange_.join();
    close(stop_fd_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void run(const std::function<void(regions::Leader&)>& function) { queue_.run(function); }

  // The result of a function of the leader that writes nothing, called under the lock.
  template <typename Function>
  auto ask(const Function& function) {
    decltype(function(*leader_)) answer{};
    queue_.run_between([&](regions::Leader& leader) { answer = function(leader); });
    return answer;
  }

  // The result of a function of a view on the newest committed state.
  template <typename Function>
  auto read(const Function& function) const {
    decltype(function(std::declval<const regions::View&>())) answer{};
    leader_->read([&](const regions::View& view) { answer = function(view); });
    return answer;
  }

 private:
  // Sleeps until a peer has sent something or the leader's time has come; the only loop here.
  void exchange() {
    std::array<pollfd, 2> fds = {pollfd{leader_->wake_fd(), POLLIN, 0},
                                 pollfd{stop_fd_, POLLIN, 0}};
    std::chrono::milliseconds patience{0};
    for (;;) {
      poll(fds.data(), fds.size(), static_cast<int>(patience.count()));
      if (fds[1].revents != 0) return;
      queue_.run_between([&](regions::Leader& leader) { patience = leader.turn(); });
    }
  }

  std::unique_ptr<regions::Leader> leader_;
  regions::CommitQueue queue_;
  int stop_fd_;
  std::thread exchange_;
};

Store Store::open(Options options) {
  return Store(std::make_unique<Impl>(regions::Leader::open(options).value_or_raise()));
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

void Store::transact(const std::function<void(Transaction&)>& function) {
  impl_->run([&](regions::Leader& leader) {
    leader.scope().atomically([&](Scope& /*scope*/) { function(leader.scope()); });
  });
}

void Store::atomically(const std::function<void(Scope&)>& function) {
  impl_->run([&](regions::Leader& leader) { leader.scope().atomically(function); });
}

Type Store::type(const Key& key) const {
  return impl_->read([&](const auto& view) { return view.type(key); });
}

std::optional<std::string> Store::get(const Key& row) const {
  return impl_->read([&](const auto& view) { return view.get(row); });
}

std::vector<Sibling> Store::siblings(const Key& row) const {
  return impl_->read([&](const auto& view) { return view.siblings(row); });
}

std::int64_t Store::tally(const Key& row) const {
  return impl_->read([&](const auto& view) { return view.tally(row); });
}

bool Store::contains(const Key& row) const {
  return impl_->read([&](const auto& view) { return view.contains(row); });
}

std::uint64_t Store::count(const Key& collection) const {
  return impl_->read([&](const auto& view) { return view.count(collection); });
}

void Store::scan(const Key& prefix, const std::function<bool(const Entry&)>& visit) const {
  impl_->read([&](const auto& view) {
    view.scan(prefix, visit);
    return true;
  });
}

void Store::put(const Key& row, std::string_view value) {
  impl_->run([&](regions::Leader& leader) { leader.scope().put(row, value); });
}

void Store::remove(const Key& row) {
  impl_->run([&](regions::Leader& leader) { leader.scope().remove(row); });
}

void Store::add(const Key& row, std::int64_t amount) {
  impl_->run([&](regions::Leader& leader) { leader.scope().add(row, amount); });
}

void Store::reset(const Key& row) {
  impl_->run([&](regions::Leader& leader) { leader.scope().reset(row); });
}

void Store::clear(const Key& prefix) {
  impl_->run([&](regions::Leader& leader) { leader.scope().clear(prefix); });
}

StoreStatus Store::status() const {
  return impl_->ask([](regions::Leader& leader) { return leader.status(); });
}

bool Store::pause(std::string_view peer) {
  return impl_->ask([&](regions::Leader& leader) { return leader.pause(peer); });
}

bool Store::resume(std::string_view peer) {
  return impl_->ask([&](regions::Leader& leader) { return leader.resume(peer); });
}

}  // namespace anabranch
