#include "server/resp/members/region_news.h"

#include <utility>

namespace anabranch::server {
namespace {

std::string text_of(const Place& place) { return place.host + ' ' + std::to_string(place.port); }

bool is_same(const Place& one, const Place& other) {
  return one.host == other.host && one.port == other.port;
}

}  // namespace

RegionNews::Region RegionNews::region_of(const StoreStatus& status) {
  Region region;
  const auto [leader, place] = known_leader(status);
  region.leader = place;
  region.leader_down = leader != nullptr && !leader->fresh;
  for (const MemberStatus* each : followers_of(status)) {
    const Place at = *place_of(*each);
    const std::string name = at.host + ':' + std::to_string(at.port);
    region.others["slave " + each->node] = {"slave", name, at, !each->fresh};
  }
  for (const MemberStatus* each : sentinels_of(status)) {
    const Place at = *sentinel_place_of(*each);
    region.others["sentinel " + each->node] = {"sentinel", run_id(*each), at, !each->fresh};
  }
  return region;
}

std::vector<News> RegionNews::look(const StoreStatus& status, const std::string& name) {
  Region now = region_of(status);
  std::vector<News> news;
  if (seen_) {
    if (!now.leader) {
      now.leader = seen_->leader;
      now.leader_down = true;
    }
    tell_of_leader(*seen_, now, name, news);
    tell_of_others(*seen_, now, name, news);
  }
  seen_ = std::move(now);
  return news;
}

void RegionNews::tell_of_leader(const Region& before, const Region& now, const std::string& name,
                                std::vector<News>& news) {
  if (!now.leader) return;
  const std::string master = "master " + name + ' ' + text_of(*now.leader);
  if (!before.leader) {
    news.push_back({"+monitor", master + " quorum 1"});
  } else if (!is_same(*before.leader, *now.leader)) {
    news.push_back(
        {"+switch-master", name + ' ' + text_of(*before.leader) + ' ' + text_of(*now.leader)});
  } else if (before.leader_down != now.leader_down) {
    const std::string sign = now.leader_down ? "+" : "-";
    const std::string quorum = now.leader_down ? " #quorum 1/1" : "";
    news.push_back({sign + "sdown", master});
    news.push_back({sign + "odown", master + quorum});
  }
}

void RegionNews::tell_of_others(const Region& before, const Region& now, const std::string& name,
                                std::vector<News>& news) {
  const std::string of = now.leader ? " @ " + name + ' ' + text_of(*now.leader) : std::string();
  for (const auto& [key, each] : now.others) {
    const std::string text = each.kind + ' ' + each.name + ' ' + text_of(each.place) + of;
    const auto known = before.others.find(key);
    if (known == before.others.end() || !is_same(known->second.place, each.place)) {
      news.push_back({"+" + each.kind, text});
    } else if (known->second.down != each.down) {
      news.push_back({each.down ? "+sdown" : "-sdown", text});
    }
  }
}

}  // namespace anabranch::server
