// The clients of the Sentinel port that want to be told when their region changes: SUBSCRIBE and
// PSUBSCRIBE. The channels are those of region_news.h; nobody else publishes.
//
// A client that does not read is told nothing more once its output is over a limit, and is closed
// at the end of the turn, as a monitor is (monitors.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/resp/client.h"
#include "server/resp/members/region_news.h"
#include "server/resp/server_options.h"
#include "server/steady_clock.h"

namespace anabranch::server {

// Not thread-safe.
class Subscribers {
 public:
  static constexpr std::size_t kNamesMax = 64;  // Channels and patterns of a client.
  static constexpr std::size_t kNameBytesMax = 255;
  static constexpr std::chrono::milliseconds kEvery{100};  // So often the region is looked at.

  struct Wishes {
    std::set<std::string, std::less<>> channels;
    std::set<std::string, std::less<>> patterns;

    [[nodiscard]] std::size_t count() const { return channels.size() + patterns.size(); }
  };

  // A client is closed beyond monitor_output_bytes_max, as it is then.
  explicit Subscribers(const ServerOptions& options) : options_(options) {}

  // The wishes of a client; null if it has none.
  [[nodiscard]] const Wishes* of(const Client& client) const;
  // Returns whether there is room for the name; one that is there is fine. The first client of all
  // is told what changes from the next look on.
  bool add(Client& client, std::set<std::string, std::less<>> Wishes::*kind, std::string_view name);
  void remove(const Client& client, std::set<std::string, std::less<>> Wishes::*kind,
              std::string_view name);
  // Also of a client that has none.
  void remove(const Client& client);
  [[nodiscard]] bool any() const { return !all_.empty(); }
  [[nodiscard]] std::size_t clients() const { return all_.size(); }
  [[nodiscard]] std::vector<Client*> all() const;

  // Whether the region is to be looked at again.
  [[nodiscard]] bool due(SteadyTime now) const { return any() && now - looked_at_ >= kEvery; }
  // Looks at the region, and tells who wants to know what has changed.
  void look(const StoreStatus& status, SteadyTime now);
  // Whether anybody was told anything since the last call.
  [[nodiscard]] bool take_told() { return std::exchange(told_, false); }

 private:
  void tell(const News& news);
  void tell(Client& client, const Wishes& wishes, const News& news);

  const ServerOptions& options_;
  std::map<const Client*, std::pair<Client*, Wishes>> all_;
  RegionNews news_;
  SteadyTime looked_at_ = {};
  bool told_ = false;
};

}  // namespace anabranch::server
