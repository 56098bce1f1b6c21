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
#include "server/resp/loop.h"
#include "server/resp/socket/endpoint.h"
#include "server/resp/socket/entrance.h"

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

// Opens all entrances of the options. Fails as Entrance does, and if clients of other machines
// would need no password.
core::Result<std::vector<Entrance>> open_entrances(const ServerOptions& options,
                                                   const Users& users) {
  std::vector<Entrance> entrances;
  core::Failure failure;
  const auto add = [&](core::Result<Entrance> made) {
    if (made.ok()) {
      entrances.push_back(std::move(made).value());
    } else {
      failure = made.failure();
    }
    return made.ok();
  };
  const bool open = users.default_user().is_open();
  if (!options.tls_address.empty() && !options.insecure && open &&
      !is_local_address(options.tls_address)) {
    return core::invalid("the Redis address " + options.tls_address +
                         " is refused without passwords: name a file of users (acl_file) in which "
                         "the user default is off, or has a password");
  }
  const bool done =
      (options.address.empty() ||
       add(Entrance::on_address(options.address, Entrance::Kind::kPlain, options.insecure))) &&
      (options.tls_address.empty() ||
       add(Entrance::on_address(options.tls_address, Entrance::Kind::kTls, true))) &&
      (options.socket_path.empty() ||
       add(Entrance::on_path(options.socket_path, options.socket_mode)));
  if (!done) return failure;
  return entrances;
}

// Returns the certificates, if there is an entrance for them.
core::Result<std::optional<TlsContext>> load_certificates(const ServerOptions& options) {
  if (options.tls_address.empty()) return std::optional<TlsContext>();
  core::Result<TlsContext> tls = TlsContext::load(options.tls);
  if (!tls.ok()) return tls.failure();
  return std::optional<TlsContext>(std::move(tls).value());
}

// HOST:PORT of the entrance of this kind; empty if there is none.
std::string name_of(const std::vector<Entrance>& entrances, Entrance::Kind kind) {
  const auto found = std::ranges::find(entrances, kind, &Entrance::kind);
  return found == entrances.end() ? std::string() : found->name();
}

}  // namespace

class Server::Impl {
 public:
  struct Parts {
    ServerOptions options;
    Users users;
    std::vector<Entrance> entrances;
    std::optional<TlsContext> tls;
    std::optional<control::Listener> control;
    File stop;
    File reload;
  };

  Impl(leader::Leader& leader, Parts parts)
      : options_(std::move(parts.options)),
        control_(std::move(parts.control)),
        endpoint_(name_of(parts.entrances, Entrance::Kind::kPlain)),
        tls_endpoint_(name_of(parts.entrances, Entrance::Kind::kTls)),
        stop_(std::move(parts.stop)),
        reload_(std::move(parts.reload)),
        loop_(leader, options_, std::move(parts.users),
              {std::move(parts.entrances), std::move(parts.tls), control_ ? &*control_ : nullptr,
               endpoint_, tls_endpoint_},
              {stop_.fd(), reload_.fd()}) {}

  const ServerOptions options_;
  const std::optional<control::Listener> control_;
  const std::string endpoint_;
  const std::string tls_endpoint_;
  File stop_;
  File reload_;
  Loop loop_;
};

core::Result<std::unique_ptr<Server>> Server::open(leader::Leader& leader, ServerOptions options) {
  core::Result<Users> users = load_users(options.acl_file, catalogue());
  if (!users.ok()) return users.failure();
  core::Result<std::optional<TlsContext>> tls = load_certificates(options);
  if (!tls.ok()) return tls.failure();
  core::Result<std::vector<Entrance>> entrances = open_entrances(options, users.value());
  if (!entrances.ok()) return entrances.failure();
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
    auto impl = std::make_unique<Impl>(
        leader, Impl::Parts{std::move(options), std::move(users).value(),
                            std::move(entrances).value(), std::move(tls).value(),
                            std::move(control), std::move(stop), std::move(reload)});
    return std::unique_ptr<Server>(new Server(std::move(impl)));
  } catch (const std::system_error& error) {
    return core::Failure{ErrorCode::kIo, error.what()};
  }
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() = default;

const std::string& Server::endpoint() const { return impl_->endpoint_; }

const std::string& Server::tls_endpoint() const { return impl_->tls_endpoint_; }

void Server::run() { impl_->loop_.run(); }

void Server::stop() noexcept { signal(impl_->stop_); }

void Server::reload_keys() noexcept { signal(impl_->reload_); }

}  // namespace anabranch::server
