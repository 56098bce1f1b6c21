#include "server/resp/server.h"

#include <sys/eventfd.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include "control/listener.h"
#include "server/resp/access/user_file.h"
#include "server/resp/command.h"
#include "server/resp/endpoint.h"
#include "server/resp/loop.h"

namespace anabranch::server {
namespace {

// Descriptors that are not clients: files of the storage, sockets of the peers.
constexpr rlim_t kOtherFiles = 256;

// Requests the descriptors that this many clients need; accepting copes with fewer.
void raise_file_limit(std::size_t connections) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = std::min<rlim_t>(connections + kOtherFiles, limit.rlim_max);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void signal(const File& event) noexcept {
  const std::uint64_t one = 1;
  // Fails only if the descriptor is readable already.
  [[maybe_unused]] const ssize_t written = ::write(event.fd(), &one, sizeof(one));
}

}  // namespace

class Server::Impl {
 public:
  Impl(leader::Leader& leader, ServerOptions options, Users users, File listener,
       std::optional<control::Listener> control, File stop, File reload)
      : options_(std::move(options)),
        control_(std::move(control)),
        endpoint_(endpoint_of(listener)),
        stop_(std::move(stop)),
        reload_(std::move(reload)),
        loop_(leader, options_, std::move(users), std::move(listener),
              control_ ? &*control_ : nullptr, endpoint_, {stop_.fd(), reload_.fd()}) {}

  const ServerOptions options_;
  const std::optional<control::Listener> control_;
  const std::string endpoint_;
  File stop_;
  File reload_;
  Loop loop_;
};

core::Result<std::unique_ptr<Server>> Server::open(leader::Leader& leader, ServerOptions options) {
  core::Result<Users> users = load_users(options.acl_file, catalogue());
  if (!users.ok()) return users.failure();
  core::Result<File> listener = listen_on(options.address);
  if (!listener.ok()) return listener.failure();
  std::optional<control::Listener> control;
  if (!options.control_directory.empty()) {
    core::Result<control::Listener> opened = control::Listener::open(options.control_directory);
    if (!opened.ok()) return opened.failure();
    control.emplace(std::move(opened).value());
  }
  raise_file_limit(options.connections_max);
  File stop(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  File reload(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  try {
    if (!stop.open() || !reload.open())
      throw std::system_error(errno, std::generic_category(), "eventfd");
    auto impl = std::make_unique<Impl>(leader, std::move(options), std::move(users).value(),
                                       std::move(listener.value()), std::move(control),
                                       std::move(stop), std::move(reload));
    return std::unique_ptr<Server>(new Server(std::move(impl)));
  } catch (const std::system_error& error) {
    return core::Failure{ErrorCode::kIo, error.what()};
  }
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() = default;

const std::string& Server::endpoint() const { return impl_->endpoint_; }

void Server::run() { impl_->loop_.run(); }

void Server::stop() noexcept { signal(impl_->stop_); }

void Server::reload_keys() noexcept { signal(impl_->reload_); }

}  // namespace anabranch::server
