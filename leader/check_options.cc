#include "leader/check_options.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "transport/address.h"

namespace anabranch::leader {

namespace {

constexpr std::size_t kNameSizeMax = 64;
constexpr std::int64_t kExpiryMsMax = std::int64_t{100} * 366 * 24 * 3600 * 1000;
constexpr std::size_t kMapBytesLeast = std::size_t{64} << 20U;
constexpr std::uint64_t kLogBytesMaxLeast = std::uint64_t{1} << 20U;

bool is_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !name.empty() && name.size() <= kNameSizeMax && std::ranges::all_of(name, allowed);
}

// Links without keys may only stay on this machine, unless the operator insists.
core::Result<void> check_links(const Options& options) {
  if (options.keys_file.empty() != options.peers_keys_file.empty()) {
    return core::invalid("keys_file and peers_keys_file belong together: one of them is missing");
  }
  const bool is_free = options.insecure || !options.keys_file.empty();
  const auto is_allowed = [&](std::string_view address) {
    return is_free || transport::is_loopback(address);
  };
  constexpr std::string_view kWhy =
      ": links without keys are for addresses of this machine only, such as "
      "tcp://127.0.0.1:7400; make keys with `anabranch keys new`";
  if (!options.listen.empty()) {
    auto checked = transport::check_address(options.listen, transport::AddressUse::kListen);
    if (!checked.ok()) return checked;
    if (!is_allowed(options.listen)) {
      return core::invalid("will not listen on " + options.listen + std::string(kWhy));
    }
  }
  for (const std::string& text : options.peers) {
    const auto peer = transport::parse_peer(text);
    if (!peer.ok()) return peer.failure();
    if (!is_allowed(peer.value().address)) {
      return core::invalid("will not dial " + text + std::string(kWhy));
    }
  }
  return {};
}

// With two resolvers for one prefix, one would never be called.
core::Result<void> check_resolvers(const Options& options) {
  std::set<std::string_view> prefixes;
  for (const PrefixResolver& each : options.resolvers) {
    if (prefixes.insert(each.prefix).second) continue;
    return core::invalid("resolvers: the prefix \"" + each.prefix + "\" is there twice");
  }
  return {};
}

}  // namespace

core::Result<void> check_options(const Options& options) {
  if (options.path.empty()) return core::invalid("the path of the data directory is empty");
  if (!is_name(options.region)) {
    return core::invalid("region \"" + options.region +
                         "\" is no name: 1 to 64 letters, digits, '-', '_' or '.'");
  }
  if (!is_name(options.mesh)) {
    return core::invalid("mesh \"" + options.mesh +
                         "\" is no name: 1 to 64 letters, digits, '-', '_' or '.'");
  }
  if (auto checked = check_links(options); !checked.ok()) return checked;
  if (auto checked = check_resolvers(options); !checked.ok()) return checked;
  if (options.map_bytes < kMapBytesLeast) {
    return core::invalid("map_bytes is " + std::to_string(options.map_bytes) +
                         ", under the least of 67108864 (64 MiB)");
  }
  if (options.log_bytes_max < kLogBytesMaxLeast) {
    return core::invalid("log_bytes_max is under 1 MiB, too little to be worth a log");
  }
  if (options.log_bytes_min > options.log_bytes_max) {
    return core::invalid("log_bytes_min is over log_bytes_max");
  }
  if (options.log_age_ms_max <= 0) return core::invalid("log_age_ms_max is not positive");
  if (options.expiry_wait_ms_max < 0 || options.expiry_wait_ms_max > kExpiryMsMax) {
    return core::invalid("expiry_wait_ms_max is not between 0 and a hundred years");
  }
  if (options.expiry_grace_ms < 0 || options.expiry_grace_ms > kExpiryMsMax) {
    return core::invalid("expiry_grace_ms is not between 0 and a hundred years");
  }
  if (options.clock_drift_ms_max < 0) return core::invalid("clock_drift_ms_max is negative");
  return {};
}

}  // namespace anabranch::leader
