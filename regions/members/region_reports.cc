#include "regions/members/region_reports.h"

#include <algorithm>
#include <utility>

#include "storage/layout.h"

namespace anabranch::regions {

core::Result<RegionReports> RegionReports::load(const storage::Snapshot& snapshot) {
  RegionReports reports;
  const std::string_view prefix = storage::kReportPrefix;
  const auto cursor = snapshot.scan(storage::Table::kMeta, {.from = prefix});
  for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    if (cursor->key().size() != prefix.size() + sizeof(core::Origin)) continue;
    core::Reader in(cursor->value());
    RegionReport report = read_report(in);
    if (!in.done()) return in.failure();
    reports.take(std::move(report));
  }
  reports.changed_.clear();
  return reports;
}

bool RegionReports::take(RegionReport report) {
  const core::Origin origin = report.origin;
  const bool fits = all_.size() < core::VersionVector::kEntriesMax || all_.contains(origin);
  if (!fits || report.number <= numbers_.at(origin)) return false;
  numbers_.set(origin, report.number);
  all_[origin] = std::move(report);
  note_change(origin);
  return true;
}

void RegionReports::retain(const std::function<bool(const RegionReport&)>& keep) {
  std::erase_if(all_, [&](const auto& each) {
    if (keep(each.second)) return false;
    numbers_.set(each.first, 0);
    note_change(each.first);
    return true;
  });
}

void RegionReports::note_change(core::Origin origin) {
  if (std::ranges::find(changed_, origin) == changed_.end()) changed_.push_back(origin);
}

const RegionReport* RegionReports::find(core::Origin origin) const {
  const auto found = all_.find(origin);
  return found == all_.end() ? nullptr : &found->second;
}

bool RegionReports::knows(std::string_view region) const {
  return std::ranges::any_of(all_, [&](const auto& each) { return each.second.region == region; });
}

storage::Changes RegionReports::take_changes() {
  storage::Changes changes;
  for (const core::Origin origin : std::exchange(changed_, {})) {
    std::optional<std::string> value;
    if (const RegionReport* report = find(origin)) {
      core::Writer out(value.emplace());
      write_report(out, *report);
    }
    changes.set(storage::Table::kMeta, storage::report_key(origin), value);
  }
  return changes;
}

}  // namespace anabranch::regions
