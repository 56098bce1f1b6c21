#include "http/health.h"

namespace anabranch::http {
namespace {

using Json = nlohmann::ordered_json;

std::string state_taken_over(const Json& status) {
  if (const Json& stage = status.at("rejoin").at("stage"); stage != "") {
    return "it gives way to another history: " + stage.get<std::string>();
  }
  for (const Json& each : status.at("snapshots")) {
    if (each.at("stage") == "sending") continue;
    return "it takes the state of " + each.at("region").get<std::string>() +
           " over: " + each.at("stage").get<std::string>();
  }
  return {};
}

}  // namespace

std::string why_unwell(const Json& status) {
  if (const auto ms = status.at("transaction_ms").get<std::int64_t>(); ms > 0) {
    return "a transaction has been running for " + std::to_string(ms / 1000) +
           " s, and nothing else can";
  }
  return {};
}

std::string why_unready(const Json& status, std::int64_t lag_ms_max) {
  if (std::string why = why_unwell(status); !why.empty()) return why;
  if (!status.at("writable").get<bool>()) {
    return "a commit has failed: it reads only, until it is opened again";
  }
  if (status.at("refusing").get<bool>()) {
    return status.at("full").get<bool>() ? "the disk is full to the brim: it cannot even remove"
                                         : "it can write nothing for now";
  }
  if (status.at("draining").get<bool>()) return "it is being drained";
  if (std::string taken = state_taken_over(status); !taken.empty()) return taken;
  const auto behind_ms = status.at("behind_ms").get<std::int64_t>();
  if (behind_ms <= lag_ms_max) return {};
  return "it has lacked writes of connected peers for " + std::to_string(behind_ms / 1000) + " s";
}

std::string why_not_leading(const Json& status) {
  if (status.at("follower").get<bool>()) return "it follows the leader of its region";
  for (const Json& member : status.at("members")) {
    if (!member.at("self").get<bool>()) continue;
    if (member.at("role") != "leads") return "it gives the lead of its region away";
    if (!member.at("fit").get<bool>())
      return "it is not fit: " + member.at("why").get<std::string>();
  }
  return {};
}

std::string readiness(const Json& status) {
  return status.at("full").get<bool>() ? "ok, full: writes that add are refused" : "ok";
}

}  // namespace anabranch::http
