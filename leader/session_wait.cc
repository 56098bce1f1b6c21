#include "leader/session_wait.h"

#include <algorithm>
#include <map>

#include "core/planted_bug.h"

namespace anabranch::leader {

namespace {

std::string name_of(core::Origin origin, const regions::Applied& applied,
                    const regions::RegionList& regions) {
  const std::string& applied_here = applied.head(origin).region;
  return applied_here.empty() ? regions.region_of(origin) : applied_here;
}

}  // namespace

std::vector<MissingWrites> missing_writes(const core::VersionVector& seen,
                                          const regions::Applied& applied,
                                          const regions::RegionList& regions,
                                          const regions::SettledOrigins& settled) {
  std::vector<MissingWrites> lacks;
  for (const auto& [origin, seq] : seen) {
    const core::Seq here = applied.vector().at(origin);
    if (here >= seq || planted(core::Bug::kLetAnybodyIn)) continue;
    lacks.push_back(
        {origin, name_of(origin, applied, regions), seq - here, settled.contains(origin)});
  }
  return lacks;
}

std::string to_string(const std::vector<MissingWrites>& lacks) {
  std::map<std::string, std::uint64_t> ops;
  for (const MissingWrites& each : lacks) {
    const bool named = !each.region.empty();
    ops[named ? "region " + each.region : "origin " + core::to_string(each.origin)] += each.ops;
  }
  std::string text;
  for (const auto& [who, count] : ops) {
    text += (text.empty() ? "" : ", ") + std::to_string(count) + (count == 1 ? " op" : " ops") +
            " of " + who;
  }
  return text;
}

bool SessionWait::look(std::vector<MissingWrites> lacks) {
  lacks_ = std::move(lacks);
  const auto is_gone = [](const MissingWrites& lack) { return lack.gone; };
  decided_ = gone_ == LostWrites::kIgnore ? std::ranges::all_of(lacks_, is_gone)
                                          : lacks_.empty() || std::ranges::any_of(lacks_, is_gone);
  return decided_;
}

core::Result<core::VersionVector> SessionWait::outcome() const {
  if (!decided_) {
    return core::Failure{
        ErrorCode::kTimeout,
        "this session has seen more than this region has: it still lacks " + to_string(lacks_)};
  }
  if (gone_ == LostWrites::kFail && !lacks_.empty()) {
    std::vector<MissingWrites> gone = lacks_;
    std::erase_if(gone, [](const MissingWrites& lack) { return !lack.gone; });
    return core::invalid(to_string(gone) +
                         " that this session has seen are gone: no region has them any more; it "
                         "may go on without them, if it says so");
  }
  core::VersionVector seen = seen_;
  for (const MissingWrites& each : lacks_) seen.set(each.origin, seen.at(each.origin) - each.ops);
  return seen;
}

}  // namespace anabranch::leader
