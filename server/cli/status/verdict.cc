#include "server/cli/status/verdict.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include <nlohmann/json.hpp>

#include "server/cli/printable.h"

namespace anabranch::server::cli {
namespace {

using nlohmann::json;

constexpr std::array kWords{"OK", "WARNING", "CRITICAL", "UNKNOWN"};

// Figures for programs stand behind the first '|' of the line, so the text has none.
std::string line_of(Health health, const std::string& text) {
  std::string line =
      std::string("ANABRANCH ") + kWords.at(static_cast<std::size_t>(health)) + " - ";
  for (const char c : printable(text)) line += c == '|' ? std::string("\\x7c") : std::string(1, c);
  return line;
}

struct Neighbour {
  bool connected = false;
  std::int64_t behind_ms = 0;
};

using Neighbours = std::map<std::string, Neighbour>;

// The regions of the peers that are waited for; of a peer that was never reached its address. A
// region may have several leaders, such as its former self.
Neighbours neighbours_in(const json& status) {
  Neighbours all;
  for (const json& peer : status.at("peers")) {
    const auto is_retired = [&](const json& region) {
      return region.at("region") == peer.at("region") && region.at("retirement") != "";
    };
    if (peer.at("follower").get<bool>() || peer.at("region") == status.at("region")) continue;
    if (std::ranges::any_of(status.at("regions"), is_retired)) continue;
    const char* const name = peer.at("region") == "" ? "address" : "region";
    Neighbour& neighbour = all[peer.at(name).get<std::string>()];
    neighbour.connected = neighbour.connected || peer.at("connected").get<bool>();
    neighbour.behind_ms = std::max(neighbour.behind_ms, peer.at("behind_ms").get<std::int64_t>());
  }
  return all;
}

// "120 ms", "3 min 5 s".
std::string span_of(std::int64_t ms) {
  return ms < 1000 ? std::to_string(ms) + " ms" : time_span(ms);
}

struct Trouble {
  std::string what;
  std::string todo;
  bool critical = false;
};

using Troubles = std::vector<Trouble>;

// The warnings of the leader; with a limit of the caller's, all but its own about lag.
Troubles troubles_in(const json& status, std::optional<std::int64_t> lag_ms_max) {
  Troubles all;
  for (const json& warning : status.at("warnings")) {
    if (lag_ms_max && warning.at("kind") == "lag") continue;
    all.push_back({warning.at("text").get<std::string>(),
                   warning.at("what_to_do").get<std::string>(),
                   warning.at("critical").get<bool>()});
  }
  if (!lag_ms_max) return all;
  for (const auto& [name, neighbour] : neighbours_in(status)) {
    if (neighbour.behind_ms <= *lag_ms_max) continue;
    all.push_back({"region " + name + " is " + span_of(neighbour.behind_ms) +
                       " behind, more than " + span_of(*lag_ms_max),
                   "look at the link to it, and at the load and the disk of its machine"});
  }
  return all;
}

std::string figures_of(const Neighbours& all, std::optional<std::int64_t> lag_ms_max) {
  std::int64_t most = 0;
  std::size_t away = 0;
  for (const auto& [name, neighbour] : all) {
    most = std::max(most, neighbour.behind_ms);
    away += neighbour.connected ? 0 : 1;
  }
  return " | behind=" + std::to_string(most) + "ms;" +
         (lag_ms_max ? std::to_string(*lag_ms_max) : "") + " peers=" + std::to_string(all.size()) +
         " away=" + std::to_string(away);
}

std::string all_well(const Neighbours& all) {
  if (all.empty()) return "no peers of other regions";
  return std::to_string(all.size()) + (all.size() == 1 ? " peer" : " peers") + " connected";
}

}  // namespace

Verdict verdict_of(const json& status, std::optional<std::int64_t> lag_ms_max) {
  const Troubles troubles = troubles_in(status, lag_ms_max);
  const std::string region = "region " + status.at("region").get<std::string>() + ": ";
  const Neighbours neighbours = neighbours_in(status);
  const std::string figures = figures_of(neighbours, lag_ms_max);
  if (troubles.empty()) {
    return {Health::kWell, line_of(Health::kWell, region + all_well(neighbours)) + figures};
  }
  const Trouble& worst = troubles.front();  // Critical ones come first.
  std::string text = region + worst.what;
  if (!worst.todo.empty()) text += "; do: " + worst.todo;
  if (troubles.size() > 1) {
    text += "; and " + std::to_string(troubles.size() - 1) + " more: see anabranch doctor";
  }
  const Health health = worst.critical ? Health::kCritical : Health::kWarning;
  return {health, line_of(health, text) + figures};
}

Verdict unknown_verdict(std::string_view why) {
  return {Health::kUnknown,
          line_of(Health::kUnknown,
                  std::string(why) +
                      "; do: start the leader, or say how to ask it: --redis or --data")};
}

}  // namespace anabranch::server::cli
