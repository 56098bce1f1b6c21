#include "http/history.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace anabranch::http {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kSecondMs = 1000;

// Per second, to one place behind the point. Figures may begin anew with the leader.
double rate(std::uint64_t before, std::uint64_t now, std::int64_t ms) {
  if (now < before || ms <= 0) return 0;
  const double tenths =
      static_cast<double>(now - before) * kSecondMs * 10 / static_cast<double>(ms);
  return std::round(tenths) / 10;
}

}  // namespace

History::Sums History::sums_of(const Json& status, std::int64_t time_ms) {
  Sums sums{.time_ms = time_ms};
  const Json& own = status.at("origin");
  for (const Json& each : status.at("applied")) {
    (each.at("origin") == own ? sums.written : sums.applied) += each.at("seq").get<std::uint64_t>();
  }
  sums.commits = status.at("statistics").at("commits").get<std::uint64_t>();
  if (const auto lookups = status.find("lookups"); lookups != status.end()) {
    sums.read =
        lookups->at("found").get<std::uint64_t>() + lookups->at("missed").get<std::uint64_t>();
  }
  return sums;
}

void History::add(const Json& status, std::int64_t time_ms) {
  const Sums now = sums_of(status, time_ms);
  const std::lock_guard lock(mutex_);
  const std::optional<Sums> before = std::exchange(last_, now);
  if (!before) return;
  const std::int64_t ms = time_ms - before->time_ms;
  Point point{.time_ms = time_ms,
              .writes = rate(before->written, now.written, ms),
              .applied = rate(before->applied, now.applied, ms),
              .commits = rate(before->commits, now.commits, ms)};
  if (before->read && now.read) point.reads = rate(*before->read, *now.read, ms);
  for (const Json& peer : status.at("peers")) {
    point.behind_ms = std::max(point.behind_ms, peer.at("behind_ms").get<std::int64_t>());
    point.behind_ops += peer.at("behind_ops").get<std::uint64_t>();
    point.connected += peer.at("connected").get<bool>() ? 1 : 0;
  }
  points_.push_back(point);
  if (points_.size() > kSecondsMax) points_.pop_front();
}

void History::add_gap() {
  const std::lock_guard lock(mutex_);
  last_.reset();
}

Json History::json() const {
  Json json;
  for (const char* name : {"time_ms", "writes", "reads", "applied", "commits", "behind_ms",
                           "behind_ops", "connected"}) {
    json[name] = Json::array();
  }
  const std::lock_guard lock(mutex_);
  for (const Point& each : points_) {
    json["time_ms"].push_back(each.time_ms);
    json["writes"].push_back(each.writes);
    json["reads"].push_back(each.reads ? Json(*each.reads) : Json());
    json["applied"].push_back(each.applied);
    json["commits"].push_back(each.commits);
    json["behind_ms"].push_back(each.behind_ms);
    json["behind_ops"].push_back(each.behind_ops);
    json["connected"].push_back(each.connected);
  }
  return json;
}

}  // namespace anabranch::http
