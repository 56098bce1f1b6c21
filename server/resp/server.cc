#include "server/resp/server.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

#include "control/listener.h"
#include "control/resp/file.h"
#include "server/resp/access/user_file.h"
#include "server/resp/command.h"
#include "server/resp/loop.h"
#include "server/resp/socket/entrance.h"
#include "server/resp/socket/exposure.h"
#include "server/resp/socket/tls_shared.h"
#include "server/resp/web/web_gate.h"

namespace anabranch::server {

using control::File;
namespace {

// Longer than any client lives, and short enough that the clock cannot overflow.
constexpr std::chrono::hours kTimeMax{24 * 365 * 100};

void signal(const File& event) noexcept {
  const std::uint64_t one = 1;
  // Fails only if the descriptor is readable already.
  [[maybe_unused]] const ssize_t written = ::write(event.fd(), &one, sizeof(one));
}

HttpExposure http_of(const ServerOptions& options, const Users& users) {
  return {options.http_address, options.http_tls, options.http_insecure,
          users.default_user().is_open()};
}

// Opens all entrances of the options. Fails as Entrance does, and if clients of other machines
// would need no password.
core::Result<std::vector<Entrance>> open_entrances(const ServerOptions& options,
                                                   const Users& users) {
  std::vector<Entrance> entrances;
  core::Failure failure;
  const auto add = [&](core::Result<Entrance> made) {
    if (!made.ok()) {
      failure = made.failure();
      return false;
    }
    entrances.push_back(std::move(made).value());
    return true;
  };
  const core::Result<void> safe = check_exposure(Exposure{
      options.address, options.tls_address, options.insecure, users.default_user().is_open()});
  if (!safe.ok()) return safe.failure();
  const core::Result<void> safe_sentinel =
      check_exposure(Exposure{options.sentinel_address, options.sentinel_tls_address,
                              options.insecure, users.default_user().is_open()});
  if (!safe_sentinel.ok()) return safe_sentinel.failure();
  const core::Result<void> safe_http = check_exposure(http_of(options, users));
  if (!safe_http.ok()) return safe_http.failure();
  using Kind = Entrance::Kind;
  using Port = Entrance::Port;
  const auto add_both = [&](const std::string& plain, const std::string& tls, Port port) {
    return (plain.empty() ||
            add(Entrance::on_address(plain, Kind::kPlain, options.insecure, port))) &&
           (tls.empty() || add(Entrance::on_address(tls, Kind::kTls, true, port)));
  };
  const bool done =
      add_both(options.address, options.tls_address, Port::kRedis) &&
      add_both(options.sentinel_address, options.sentinel_tls_address, Port::kSentinel) &&
      (options.socket_path.empty() ||
       add(Entrance::on_path(options.socket_path, options.socket_mode)));
  if (!done) return failure;
  return entrances;
}

// Returns the certificates, if there is an entrance for them.
core::Result<std::optional<TlsContext>> load_certificates(const ServerOptions& options) {
  const bool has_http = options.http_tls && !options.http_address.empty();
  if (options.tls_address.empty() && options.sentinel_tls_address.empty() && !has_http) {
    return std::optional<TlsContext>();
  }
  core::Result<TlsContext> tls = TlsContext::load(options.tls);
  if (!tls.ok()) return tls.failure();
  return std::optional<TlsContext>(std::move(tls).value());
}

// With a file of users, and at an address that other machines reach, all who come must be users.
std::shared_ptr<WebGate> make_web_gate(const ServerOptions& options, const Users& users) {
  if (options.http_address.empty()) return nullptr;
  const HttpExposure http = http_of(options, users);
  const bool is_reached = http.is_outside() && !http.insecure;
  return std::make_shared<WebGate>(!options.acl_file.empty() || is_reached || !http.open);
}

std::shared_ptr<SharedTls> share_certificates(const ServerOptions& options,
                                              const std::optional<TlsContext>& tls) {
  if (options.http_address.empty() || !options.http_tls) return nullptr;
  return std::make_shared<SharedTls>(*tls);
}

// HOST:PORT of the entrance of this kind; empty if there is none.
std::string name_of(const std::vector<Entrance>& entrances, Entrance::Kind kind, bool sentinel) {
  const auto found = std::ranges::find_if(entrances, [&](const Entrance& each) {
    return each.kind() == kind && each.is_sentinel() == sentinel;
  });
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
    std::shared_ptr<WebGate> web;
    std::shared_ptr<SharedTls> web_tls;
    File stop;
    File reload;
    Reopenings* reopenings = nullptr;
  };

