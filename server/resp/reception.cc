#include "server/resp/reception.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "core/log.h"
#include "core/system_failure.h"

namespace anabranch::server {
namespace {

constexpr int kAcceptsMax = 200;  // In one turn.
constexpr std::chrono::milliseconds kPause{100};

// Whether accept failed for lack of descriptors or memory, a temporary condition, and not since
// nobody waits.
bool out_of_resources(int error) {
  if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR) return false;
  return error == ENOBUFS || core::may_pass(error);
}

}  // namespace

Reception::Reception(std::vector<Entrance> entrances, std::optional<TlsContext> tls,
                     const control::Listener* control, const Epoll& epoll)
    : entrances_(std::move(entrances)), tls_(std::move(tls)), control_(control), epoll_(epoll) {
  if (!watch()) throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

bool Reception::watch() {
  const auto add = [this](int fd, const void* tag) {
    return epoll_.add(fd, tag) || errno == EEXIST;
  };
  const bool all =
      std::ranges::all_of(entrances_, [&](const Entrance& each) { return add(each.fd(), &each); });
  return all && (control_ == nullptr || add(control_->fd(), &control_));
}

bool Reception::on_event(const void* tag, const Welcome& welcome) {
  if (tag == &control_) {
    for (int i = 0; i < kAcceptsMax && accept_visitor(welcome); ++i) continue;
    return true;
  }
  const auto at =
      std::ranges::find_if(entrances_, [&](const Entrance& each) { return &each == tag; });
  if (at == entrances_.end()) return false;
  for (int i = 0; i < kAcceptsMax && accept_at(*at, welcome); ++i) continue;
  return true;
}

bool Reception::accept_at(const Entrance& entrance, const Welcome& welcome) {
  int error = 0;
  Entrance::Arrival arrival = entrance.accept(error);
  if (!arrival.socket.open()) {
    after(error);
    return error == ECONNABORTED || error == EINTR;
  }
  warned_ = false;
  const bool by_path = entrance.kind() == Entrance::Kind::kPath;
  Stream stream = entrance.kind() == Entrance::Kind::kTls ? Stream(std::move(arrival.socket), *tls_)
                                                          : Stream(std::move(arrival.socket));
  return welcome({std::move(stream), std::move(arrival.address), std::move(arrival.local_address),
                  arrival.local, false, by_path, entrance.kind() == Entrance::Kind::kTls,
                  entrance.is_sentinel()});
}

bool Reception::accept_visitor(const Welcome& welcome) {
  int error = 0;
  control::File socket = control_->accept(error);
  if (!socket.open()) {
    after(error);
    return false;
  }
  return welcome({Stream(std::move(socket)), "control", "control", true, true, true});
}

void Reception::after(int error) {
  if (out_of_resources(error)) pause();
}

void Reception::pause() {
  lacked_ = true;
  if (again_ != SteadyTime{}) return;
  if (!warned_) {
    core::log_warning({},
                      "No descriptors are left for more clients; they wait until some are free.");
  }
  warned_ = true;
  for (const Entrance& each : entrances_) epoll_.remove(each.fd());
  if (control_ != nullptr) epoll_.remove(control_->fd());
  again_ = steady_now() + kPause;
}

Reception::Milliseconds Reception::go_on(Milliseconds timeout) {
  if (again_ == SteadyTime{}) return timeout;
  if (steady_now() >= again_) again_ = watch() ? SteadyTime{} : steady_now() + kPause;
  return std::min(timeout, kPause);
}

}  // namespace anabranch::server
