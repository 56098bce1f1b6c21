#include "http/port.h"

#include <sys/stat.h>

#include <functional>
#include <optional>
#include <utility>

#include "control/listener.h"
#include "core/system/standard_descriptors.h"
#include "http/token.h"

namespace anabranch::http {
namespace {

// Fails if the options cannot be; else returns the address.
Address checked(const PortOptions& options) {
  core::fill_standard_descriptors().value_or_raise();
  const HttpOptions& http = options.http;
  if (http.directory.empty()) {
    throw Error(ErrorCode::kInvalid, "the HTTP port needs the data directory of a store");
  }
  if (http.ready_lag_ms < 0) {
    throw Error(ErrorCode::kInvalid, "ready_lag_ms must not be negative");
  }
  const std::string path = control::control_path(http.directory).value_or_raise();
  struct stat status = {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) {
    throw Error(ErrorCode::kInvalid, "the HTTP port asks the leader over its control socket, and " +
                                         path +
                                         " is not there: open the store first, with the socket "
                                         "(Options::control, without --no-control)");
  }
  return parse_address(http.address, options.anywhere).value_or_raise();
}

// The token is there for ports without users only.
Site::Settings settings_of(const PortOptions& options, const Address& address) {
  const bool has_users = options.gate && options.gate->has_users();
  return {.directory = options.http.directory,
          .guard = {Hosts(address, options.hosts, options.certificates),
                    options.certificates != nullptr},
          .ready_lag_ms = options.http.ready_lag_ms,
          .token = has_users ? std::optional<Token>()
                             : Token::open(options.http.directory).value_or_raise(),
          .gate = options.gate,
          .documents = options.documents};
}

std::function<bool()> users_of(const PortOptions& options) {
  if (!options.gate) return {};
  return [gate = options.gate] { return gate->has_users(); };
}

}  // namespace

Port::Port(const PortOptions& options)
    : address_(checked(options)),
      figures_(control::http_figures(options.http.directory)),
      site_(settings_of(options, address_), figures_),
      connections_({address_, options.certificates, users_of(options)}, figures_,
                   [this](std::uint64_t number, const Request& request) {
                     return site_.answer(number, request);
                   }) {
  const std::string scheme = options.certificates ? "https://" : "http://";
  name_ = address_.is_path()
              ? "unix:" + address_.path
              : scheme + address_.shown_host() + ':' + std::to_string(connections_.port());
  site_.start(
      {[this](std::uint64_t number, Answer answer) {
         connections_.answer(number, std::move(answer));
       },
       [this](std::shared_ptr<const std::string> event) { connections_.tell(std::move(event)); },
       [this](std::function<void()> function) { connections_.run(std::move(function)); }});
  connections_.start();
}

Port::~Port() {
  // Both give to each other; neither does so any more from here on.
  connections_.stop();
  site_.stop();
}

}  // namespace anabranch::http
