// Which client gives way to a new one when there are as many as may be: a stranger, that is one who
// has shown no password and no key. Without passwords and keys all are strangers. So idle clients
// of anybody keep none with rights out.
//
// Those who have to log in go first, the oldest before others; of the others the one that has sent
// nothing for longest, and waits for nothing. Clients that came, or sent something, less than
// kYoung ago go after all of them, and only if they have to log in: first the one whose address has
// brought most clients since. So a flood of clients that show nothing displaces itself, and a
// client that logs in at once finds the time for it: as long as the flood needs to come anew, if it
// is of the same address.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/log.h"
#include "server/resp/admission.h"
#include "server/resp/client_line.h"
#include "server/resp/connection.h"
#include "server/resp/host.h"
#include "server/steady_clock.h"

namespace anabranch::server {

class Crowd {
 public:
  using Connections = std::unordered_map<std::uint64_t, std::unique_ptr<Connection>>;

  static constexpr std::chrono::seconds kYoung{2};

  explicit Crowd(Host& host) : host_(host) {}

  // Returns the client that gives way; null if none does. It is counted, and once a minute there is
  // a line in the log.
  Connection* giving_way(const Connections& all, SteadyTime now) {
    Connection* const found = next_in_line(all, now);
    if (found == nullptr) return nullptr;
    ++host_.statistics.gave_way;
    if (told_ != SteadyTime{} && now - told_ < kTellAgain) return found;
    told_ = now;
    core::log_warning({}, std::to_string(all.size()) +
                              " clients are connected, as many as may be (clients_max, ulimit -n): "
                              "for each new one, one goes that has shown no password: the one idle "
                              "for longest, or one of an address with many; the first: " +
                              found->client().address);
    return found;
  }

 private:
  // A look at all is for so many, and for a quarter of those that may go: more have come by then.
  static constexpr std::size_t kLineMax = 512;
  static constexpr std::chrono::milliseconds kLookAgain{100};  // When it has found nobody.
  static constexpr std::chrono::minutes kTellAgain{1};

  static SteadyTime quiet_since(const Connection& connection) {
    const Client& client = connection.client();
    return is_stranger(client) ? client.since : client.heard;
  }

  // Whether a client must show something before it is served. One whose request is about to be run
  // may be doing so.
  [[nodiscard]] bool owes_login(const Connection& connection) const {
    const bool owes_key = connection.is_tls() && !connection.established() &&
                          host_.options.tls.clients == TlsFiles::Clients::kMust;
    return owes_key || is_stranger(connection.client());
  }

  static bool is_young(const Connection& connection, SteadyTime now) {
    return now - quiet_since(connection) < kYoung;
  }

  [[nodiscard]] bool may_go(const Connection& connection, SteadyTime now) const {
    const Client& client = connection.client();
    if (connection.gone || client.verbs_only || client.by_path) return false;
    if (client.standing != Standing::kApart) return false;
    const bool owes = owes_login(connection);
    if (is_young(connection, now)) return owes && !connection.runnable;
    if (owes) return true;
    const bool has_key = connection.is_tls() && connection.established() &&
                         host_.options.tls.clients == TlsFiles::Clients::kMust;
    if (has_key || client.user->needs_password()) return false;
    return !client.wait && !connection.held && connection.pending() == 0 &&
           std::ranges::count(host_.monitors.all(), &client) == 0 &&
           host_.subscribers.of(client) == nullptr;
  }

  // A client that may go.
  struct Candidate {
    const Connection* connection;
    bool young = false;
    std::size_t newer = 0;  // Young ones of its address that have come since.
  };

  // Whether a client goes before another one.
  static bool goes_before(const Candidate& a, const Candidate& b) {
    if (a.young != b.young) return b.young;
    if (a.newer != b.newer) return a.newer > b.newer;
    const bool first = is_stranger(a.connection->client());
    if (!a.young && first != is_stranger(b.connection->client())) return first;
    return quiet_since(*a.connection) < quiet_since(*b.connection);
  }

  // Looks at all clients, for the next ones in line.
  void line_up(const Connections& all, SteadyTime now) {
    std::vector<Candidate> found;
    for (const auto& [id, connection] : all) {
      if (may_go(*connection, now))
        found.push_back({.connection = connection.get(), .young = is_young(*connection, now)});
    }
    std::ranges::sort(found, [](const Candidate& a, const Candidate& b) {
      return a.connection->client().id > b.connection->client().id;
    });
    std::unordered_map<std::string_view, std::size_t> by_address;
    for (Candidate& each : found) {
      if (each.young) each.newer = by_address[host_of(each.connection->client().address)]++;
    }
    const std::size_t most = std::min(kLineMax, (found.size() + 3) / 4);
    const auto end = found.begin() + static_cast<std::ptrdiff_t>(most);
    std::ranges::partial_sort(found, end, goes_before);
    for (auto at = end; at != found.begin();) line_.push_back((*--at).connection->client().id);
  }

  Connection* next_in_line(const Connections& all, SteadyTime now) {
    if (line_.empty() && now >= next_look_) {
      line_up(all, now);
      if (line_.empty()) next_look_ = now + kLookAgain;
    }
    while (!line_.empty()) {
      const auto found = all.find(line_.back());
      line_.pop_back();
      if (found != all.end() && may_go(*found->second, now)) return found->second.get();
    }
    return nullptr;
  }

  Host& host_;
  std::vector<std::uint64_t> line_;  // The next one at the end.
  SteadyTime next_look_ = {};
  SteadyTime told_ = {};
};

}  // namespace anabranch::server
