#include "leader/check_options.h"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "leader/members/card_table.h"
#include "leader/policies.h"
#include "regions/policies.h"
#include "regions/wire/member_card.h"
#include "transport/address.h"

namespace anabranch::leader {

namespace {

constexpr std::size_t kNameSizeMax = 64;
constexpr std::int64_t kTimeMsMax = std::int64_t{100} * 366 * 24 * 3600 * 1000;
constexpr std::size_t kMapBytesLeast = std::size_t{64} << 20U;
constexpr std::uint64_t kLogBytesMaxLeast = std::uint64_t{1} << 20U;
// A batch of one transaction has no more than twice as many, with its contexts: a message has room
// for it (transport::kMessageSizeMax).
constexpr std::size_t kTransactionBytesMaxMost = std::size_t{128} << 20U;
constexpr std::uint64_t kFlushBytesMaxLeast = std::uint64_t{1} << 20U;

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

// A place to be told to others: HOST:PORT.
core::Result<void> check_place(std::string_view setting, std::string_view place) {
  if (place.empty()) return {};
  const std::string address = "tcp://" + std::string(place);
  const bool is_one = place.size() <= regions::MemberCard::kAddressBytesMax &&
                      transport::check_address(address, transport::AddressUse::kDial).ok();
  if (is_one) return {};
  return core::invalid(std::string(setting) + " \"" + std::string(place) +
                       "\" is no HOST:PORT that others could reach");
}

core::Result<void> check_promotion(const Options& options) {
  const std::int64_t after = options.promote_after_ms;
  if (after == 0) return {};
  if (after < CardTable::kPromoteMsMin || after > CardTable::kAgeMsMax) {
    return core::invalid("promote_after of " + std::to_string(after) +
                         " ms is out of its bounds: 1 s to 10 minutes, or 0 for never; 2 s is a "
                         "good choice");
  }
  if (!options.listen.empty() || !options.peers.empty()) return {};
  return core::invalid(
      "promote_after is set, but this leader is alone: it needs links to the other members (listen "
      "or peers)");
}

// What the card of this member tells.
core::Result<void> check_member(const Options& options) {
  std::string name = options.node_name;
  std::ranges::replace(name, ':', '.');
  if (!name.empty() && !is_name(name)) {
    return core::invalid("node_name \"" + options.node_name +
                         "\" is no name: 1 to 64 letters, digits, '-', '_', '.' or ':'");
  }
  if (!options.zone.empty() && !is_name(options.zone)) {
    return core::invalid("zone \"" + options.zone +
                         "\" is no name: 1 to 64 letters, digits, '-', '_' or '.'");
  }
  if (options.rank > regions::MemberCard::kRankMax) {
    return core::invalid("rank is " + std::to_string(options.rank) + ", over the most of 255");
  }
  if (auto checked = check_promotion(options); !checked.ok()) return checked;
  constexpr std::string_view kScheme = "tcp://";
  std::string_view peer = options.announce_peer;
  if (peer.starts_with(kScheme)) {
    peer.remove_prefix(kScheme.size());
  } else if (!peer.empty()) {
    return core::invalid("announce_peer \"" + options.announce_peer +
                         "\" is no address: it begins with tcp://");
  }
  for (const auto& [setting, place] :
       std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"announce_redis", options.announce_redis},
           {"announce_redis_tls", options.announce_redis_tls},
           {"announce_sentinel", options.announce_sentinel},
           {"announce_peer", peer}}) {
    if (auto checked = check_place(setting, place); !checked.ok()) return checked;
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

// By its name a policy finds its function.
core::Result<void> check_functions(const Options& options) {
  std::set<std::string_view> names;
  for (const Resolver& each : options.functions) {
    if (!is_name(each.name()) || each.name() == Resolver(std::string(), {}).name()) {
      return core::invalid("functions: \"" + std::string(each.name()) +
                           "\" is no name: give each function one, 1 to 64 letters, digits, '-', "
                           "'_' or '.'");
    }
    if (names.insert(each.name()).second) continue;
    return core::invalid("functions: the name \"" + std::string(each.name()) + "\" is there twice");
  }
  return {};
}

core::Result<void> check_policies(const Options& options) {
  constexpr std::size_t kMax = regions::Policies::kInForceMax;
  constexpr std::size_t kPrefixMax = regions::Policies::kPrefixBytesMax;
  std::set<std::pair<std::uint8_t, std::string_view>> scopes;
  for (const PrefixPolicy& each : options.policies) {
    const std::string which =
        "policies: " + to_string(each.policy) + " for \"" + each.prefix + "\"";
    if (auto checked = check_policy(each.database, each.policy); !checked.ok()) {
      return core::invalid(which + ": " + checked.failure().message);
    }
    if (each.prefix.size() > kPrefixMax) {
      return core::invalid(which + ": a prefix has at most " + std::to_string(kPrefixMax) +
                           " bytes");
    }
    const bool is_native = each.policy.kind == Policy::Kind::kNative;
    const bool has_it =
        std::ranges::find(options.functions, each.policy.name,
                          [](const Resolver& f) { return f.name(); }) != options.functions.end();
    if (is_native && !has_it) {
      return core::invalid(which +
                           ": this leader has no such function: give it in "
                           "Options::functions of an embedded store; a server has none");
    }
    if (scopes.emplace(each.database, each.prefix).second) continue;
    return core::invalid("policies: the prefix \"" + each.prefix + "\" of database " +
                         std::to_string(each.database) + " is there twice");
  }
  if (options.policies.size() <= kMax) return {};
  return core::invalid("policies: there are more than " + std::to_string(kMax));
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
  if (auto checked = check_member(options); !checked.ok()) return checked;
  if (auto checked = check_links(options); !checked.ok()) return checked;
  if (auto checked = check_resolvers(options); !checked.ok()) return checked;
  if (auto checked = check_functions(options); !checked.ok()) return checked;
  if (auto checked = check_policies(options); !checked.ok()) return checked;
  if (options.map_bytes < kMapBytesLeast) {
    return core::invalid("map_bytes is " + std::to_string(options.map_bytes) +
                         ", under the least of 67108864 (64 MiB)");
  }
  if (options.transaction_bytes_max > kTransactionBytesMaxMost) {
    return core::invalid("transaction_bytes_max is " +
                         std::to_string(options.transaction_bytes_max) +
                         ", over the most of 134217728 (128 MiB)");
  }
  if (options.flush_bytes_max < kFlushBytesMaxLeast) {
    return core::invalid("flush_bytes_max is " + std::to_string(options.flush_bytes_max) +
                         ", under the least of 1048576 (1 MiB)");
  }
  if (options.close_flush_ms < 0) return core::invalid("close_flush_ms is negative");
  if (options.log_bytes_max < kLogBytesMaxLeast) {
    return core::invalid("log_bytes_max is under 1 MiB, too little to be worth a log");
  }
  if (options.log_bytes_min > options.log_bytes_max) {
    return core::invalid("log_bytes_min is over log_bytes_max");
  }
  if (options.log_age_ms_max <= 0) return core::invalid("log_age_ms_max is not positive");
  if (options.expiry_wait_ms_max < 0 || options.expiry_wait_ms_max > kTimeMsMax) {
    return core::invalid("expiry_wait_ms_max is not between 0 and a hundred years");
  }
  if (options.once_ms < 0 || options.once_ms > kTimeMsMax) {
    return core::invalid("once_ms is not between 0 and a hundred years");
  }
  if (options.lag_alarm_ms < 0) return core::invalid("lag_alarm_ms is negative");
  if (options.lag_slow_ms < 0) return core::invalid("lag_slow_ms is negative");
  if (options.backup_alarm_ms < 0) return core::invalid("backup_alarm_ms is negative");
  if (options.read_ms_max < 0 || options.read_ms_max > kTimeMsMax) {
    return core::invalid("read_ms_max is not between 0 and a hundred years");
  }
  if (options.scrub_ms < 0) return core::invalid("scrub_ms is negative");
  if (options.expiry_grace_ms < 0 || options.expiry_grace_ms > kTimeMsMax) {
    return core::invalid("expiry_grace_ms is not between 0 and a hundred years");
  }
  if (options.clock_drift_ms_max < 0 || options.clock_drift_ms_max > kTimeMsMax) {
    return core::invalid("clock_drift_ms_max is not between 0 and a hundred years");
  }
  return {};
}

}  // namespace anabranch::leader
