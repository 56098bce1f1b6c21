#include "control/verbs/verdict_json.h"

#include <nlohmann/json.hpp>
#include <string_view>

namespace anabranch::control {
namespace {

using Json = nlohmann::ordered_json;
using regions::Verdict;

std::string_view name_of(Verdict::State state) {
  switch (state) {
    case Verdict::State::kRunning:
      return "running";
    case Verdict::State::kEqual:
      return "equal";
    case Verdict::State::kSame:
      return "same";
    case Verdict::State::kDifferent:
      return "different";
    case Verdict::State::kBehind:
      return "behind";
    case Verdict::State::kSweeping:
      return "sweeping";
    case Verdict::State::kUnreachable:
      return "unreachable";
    case Verdict::State::kSilent:
      return "silent";
  }
  return "";
}

Json to_json(const Verdict& verdict) {
  Json applied = Json::array();
  for (const auto& [origin, seq] : verdict.applied) {
    applied.push_back({{"origin", core::to_string(origin)}, {"seq", seq}});
  }
  Json differences = Json::array();
  for (const Verdict::Difference& each : verdict.differences) {
    differences.push_back(
        {{"bucket", each.bucket}, {"row", each.row}, {"here", each.here}, {"there", each.there}});
  }
  return {{"region", verdict.region},
          {"state", name_of(verdict.state)},
          {"rows", verdict.rows},
          {"digest", core::to_string(verdict.digest)},
          {"applied", std::move(applied)},
          {"differing", verdict.differing},
          {"differences", std::move(differences)},
          {"digest_wrong_here", verdict.digest_wrong_here},
          {"digest_wrong_there", verdict.digest_wrong_there}};
}

}  // namespace

std::string verdicts_json(const std::vector<Verdict>& verdicts) {
  Json array = Json::array();
  for (const Verdict& verdict : verdicts) array.push_back(to_json(verdict));
  return array.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace anabranch::control
