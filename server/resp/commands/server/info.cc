#include "server/resp/commands/server/info.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "control/verbs/status_fields.h"
#include "core/system/standard_error.h"
#include "core/wall_clock.h"
#include "leader/health/footprint.h"
#include "server/resp/command.h"
#include "server/resp/commands/server/save_time.h"
#include "server/resp/concern/held_answer.h"
#include "server/resp/identity.h"
#include "server/resp/members/members_shown.h"

namespace anabranch::server {
namespace {

class Lines {
 public:
  void add(std::string_view name, std::string_view value) {
    text_.append(name).append(":").append(value).append("\r\n");
  }
  void add(std::string_view name, std::uint64_t value) { add(name, std::to_string(value)); }

  void add_seconds(std::string_view name, const timeval& time) {
    std::array<char, 32> text;
    std::snprintf(text.data(), text.size(), "%lld.%06lld", static_cast<long long>(time.tv_sec),
                  static_cast<long long>(time.tv_usec));
    add(name, text.data());
  }
  // With so many digits behind the point.
  void add_number(std::string_view name, double value, int digits) {
    std::array<char, 64> text;
    std::snprintf(text.data(), text.size(), "%.*f", digits, value);
    add(name, text.data());
  }

  std::string text_;
};

// The server and the data that the sections describe. The status is computed once, for the first
// section that shows it.
class Source {
 public:
  Source(const Host& of, const Scope* reads, bool all) : host(of), scope(reads), all_keys(all) {}
  [[nodiscard]] const StoreStatus& status() const {
    if (!status_) status_ = host.status();
    return *status_;
  }

  const Host& host;
  const Scope* scope;   // Null for the Sentinel port, which shows no keys.
  const bool all_keys;  // The client may use them.

