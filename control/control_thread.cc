#include "control/control_thread.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include <anabranch/error.h>

#include "core/log.h"
#include "core/system_failure.h"
#include "leader/threads/begin_thread.h"
#include "leader/threads/own_thread.h"

namespace anabranch::control {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAcceptPause{100};  // While descriptors lack.
constexpr milliseconds kLookAtIdle{1000};
constexpr int kForEver = -1;

// One try: nobody waits for a client that is refused.
void refuse(const File& client) {
  constexpr std::string_view kFull = "-ERR too many clients of the control socket; try again\r\n";
  [[maybe_unused]] const ssize_t sent =
      ::send(client.fd(), kFull.data(), kFull.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

ControlThread::ControlThread(Listener listener, std::unique_ptr<Owner> owner, std::string region)
    : region_(std::move(region)),
      owner_(std::move(owner)),
      listener_(std::move(listener)),
      stop_(::eventfd(0, EFD_CLOEXEC)) {
  if (!stop_.open()) throw Error(ErrorCode::kIo, "eventfd failed");
  thread_ = leader::begin_thread([this] { serve(); });
}

ControlThread::~ControlThread() {
  const std::uint64_t one = 1;
  if (::write(stop_.fd(), &one, sizeof(one)) != sizeof(one)) {
    core::log_error(region_, "eventfd failed");
  }
  thread_.join();
}

void ControlThread::serve() {
  const leader::OwnThread here(owner_->store());
  std::vector<pollfd> polled;
  for (;;) {
    const short hears = accepting_ ? POLLIN : 0;
    polled.assign({{stop_.fd(), POLLIN, 0}, {listener_.fd(), hears, 0}});
    for (const auto& each : visitors_) polled.push_back({each->fd(), each->events(), 0});
    const milliseconds pause = accepting_ ? kLookAtIdle : kAcceptPause;
    const bool sleeps = accepting_ && visitors_.empty();
    ::poll(polled.data(), polled.size(), sleeps ? kForEver : static_cast<int>(pause.count()));
    if (polled[0].revents != 0) return;
    const Visitor::Time now = std::chrono::steady_clock::now();
    std::vector<std::unique_ptr<Visitor>> stay;
    for (std::size_t i = 0; i < visitors_.size(); ++i) {
      if (polled[i + 2].revents == 0 || visitors_[i]->go_on(now)) {
        stay.push_back(std::move(visitors_[i]));
      }
    }
    visitors_ = std::move(stay);
    drop_idle(now);
    const bool again = !std::exchange(accepting_, true);
    if (again || polled[1].revents != 0) accept();
  }
}

void ControlThread::accept() {
  for (;;) {
    int error = 0;
    File client = listener_.accept(error);
    if (!client.open()) {
      const bool nobody = error == EAGAIN || error == EWOULDBLOCK;
      const bool lacks = error == ENOBUFS || (!nobody && core::may_pass(error));
      accepting_ = !lacks;  // A listener that stays readable would keep the thread awake.
      if (lacks && !std::exchange(warned_, true)) {
        core::log_warning(region_, "No descriptor is left for a client of the control socket.");
      }
      return;
    }
    warned_ = false;
    if (visitors_.size() >= kVisitorsMax) {
      refuse(client);
    } else {
      visitors_.push_back(std::make_unique<Visitor>(std::move(client), *owner_));
    }
  }
}

void ControlThread::drop_idle(Visitor::Time now) {
  std::erase_if(visitors_, [&](const auto& each) { return now - each->last() > kIdle; });
}

}  // namespace anabranch::control
