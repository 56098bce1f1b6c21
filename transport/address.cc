#include "transport/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string>

#include "core/text.h"

namespace anabranch::transport {
namespace {

constexpr std::string_view kScheme = "tcp://";
constexpr std::string_view kAlphanumeric =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

bool consists_of(std::string_view text, std::string_view others) {
  return std::ranges::all_of(text, [others](char c) {
    return kAlphanumeric.find(c) != std::string_view::npos ||
           others.find(c) != std::string_view::npos;
  });
}

bool is_host(std::string_view host, AddressUse use) {
  if (host == "*") return use == AddressUse::kListen;
  if (host.starts_with('[') && host.ends_with(']') && host.size() > 3) {
    return consists_of(host.substr(1, host.size() - 2), ":.%");
  }
  return !host.empty() && consists_of(host, ".-_");
}

bool is_port(std::string_view port, AddressUse use) {
  if (port == "*") return use == AddressUse::kListen;
  const auto number = core::parse_port(port);
  return number && (*number != 0 || use == AddressUse::kListen);
}

}  // namespace

core::Result<void> check_address(std::string_view address, AddressUse use) {
  const std::size_t colon = address.rfind(':');
  if (address.starts_with(kScheme) && colon != std::string_view::npos && colon > kScheme.size()) {
    const std::string_view host = address.substr(kScheme.size(), colon - kScheme.size());
    if (is_host(host, use) && is_port(address.substr(colon + 1), use)) return {};
  }
  return core::invalid("\"" + std::string{address} + "\" is not an address to " +
                       (use == AddressUse::kListen ? "listen on" : "dial") +
                       ": expected tcp://HOST:PORT");
}

core::Result<PeerAddress> parse_peer(std::string_view text) {
  const std::size_t at = text.find('@');
  const bool has_region = at != text.npos;
  const std::string_view region = has_region ? text.substr(0, at) : std::string_view();
  if (has_region && (region.empty() || !consists_of(region, "-_."))) {
    return core::invalid("\"" + std::string(text) +
                         "\" is no peer: expected REGION@tcp://HOST:PORT or tcp://HOST:PORT");
  }
  const std::string_view address = has_region ? text.substr(at + 1) : text;
  if (auto checked = check_address(address, AddressUse::kDial); !checked.ok()) {
    return checked.failure();
  }
  return PeerAddress{std::string(region), std::string(address)};
}

bool is_ipv6(std::string_view address) { return address.starts_with("tcp://["); }

bool is_numeric(std::string_view address) {
  if (is_ipv6(address)) return true;
  const std::string host(address.substr(kScheme.size(), address.rfind(':') - kScheme.size()));
  in_addr number{};
  return ::inet_pton(AF_INET, host.c_str(), &number) == 1;
}

bool is_loopback_host(std::string_view host) {
  if (host == "localhost" || host == "::1" || host == "[::1]") return true;
  return host.starts_with("127.") &&
         host.find_first_not_of(".0123456789") == std::string_view::npos;
}

bool is_loopback(std::string_view address) {
  return is_loopback_host(address.substr(kScheme.size(), address.rfind(':') - kScheme.size()));
}

}  // namespace anabranch::transport
