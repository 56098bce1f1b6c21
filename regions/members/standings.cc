#include "regions/members/standings.h"

#include <algorithm>
#include <utility>

#include "storage/layout.h"

namespace anabranch::regions {

core::Result<Standings> Standings::load(const storage::Snapshot& snapshot) {
  Standings standings;
  const std::string_view prefix = storage::kStandingPrefix;
  const auto cursor = snapshot.scan(storage::Table::kMeta, prefix, storage::Direction::kForward);
  for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    if (cursor->key().size() != prefix.size() + sizeof(core::Origin)) continue;
    core::Reader in(cursor->value());
    Standing standing = read_standing(in);
    if (!in.done()) return in.failure();
    standings.take(std::move(standing));
  }
  standings.changed_.clear();
  return standings;
}

bool Standings::take(Standing standing) {
  const core::Origin origin = standing.origin;
  const bool fits = all_.size() < core::VersionVector::kEntriesMax || all_.contains(origin);
  if (!fits || standing.number <= numbers_.at(origin)) return false;
  numbers_.set(origin, standing.number);
  all_[origin] = std::move(standing);
  note_change(origin);
  return true;
}

void Standings::retain(const std::function<bool(const Standing&)>& keep) {
  std::erase_if(all_, [&](const auto& each) {
    if (keep(each.second)) return false;
    numbers_.set(each.first, 0);
    note_change(each.first);
    return true;
  });
}

void Standings::note_change(core::Origin origin) {
  if (std::ranges::find(changed_, origin) == changed_.end()) changed_.push_back(origin);
}

const Standing* Standings::find(core::Origin origin) const {
  const auto found = all_.find(origin);
  return found == all_.end() ? nullptr : &found->second;
}

bool Standings::knows(std::string_view region) const {
  return std::ranges::any_of(all_, [&](const auto& each) { return each.second.region == region; });
}

std::vector<storage::Change> Standings::take_changes() {
  std::vector<storage::Change> changes;
  for (const core::Origin origin : std::exchange(changed_, {})) {
    std::optional<std::string> value;
    if (const Standing* standing = find(origin)) {
      core::Writer out(value.emplace());
      write_standing(out, *standing);
    }
    changes.push_back({storage::Table::kMeta, storage::standing_key(origin), std::move(value)});
  }
  return changes;
}

}  // namespace anabranch::regions