  Impl(leader::Leader& leader, Parts parts)
      : options_(std::move(parts.options)),
        control_(std::move(parts.control)),
        endpoint_(name_of(parts.entrances, Entrance::Kind::kPlain, false)),
        tls_endpoint_(name_of(parts.entrances, Entrance::Kind::kTls, false)),
        sentinel_endpoint_(name_of(parts.entrances, Entrance::Kind::kPlain, true)),
        sentinel_tls_endpoint_(name_of(parts.entrances, Entrance::Kind::kTls, true)),
        stop_(std::move(parts.stop)),
        reload_(std::move(parts.reload)),
        web_(std::move(parts.web)),
        web_tls_(std::move(parts.web_tls)),
        loop_(leader, options_, std::move(parts.users),
              {std::move(parts.entrances), std::move(parts.tls), control_ ? &*control_ : nullptr,
               endpoint_, tls_endpoint_, web_, web_tls_, parts.reopenings},
              {stop_.fd(), reload_.fd()}) {}

  ServerOptions options_;
  const std::optional<control::Listener> control_;
  const std::string endpoint_;
  const std::string tls_endpoint_;
  const std::string sentinel_endpoint_;
  const std::string sentinel_tls_endpoint_;
  File stop_;
  File reload_;
  const std::shared_ptr<WebGate> web_;
  const std::shared_ptr<SharedTls> web_tls_;
  Loop loop_;
};

core::Result<std::unique_ptr<Server>> Server::open(leader::Leader& leader, ServerOptions options,
                                                   Reopenings* reopenings) {
  options.idle_time_max = std::min<std::chrono::seconds>(options.idle_time_max, kTimeMax);
  options.output_stall = std::min<std::chrono::milliseconds>(options.output_stall, kTimeMax);
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
  File stop(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  File reload(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  try {
    if (!stop.open() || !reload.open())
      throw std::system_error(errno, std::generic_category(), "eventfd");
    auto web = make_web_gate(options, users.value());
    auto web_tls = share_certificates(options, tls.value());
    auto impl = std::make_unique<Impl>(
        leader,
        Impl::Parts{std::move(options), std::move(users).value(), std::move(entrances).value(),
                    std::move(tls).value(), std::move(control), std::move(web), std::move(web_tls),
                    std::move(stop), std::move(reload), reopenings});
    return std::unique_ptr<Server>(new Server(std::move(impl)));
  } catch (const std::system_error& error) {
    return core::Failure{ErrorCode::kIo, error.what()};
  }
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() = default;

const std::string& Server::endpoint() const { return impl_->endpoint_; }

const std::string& Server::tls_endpoint() const { return impl_->tls_endpoint_; }

const std::string& Server::sentinel_endpoint() const { return impl_->sentinel_endpoint_; }

const std::string& Server::sentinel_tls_endpoint() const { return impl_->sentinel_tls_endpoint_; }

std::shared_ptr<http::Gate> Server::http_gate() const { return impl_->web_; }

std::shared_ptr<http::Certificates> Server::http_certificates() const { return impl_->web_tls_; }

void Server::run() { impl_->loop_.run(); }

bool Server::opens_anew() const { return impl_->loop_.opens_anew(); }

void Server::stop() noexcept { signal(impl_->stop_); }

void Server::reload_keys() noexcept { signal(impl_->reload_); }

}  // namespace anabranch::server
