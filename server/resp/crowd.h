// Which client gives way to a new one when there are as many as may be: a stranger, that is one who
// has shown no password and no key. Without passwords and keys all are strangers. So idle clients
// of anybody keep none with rights out.
//
// Those who have to log in go first, the oldest before others; of the others the one that has sent
// nothing for longest, and waits for nothing. Nobody goes who came, or sent something, less than
// kYoung ago: a new client must have time to log in.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/log.h"
#include "server/resp/admission.h"
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
                              "for each new one the one goes that has shown no password and was "
                              "idle for longest; the first: " +
                              found->client().address);
    return found;
  }

 private:
  static constexpr std::size_t kLineMax = 64;                  // A look at all is for so many.
  static constexpr std::chrono::milliseconds kLookAgain{100};  // When it has found nobody.
  static constexpr std::chrono::minutes kTellAgain{1};

  static SteadyTime quiet_since(const Connection& connection) {
    const Client& client = connection.client();
    return is_stranger(client) ? client.since : client.heard;
  }

  [[nodiscard]] bool may_go(const Connection& connection, SteadyTime now) const {
    const Client& client = connection.client();
    if (connection.gone || client.verbs_only || client.by_path) return false;
    if (now - quiet_since(connection) < kYoung) return false;
    if (client.standing != Standing::kApart) return false;
    if (is_stranger(client)) return true;
    const bool has_key = connection.is_tls() && connection.established() &&
                         host_.options.tls.clients == TlsFiles::Clients::kMust;
    if (has_key || client.user->needs_password()) return false;
    return !client.wait && !connection.held && connection.pending() == 0 &&
           std::ranges::count(host_.monitors.all(), &client) == 0;
  }

  // Looks at all clients, for the next ones in line.
  void line_up(const Connections& all, SteadyTime now) {
    std::vector<const Connection*> found;
    for (const auto& [id, connection] : all) {
      if (may_go(*connection, now)) found.push_back(connection.get());
    }
    const auto end = found.begin() + static_cast<std::ptrdiff_t>(std::min(found.size(), kLineMax));
    std::ranges::partial_sort(found, end, [](const Connection* a, const Connection* b) {
      const bool first = is_stranger(a->client());
      if (first != is_stranger(b->client())) return first;
      return quiet_since(*a) < quiet_since(*b);
    });
    for (auto at = end; at != found.begin();) line_.push_back((*--at)->client().id);
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
