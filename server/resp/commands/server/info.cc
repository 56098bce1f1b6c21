#include "server/resp/commands/server/info.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <optional>

#include "server/resp/command.h"
#include "server/resp/commands/status_fields.h"
#include "server/resp/identity.h"

namespace anabranch::server {
namespace {

class Lines {
 public:
  void add(std::string_view name, std::string_view value) {
    text_.append(name).append(":").append(value).append("\r\n");
  }
  void add(std::string_view name, std::uint64_t value) { add(name, std::to_string(value)); }

  std::string text_;
};

// The server and the data that the sections describe. The status is computed once, for the first
// section that shows it.
class Source {
 public:
  Source(const Host& of, const Scope& reads) : host(of), scope(reads) {}
  [[nodiscard]] const StoreStatus& status() const {
    if (!status_) status_ = host.status();
    return *status_;
  }

  const Host& host;
  const Scope& scope;

 private:
  mutable std::optional<StoreStatus> status_;
};

void server(Lines& lines, const Source& from) {
  using std::chrono::duration_cast;
  const auto uptime = duration_cast<std::chrono::seconds>(steady_now() - from.host.started).count();
  lines.add("redis_version", kRedisVersion);
  lines.add("anabranch_version", kAnabranchVersion);
  lines.add("redis_mode", "standalone");
  lines.add("process_id", static_cast<std::uint64_t>(::getpid()));
  lines.add("tcp_port", from.host.endpoint.substr(from.host.endpoint.rfind(':') + 1));
  lines.add("uptime_in_seconds", static_cast<std::uint64_t>(uptime));
}

void clients(Lines& lines, const Source& from) {
  const auto waits = [](const auto& each) { return each.second->wait.has_value(); };
  lines.add("connected_clients", from.host.clients.size());
  lines.add("blocked_clients",
            static_cast<std::uint64_t>(std::ranges::count_if(from.host.clients, waits)));
  lines.add("held_back_clients", from.host.clients_held_back);
  lines.add("long_reads", from.host.long_reads);
  lines.add("maxclients", from.host.options.connections_max);
}

// Returns the resident memory of this process; 0 if the system does not report it.
std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  file >> total >> resident;
  return file ? resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

void memory(Lines& lines, const Source& from) {
  const std::uint64_t resident = resident_bytes();
  lines.add("used_memory", resident);
  lines.add("used_memory_rss", resident);
  lines.add("output_bytes", from.host.output_bytes);
  lines.add("output_bytes_total", from.host.options.output_bytes_total);
  lines.add("input_bytes", from.host.input_bytes);
  lines.add("input_bytes_total", from.host.options.input_bytes_total);
  lines.add("maxmemory", std::uint64_t{0});
  lines.add("maxmemory_policy", "noeviction");
}

void stats(Lines& lines, const Source& from) {
  const Statistics& counted = from.host.statistics;
  lines.add("total_connections_received", counted.connections);
  lines.add("rejected_connections", counted.connections_refused);
  lines.add("total_commands_processed", counted.commands);
  lines.add("total_net_input_bytes", counted.bytes_in);
  lines.add("total_net_output_bytes", counted.bytes_out);
  lines.add("answers_held_back", counted.held_back);
  lines.add("long_reads_begun", counted.long_reads);
  lines.add("clients_cut", counted.clients_cut);
  lines.add("senders_cut", counted.senders_cut);
  lines.add("group_commits", counted.commits);
  lines.add("group_commits_failed", counted.commits_failed);
}

void replication(Lines& lines, const Source& from) {
  const StoreStatus& status = from.status();
  // Clients that look for a writable server read these.
  lines.add("role", status.follower ? "slave" : "master");
  lines.add("connected_slaves", std::uint64_t{0});
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
  for_each_field(peer, [&](std::string_view name, const auto& value) {
    line.append(line.empty() ? "" : ",").append(name).append("=").append(text_of(value));
  });
  return line;
}

// Every field of the leader's status: parts as "part_field", of lists how many items they have.
void add_fields(Lines& lines, const std::string& prefix, const auto& status) {
  for_each_field(status, [&](std::string_view name, const auto& value) {
    using Value = std::remove_cvref_t<decltype(value)>;
    const std::string full = prefix + std::string(name);
    if constexpr (HasFields<Value>) {
      add_fields(lines, full + "_", value);
    } else if constexpr (IsList<Value>) {
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
    const std::uint64_t keys = from.scope.count(Key::all(database));
    if (keys == 0) continue;
    lines.add("db" + std::to_string(database), "keys=" + std::to_string(keys) +
                                                   ",expires=" + std::to_string(expires[database]) +
                                                   ",avg_ttl=0");
  }
}

struct Section {
  std::string_view name;  // In lower case, as in the request.
  std::string_view title;
  void (*write)(Lines& lines, const Source& from);
};

constexpr Section kSections[] = {
    {"server", "Server", server},
    {"clients", "Clients", clients},
    {"memory", "Memory", memory},
    {"stats", "Stats", stats},
    {"replication", "Replication", replication},
    {"anabranch", "Anabranch", anabranch},
    {"keyspace", "Keyspace", keyspace},
};

}  // namespace

std::string make_info(const Host& host, const Scope& scope,
                      std::span<const std::string_view> sections) {
  const auto named = [&](std::string_view name) {
    return std::ranges::any_of(sections, [&](auto word) { return same_word(word, name); });
  };
  const bool all = sections.empty() || named("all") || named("default") || named("everything");
  const Source from(host, scope);
  Lines lines;
  for (const Section& section : kSections) {
    if (!all && !named(section.name)) continue;
    if (!lines.text_.empty()) lines.text_.append("\r\n");
    lines.text_.append("# ").append(section.title).append("\r\n");
    section.write(lines, from);
  }
  return std::move(lines.text_);
}

}  // namespace anabranch::server
