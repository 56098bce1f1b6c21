#include "regions/state/incarnation.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace anabranch::regions {

namespace {

// Returns whether two names are known and differ.
bool differ(const std::string& one, const std::string& other) {
  return !one.empty() && !other.empty() && one != other;
}

bool moved(const storage::Place& before, const storage::Place& now) {
  if (before.file == 0 || now.file == 0) return false;
  if (before.directory != now.directory || before.file != now.file) return true;
  if (before.made_ns != now.made_ns) return true;
  return before.boot == now.boot && before.device != now.device;
}

}  // namespace

std::optional<std::string> why_new_origin(const Identity& recorded, const storage::Place& now) {
  if (!now.lost.empty()) return now.lost;
  if (now.failed) return "a commit had failed, and what the disk has of it is unknown";
  if (differ(recorded.place.machine, now.machine)) return "its data come from another machine";
  if (moved(recorded.place, now)) return "its data were copied or restored";
  if (recorded.closed || recorded.at_rest) return std::nullopt;
  if (differ(recorded.place.boot, now.boot)) {
    return "the machine went down before it was closed";
  }
  if (recorded.syncs_later) {
    return "it was not closed, and its newest writes did not wait for the disk";
  }
  return std::nullopt;
}

bool is_elsewhere(const Identity& recorded, const storage::Place& now) {
  return differ(recorded.place.machine, now.machine) || moved(recorded.place, now);
}

void begin_incarnation(Identity& identity, core::Origin fresh, bool used, std::string why) {
  const core::Origin before = std::exchange(identity.origin, fresh);
  if (used || identity.previous == 0) {
    std::vector<core::Origin>& formers = identity.formers;
    formers.insert(formers.begin(), std::exchange(identity.previous, before));
    formers.resize(std::min(formers.size(), Identity::kFormersMax));
  }
  identity.why = std::move(why);
}

}  // namespace anabranch::regions
