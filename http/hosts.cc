#include "http/hosts.h"

#include <algorithm>
#include <utility>

#include "core/text.h"

namespace anabranch::http {
namespace {

constexpr std::string_view kAny = "*.";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

std::string_view name_in_host(std::string_view host) {
  const std::size_t close = host.starts_with('[') ? host.find(']') : 0;
  if (close == host.npos) return {};
  const std::size_t colon = host.find(':', close);
  if (colon != host.npos && !core::parse_port(host.substr(colon + 1))) return {};
  const std::string_view name = host.substr(0, colon);
  if (close == 0) return name;
  if (name.size() != close + 1) return {};
  return name.substr(1, close - 1);
}

bool is_name(std::string_view text) {
  if (is_number(text)) return true;
  if (text.starts_with(kAny)) text.remove_prefix(kAny.size());
  constexpr std::string_view kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  return !text.empty() && text.find_first_not_of(kLetters) == text.npos;
}

bool has_name(std::string_view host, std::string_view name) {
  if (!name.starts_with(kAny)) return same_name(host, name);
  const std::size_t dot = host.find('.');
  return dot != host.npos && dot > 0 && same_name(host.substr(dot), name.substr(1));
}

Hosts::Hosts(const Address& address, std::vector<std::string> names,
             std::shared_ptr<const Certificates> certificates)
    : address_(address), names_(std::move(names)), certificates_(std::move(certificates)) {}

bool Hosts::allow(std::string_view host) const {
  // No browser reaches a socket on a path by itself; clients there name any host.
  if (address_.is_path() || is_loopback_host(host)) return true;
  const std::string_view name = name_in_host(host);
  if (name.empty()) return false;
  const bool by_number = address_.is_any() ? is_number(name) : same_number(name, address_.number());
  const auto has = [&](const std::string& each) {
    return has_name(name, each) || same_number(name, each);
  };
  if (by_number || std::ranges::any_of(names_, has)) return true;
  return certificates_ && std::ranges::any_of(certificates_->names(), has);
}

}  // namespace anabranch::http
