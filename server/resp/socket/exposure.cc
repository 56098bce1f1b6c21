#include "server/resp/socket/exposure.h"

#include <string_view>

#include "server/resp/socket/endpoint.h"

namespace anabranch::server {
namespace {

constexpr std::string_view kUnix = "unix:";

core::Failure without_passwords(const std::string& port, const std::string& address) {
  return core::invalid("the " + port + " address " + address +
                       " is refused without passwords: name a file of users (acl_file) in which "
                       "the user default is off, or has a password");
}

}  // namespace

core::Result<void> check_exposure(const Exposure& exposure) {
  const std::string& tls = exposure.tls_address;
  if (!exposure.address.empty()) {
    auto fit = check_address(exposure.address, exposure.insecure);
    if (!fit.ok()) return fit;
  }
  if (tls.empty()) return {};
  if (auto fit = check_address(tls, true); !fit.ok()) return fit;
  if (exposure.insecure || !exposure.open || is_local_address(tls)) return {};
  return without_passwords("Redis", tls);
}

bool HttpExposure::is_outside() const {
  return !address.empty() && !address.starts_with(kUnix) && !is_local_address(address);
}

core::Result<void> check_exposure(const HttpExposure& exposure) {
  if (exposure.has_tls && exposure.address.starts_with(kUnix)) {
    return core::invalid("http_tls is for HOST:PORT, and not for the socket " + exposure.address);
  }
  if (!exposure.is_outside() || exposure.insecure) return {};
  if (!exposure.has_tls) {
    return core::invalid("the HTTP address " + exposure.address +
                         " is refused without TLS: only 127.0.0.1, [::1], localhost and unix:PATH "
                         "are allowed; others need http_tls");
  }
  if (exposure.open) return without_passwords("HTTP", exposure.address);
  return {};
}

}  // namespace anabranch::server
