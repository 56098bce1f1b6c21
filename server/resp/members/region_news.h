// What clients of Sentinel are told when their region changes, in the words of a Redis Sentinel:
// that another member leads, and which members are new, are not heard any more, or are heard again.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <anabranch/status.h>

#include "server/resp/members/members_shown.h"

namespace anabranch::server {

// A message of a channel.
struct News {
  std::string channel;
  std::string text;
};

// Not thread-safe.
class RegionNews {
 public:
  // Returns the news since the call before, those of the leader first; none at the first call.
  // `name` is that of the region for these clients (sentinel_name).
  std::vector<News> look(const StoreStatus& status, const std::string& name);
  // The next call is a first one.
  void forget() { seen_.reset(); }

 private:
  struct Instance {
    std::string kind;  // "slave" or "sentinel".
    std::string name;
    Place place;
    bool down = false;
  };
  struct Region {
    std::optional<Place> leader;  // Also one that is known no more, until another one is.
    bool leader_down = false;
    std::map<std::string, Instance> others;  // By what they are, and by their node.
  };

  [[nodiscard]] static Region region_of(const StoreStatus& status);
  static void tell_of_leader(const Region& before, const Region& now, const std::string& name,
                             std::vector<News>& news);
  static void tell_of_others(const Region& before, const Region& now, const std::string& name,
                             std::vector<News>& news);

  std::optional<Region> seen_;
};

}  // namespace anabranch::server