 private:
  mutable std::optional<StoreStatus> status_;
};

void server(Lines& lines, const Source& from) {
  using std::chrono::duration_cast;
  const auto uptime = duration_cast<std::chrono::seconds>(steady_now() - from.host.started).count();
  lines.add("redis_version", kRedisVersion);
  lines.add("anabranch_version", kAnabranchVersion);
  lines.add("redis_mode", from.host.options.redis_cluster ? "cluster" : "standalone");
  lines.add("process_id", static_cast<std::uint64_t>(::getpid()));
  lines.add("arch_bits", std::uint64_t{64});
  lines.add("multiplexing_api", "epoll");
  lines.add("run_id", from.host.run_id);
  const std::string& endpoint = from.host.endpoint;
  lines.add("tcp_port", endpoint.empty() ? "0" : endpoint.substr(endpoint.rfind(':') + 1));
  lines.add("server_time_usec",
            static_cast<std::uint64_t>(core::SystemClock().now_ms()) * std::uint64_t{1000});
  lines.add("uptime_in_seconds", static_cast<std::uint64_t>(uptime));
  lines.add("uptime_in_days", static_cast<std::uint64_t>(uptime / 86'400));
}

void clients(Lines& lines, const Source& from) {
  const auto waits = [](const auto& each) { return each.second->wait.has_value(); };
  lines.add("connected_clients", from.host.clients.size());
  lines.add("blocked_clients",
            static_cast<std::uint64_t>(std::ranges::count_if(from.host.clients, waits)));
  lines.add("held_back_clients", from.host.clients_held_back);
  lines.add("held_answers", held_answers(from.host));
  lines.add("concerns_latched_now", from.host.concerns.latched().size());
  lines.add("long_reads", from.host.long_reads);
  lines.add("maxclients", std::min(from.host.options.clients_max, from.host.options.clients_room));
  lines.add("monitors", from.host.monitors.all().size());
  lines.add("watching_clients", from.host.watched.clients());
  lines.add("watched_keys", from.host.watched.keys());
  lines.add("watched_bytes", from.host.watched.bytes());
  lines.add("users", from.host.users.all().size());
  lines.add("logins_with_wrong_passwords", from.host.failed_logins.logins());
  lines.add("scan_cursors", from.host.cursors.size());
  lines.add("scan_cursors_bytes", from.host.cursors.bytes());
  lines.add("scan_cursors_forgotten", from.host.cursors.forgotten());
  lines.add("scans_begun_anew", from.host.cursors.unknown());
}

// The greatest resident memory ever.
std::uint64_t peak_bytes() {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

void memory(Lines& lines, const Source& from) {
  const std::uint64_t resident = leader::memory_bytes();
  const auto pages = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES));
  lines.add("used_memory", resident);
  lines.add("used_memory_rss", resident);
  lines.add("used_memory_peak", std::max(peak_bytes(), resident));
  lines.add("total_system_memory", pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
  lines.add("output_bytes", from.host.output_bytes);
  lines.add("output_bytes_total", from.host.options.output_bytes_total);
  lines.add("input_bytes", from.host.input_bytes);
  lines.add("input_bytes_total", from.host.options.input_bytes_total);
  lines.add("maxmemory", std::uint64_t{0});
  lines.add("maxmemory_policy", "noeviction");
}

// With durability "sync" all that was answered is on disk.
void persistence(Lines& lines, const Source& from) {
  const bool writes = from.status().writable || from.status().follower;
  lines.add("loading", std::uint64_t{0});
  lines.add("rdb_changes_since_last_save", std::uint64_t{0});
  lines.add("rdb_bgsave_in_progress", std::uint64_t{0});
  lines.add("rdb_last_save_time", static_cast<std::uint64_t>(save_time_s(from.status())));
  lines.add("rdb_last_bgsave_status", "ok");
  lines.add("aof_enabled", std::uint64_t{1});
  lines.add("aof_rewrite_in_progress", std::uint64_t{0});
  lines.add("aof_last_write_status", writes ? "ok" : "err");
  lines.add("log_lost", std::uint64_t{from.status().log_lost.size()});
  lines.add("durability", from.status().durability);
  lines.add("unsynced_bytes", from.status().storage_unsynced_bytes);
}

void add_concerns(Lines& lines, const Concerns::Counts& counts) {
  lines.add("concerns_met", counts.met);
  lines.add("concerns_missed", counts.missed);
  lines.add("concerns_ended", counts.ended);
  lines.add("concerns_degraded", counts.degraded);
  lines.add("concerns_latched", counts.latched);
}

void stats(Lines& lines, const Source& from) {
  const Statistics& counted = from.host.statistics;
  const Observed& observed = from.host.observed;
  const SteadyTime now = steady_now();
  lines.add("total_connections_received", counted.connections);
  lines.add("rejected_connections", counted.connections_refused);
  lines.add("total_commands_processed", counted.commands);
  lines.add("instantaneous_ops_per_sec",
            static_cast<std::uint64_t>(observed.commands_rate.per_second(now, counted.commands)));
  lines.add("total_net_input_bytes", counted.bytes_in);
  lines.add("total_net_output_bytes", counted.bytes_out);
  lines.add_number("instantaneous_input_kbps",
                   observed.in_rate.per_second(now, counted.bytes_in) / 1024, 2);
  lines.add_number("instantaneous_output_kbps",
                   observed.out_rate.per_second(now, counted.bytes_out) / 1024, 2);
  lines.add("expired_keys", from.status().expired_cleared);
  lines.add("evicted_keys", std::uint64_t{0});
  lines.add("keyspace_hits", observed.hits);
  lines.add("keyspace_misses", observed.misses);
  lines.add("total_error_replies", observed.errors.total());
  lines.add("answers_held_back", counted.held_back);
  add_concerns(lines, from.host.concerns.counts());
  lines.add("long_reads_begun", counted.long_reads);
  lines.add("clients_cut", counted.clients_cut);
  lines.add("senders_cut", counted.senders_cut);
  lines.add("strangers_cut", counted.strangers_cut);
  lines.add("strangers_gave_way", counted.gave_way);
  lines.add("clients_expelled", counted.expelled);
  lines.add("idlers_cut", counted.idlers_cut);
  lines.add("log_lines_dropped", core::StandardError::dropped());
  lines.add("clients_evicted", counted.clients_evicted);
  lines.add("wrong_passwords", from.host.denials.failed_logins());
  lines.add("requests_denied", from.host.denials.denied());
  lines.add("acts_noted", from.host.acts.count());
  lines.add("group_commits", counted.commits);
  lines.add("group_commits_failed", counted.commits_failed);
}

// Those that announce an address: others cannot be told.
void add_slaves(Lines& lines, const StoreStatus& status) {
  std::vector<const MemberStatus*> followers = followers_of(status);
  std::erase_if(followers, [](const MemberStatus* each) { return !each->fresh; });
  lines.add("connected_slaves", followers.size());
  for (std::size_t i = 0; i < followers.size(); ++i) {
    const MemberStatus& each = *followers[i];
    const Place place = *place_of(each);
    lines.add("slave" + std::to_string(i),
              "ip=" + place.host + ",port=" + std::to_string(place.port) +
                  ",state=" + (each.lag_ms >= 0 ? "online" : "wait_bgsave") +
                  ",offset=0,lag=" + std::to_string(std::max<std::int64_t>(each.lag_ms, 0) / 1000));
  }
}

void add_master(Lines& lines, const StoreStatus& status) {
  const MemberStatus* const leader = leader_of(status);
  const MemberStatus& self = status.members.front();
  const auto place = leader == nullptr ? std::nullopt : place_of(*leader);
  lines.add("master_host", place ? place->host : std::string());
  lines.add("master_port", static_cast<std::uint64_t>(place ? place->port : 0));
  lines.add("master_link_status", leader != nullptr ? "up" : "down");
  lines.add("master_last_io_seconds_ago",
            std::to_string(self.lag_ms < 0 ? -1 : self.lag_ms / 1000));
  lines.add("master_sync_in_progress", std::uint64_t{status.snapshots.empty() ? 0U : 1U});
  lines.add("slave_repl_offset", std::uint64_t{0});
  lines.add("slave_priority", self.rank);
  lines.add("slave_read_only", std::uint64_t{1});
  lines.add("connected_slaves", std::uint64_t{0});
}

void replication(Lines& lines, const Source& from) {
  const StoreStatus& status = from.status();
  // Clients that look for a writable server read these.
  lines.add("role", status.follower ? "slave" : "master");
  if (status.follower) {
    add_master(lines, status);
  } else {
    add_slaves(lines, status);
  }
  lines.add("master_failover_state", "no-failover");
  lines.add("master_replid", from.host.run_id);
  lines.add("master_repl_offset", from.all_keys ? status.log_records : 0);
}

void cpu(Lines& lines, const Source& /*from*/) {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return;
  lines.add_seconds("used_cpu_sys", usage.ru_stime);
  lines.add_seconds("used_cpu_user", usage.ru_utime);
  if (::getrusage(RUSAGE_THREAD, &usage) != 0) return;
  lines.add_seconds("used_cpu_sys_main_thread", usage.ru_stime);
  lines.add_seconds("used_cpu_user_main_thread", usage.ru_utime);
}

void commandstats(Lines& lines, const Source& from) {
  for (const Command& row : all_rows()) {
    const CommandCount& count = from.host.observed.commands.of(row.id);
    if (count.calls == 0 && count.rejected == 0) continue;
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(count.time).count();
    const double each =
        count.calls == 0 ? 0 : static_cast<double>(micros) / static_cast<double>(count.calls);
    std::array<char, 32> per_call;
    std::snprintf(per_call.data(), per_call.size(), "%.2f", each);
    lines.add("cmdstat_" + std::string(full_name(row)),
              "calls=" + std::to_string(count.calls) + ",usec=" + std::to_string(micros) +
                  ",usec_per_call=" + per_call.data() + ",rejected_calls=" +
                  std::to_string(count.rejected) + ",failed_calls=" + std::to_string(count.failed));
  }
}

void errorstats(Lines& lines, const Source& from) {
  for (const auto& [code, count] : from.host.observed.errors.all()) {
    lines.add("errorstat_" + code, "count=" + std::to_string(count));
  }
}

void cluster(Lines& lines, const Source& from) {
  lines.add("cluster_enabled", std::uint64_t{from.host.options.redis_cluster ? 1U : 0U});
}

// "1" for true; texts without the characters that end a line or a field.
std::string text_of(const auto& value) {
  if constexpr (requires { std::to_string(value); }) {
    return std::to_string(value);
  } else {
    std::string text = value;
    std::ranges::replace_if(
        text, [](char each) { return each == ',' || each == '\r' || each == '\n'; }, ';');
    return text;
  }
}

// "region=eu,address=,connected=1,...": the plain fields of a peer.
std::string peer_line(const PeerStatus& peer) {
  std::string line;
  control::for_each_field(peer, [&](std::string_view name, const auto& value) {
    line.append(line.empty() ? "" : ",").append(name).append("=").append(text_of(value));
  });
  return line;
}

// Every field of the leader's status: parts as "part_field", of lists how many items they have.
void add_fields(Lines& lines, const std::string& prefix, const auto& status) {
  control::for_each_field(status, [&](std::string_view name, const auto& value) {
    using Value = std::remove_cvref_t<decltype(value)>;
    const std::string full = prefix + std::string(name);
    if constexpr (control::HasFields<Value>) {
      add_fields(lines, full + "_", value);
    } else if constexpr (control::IsList<Value>) {
      lines.add(full, value.size());
    } else {
      lines.add(full, text_of(value));
    }
  });
}

void anabranch(Lines& lines, const Source& from) {
  const StoreStatus& status = from.status();
  add_fields(lines, "", status);
  for (std::size_t i = 0; i < status.peers.size(); ++i) {
    lines.add("peer" + std::to_string(i), peer_line(status.peers[i]));
  }
}

void keyspace(Lines& lines, const Source& from) {
  const leader::ExpiryCounts expires = from.host.leader.expiries();
  for (std::uint8_t database = 0; database < kDatabases; ++database) {
    const std::uint64_t keys = from.scope->count(Key::all(database));
    if (keys == 0) continue;
    lines.add("db" + std::to_string(database), "keys=" + std::to_string(keys) +
                                                   ",expires=" + std::to_string(expires[database]) +
                                                   ",avg_ttl=0");
  }
}

// Of the Sentinel port; the rest of INFO is at the Redis port.
void sentinel_server(Lines& lines, const Source& from) {
  using std::chrono::duration_cast;
  const auto uptime = duration_cast<std::chrono::seconds>(steady_now() - from.host.started).count();
  lines.add("redis_version", kRedisVersion);
  lines.add("anabranch_version", kAnabranchVersion);
  lines.add("redis_mode", "sentinel");
  lines.add("process_id", static_cast<std::uint64_t>(::getpid()));
  lines.add("uptime_in_seconds", static_cast<std::uint64_t>(uptime));
}

void sentinel(Lines& lines, const Source& from) {
  const StoreStatus& status = from.status();
  const auto [leader, place] = known_leader(status);
  lines.add("sentinel_masters", std::uint64_t{place ? 1U : 0U});
  lines.add("sentinel_tilt", std::uint64_t{0});
  lines.add("sentinel_running_scripts", std::uint64_t{0});
  lines.add("sentinel_scripts_queue_length", std::uint64_t{0});
  lines.add("subscribers", from.host.subscribers.clients());
  if (!place) return;
  lines.add("master0", "name=" + from.host.options.sentinel_name +
                           ",status=" + (leader->fresh ? "ok" : "odown") +
                           ",address=" + place->host + ':' + std::to_string(place->port) +
                           ",slaves=" + std::to_string(followers_of(status).size()) +
                           ",sentinels=" + std::to_string(sentinels_of(status).size() + 1));
}

struct Section {
  std::string_view name;  // In lower case, as in the request.
  std::string_view title;
  void (*write)(Lines& lines, const Source& from);
  bool by_default = true;    // Else only if it is named, or all are.
  bool of_all_keys = false;  // Tells how many keys there are, or what others do.
};

constexpr Section kSections[] = {
    {"server", "Server", server},
    {"clients", "Clients", clients},
    {"memory", "Memory", memory, true, true},
    {"persistence", "Persistence", persistence},
    {"stats", "Stats", stats, true, true},
    {"replication", "Replication", replication},
    {"cpu", "CPU", cpu},
    {"commandstats", "Commandstats", commandstats, false, true},
    {"errorstats", "Errorstats", errorstats, true, true},
    {"cluster", "Cluster", cluster},
    {"anabranch", "Anabranch", anabranch, true, true},
    {"keyspace", "Keyspace", keyspace, true, true},
};

constexpr Section kSentinelSections[] = {
    {"server", "Server", sentinel_server},
    {"sentinel", "Sentinel", sentinel},
};

std::string write_sections(const Source& from, std::span<const Section> known,
                           std::span<const std::string_view> sections) {
  const auto named = [&](std::string_view name) {
    return std::ranges::any_of(sections, [&](auto word) { return same_word(word, name); });
  };
  const bool all = named("all") || named("everything");
  const bool defaults = sections.empty() || named("default");
  Lines lines;
  for (const Section& section : known) {
    if (section.of_all_keys && !from.all_keys) continue;
    if (!all && !(defaults && section.by_default) && !named(section.name)) continue;
    if (!lines.text_.empty()) lines.text_.append("\r\n");
    lines.text_.append("# ").append(section.title).append("\r\n");
    section.write(lines, from);
  }
  return std::move(lines.text_);
}

}  // namespace

std::string make_info(const Host& host, const Scope& scope, bool all_keys,
                      std::span<const std::string_view> sections) {
  return write_sections(Source(host, &scope, all_keys), kSections, sections);
}

std::string make_sentinel_info(const Host& host, std::span<const std::string_view> sections) {
  return write_sections(Source(host, nullptr, false), kSentinelSections, sections);
}

}  // namespace anabranch::server
