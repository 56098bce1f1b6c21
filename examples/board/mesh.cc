#include "examples/board/mesh.h"

#include <algorithm>

#include "examples/board/board.h"
#include "examples/board/limits.h"

namespace board {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr std::size_t kEditsMax = 1000;
constexpr std::size_t kNewestMax = 1000;

double since_ms(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
      .count();
}

// Why this region cannot take edits; null when it can.
json trouble(const ab::StoreStatus& status) {
  if (!status.writable) return "This region cannot write to its disk. Start it again.";
  if (status.full) return "The disk of this region is full.";
  return nullptr;
}

}  // namespace

Mesh::Mesh(ab::Store& store, const Links& links, Streams& streams)
    : store_(store), links_(links), streams_(streams), region_(store.status().region) {}

void Mesh::saved(const std::string& page, const std::string& request) {
  const Edit edit{request, store_.token(), Clock::now()};
  const std::lock_guard lock(mutex_);
  edits_.push_back(edit);
  if (edits_.size() > kEditsMax) edits_.pop_front();
  if (newest_.size() < kNewestMax || newest_.contains(page)) newest_[page] = {edit, {}, false};
}

void Mesh::arrived(const std::string& region, std::int64_t written_ms) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t now_ms = std::chrono::duration_cast<milliseconds>(now).count();
  const std::lock_guard lock(mutex_);
  arrived_ms_[region] = std::max<std::int64_t>(0, now_ms - written_ms + ahead_ms_[region]);
}

// Whether a region shows the writes that a token covers, as far as is known here.
bool Mesh::has(const std::string& region, const std::string& token) const try {
  const ab::WriteConcern shown{
      .count = 0, .regions = {region}, .all = false, .level = ab::WriteConcern::Level::kApplied};
  return store_.wait(token, shown, milliseconds(0)).met;
} catch (const ab::Error&) {
  return false;  // A region that is not known yet.
}

void Mesh::tell_seen() {
  const std::lock_guard lock(mutex_);
  for (auto it = newest_.begin(); it != newest_.end();) {
    auto& [page, edit] = *it;
    const ab::WriteConcern everywhere{
        .count = 0, .regions = {}, .all = true, .level = ab::WriteConcern::Level::kApplied};
    const ab::ReplicationProgress reached = store_.wait(edit.token, everywhere, milliseconds(0));
    for (const std::string& region : reached.have) {
      if (edit.took_ms.try_emplace(region, since_ms(edit.at)).second) edit.is_told = false;
    }
    const auto stream = streams_.page(page);
    if (stream && !std::exchange(edit.is_told, true)) {
      json data{{"request", edit.request}, {"regions", reached.have}, {"took_ms", edit.took_ms}};
      data["took_ms"].erase(region_);
      stream->put(Slot::kSeen, event("seen", data));
    }
    it = reached.lack.empty() || !stream ? newest_.erase(it) : std::next(it);
  }
}

std::size_t Mesh::unseen(const std::string& region, Clock::time_point& since) {
  const std::lock_guard lock(mutex_);
  const auto first = std::ranges::partition_point(
      edits_, [&](const Edit& edit) { return has(region, edit.token); });
  if (first != edits_.end()) since = first->at;
  return static_cast<std::size_t>(edits_.end() - first);
}

json Mesh::peer(const ab::PeerStatus& peer, const std::vector<Link>& links) {
  Clock::time_point since = Clock::now() - milliseconds(peer.lag_ms);
  const std::size_t lacked = peer.lag_ops == 0 ? 0 : unseen(peer.region, since);
  json data{{"region", peer.region},
            {"connected", peer.connected},
            {"paused", peer.paused},
            {"unseen", lacked},
            {"since_ms", lacked == 0 ? 0 : static_cast<std::int64_t>(since_ms(since))},
            {"missing", peer.behind_ops},
            {"why", peer.away_why},
            {"took_ms", nullptr},
            {"link", nullptr},
            {"bytes_out", 0},
            {"bytes_in", 0}};
  for (const Link& link : links) {
    const bool leads = link.one == region_ && link.other == peer.region;
    if (!leads && (link.other != region_ || link.one != peer.region)) continue;
    data["link"] = link.state;
    data["bytes_out"] = leads ? link.bytes_there : link.bytes_back;
    data["bytes_in"] = leads ? link.bytes_back : link.bytes_there;
  }
  const std::lock_guard lock(mutex_);
  ahead_ms_[peer.region] = peer.clock_ahead_ms;
  const auto arrived = arrived_ms_.find(peer.region);
  if (arrived != arrived_ms_.end()) data["took_ms"] = arrived->second;
  return data;
}

json Mesh::state() {
  const ab::StoreStatus status = store_.status();
  std::vector<Link> links;
  std::string relay_trouble;
  try {
    if (links_.has_relay()) links = links_.all();
  } catch (const Refused& refused) {
    relay_trouble = refused.what();
  }
  json data{{"region", region_},
            {"digest", status.digest},
            {"commit_ms", static_cast<double>(status.statistics.commit_us_p50) / 1000.0},
            {"pages", streams_.size()},
            {"trouble", trouble(status)},
            {"peers", json::array()}};
  if (!relay_trouble.empty()) data["relay"] = relay_trouble;
  for (const ab::PeerStatus& each : status.peers) {
    if (!each.region.empty()) data["peers"].push_back(peer(each, links));
  }
  return data;
}

}  // namespace board
