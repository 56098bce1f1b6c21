#include "tests/three_way.h"

#include <optional>
#include <stdexcept>
#include <string>

#include "core/hash.h"

namespace anabranch::test {

namespace {

std::optional<std::string> merged(const Conflict& conflict) {
  if (conflict.siblings.size() > kThreeWayMax) throw std::runtime_error("too many values");
  const std::optional<std::string>& base = conflict.siblings.front().base;
  if (!base) return std::nullopt;
  std::string all = conflict.prefix + "|" + conflict.key;
  for (const std::string& name : conflict.path) all += "/" + name;
  all += "|" + std::string(to_string(conflict.type)) + "|" + *base;
  for (const Sibling& each : conflict.siblings) {
    if (each.base != base) return std::nullopt;
    all += "|" + each.region + " " + std::to_string(each.time_ms) + " " + each.value;
  }
  return "merged " + core::to_string(core::digest128(all));
}

}  // namespace

Resolver three_way() { return {std::string(kThreeWay), merged}; }

}  // namespace anabranch::test
