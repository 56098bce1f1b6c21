#include "regions/members/met_addresses.h"

#include <algorithm>
#include <utility>

#include "core/codec.h"
#include "storage/layout.h"

namespace anabranch::regions {

core::Result<void> MetAddresses::load(const storage::Snapshot& snapshot) {
  const std::string_view prefix = storage::kMetPrefix;
  const auto cursor = snapshot.scan(storage::Table::kMeta, {.from = prefix});
  for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    core::Reader in(cursor->value());
    const std::size_t newer = in.array_of(1);
    std::string region(in.text());
    in.skip(newer);
    if (!in.done()) return in.failure();
    regions_.emplace(cursor->key().substr(prefix.size()), std::move(region));
  }
  return {};
}

void MetAddresses::see(const std::string& address, const std::string& region) {
  if (address.empty() || region_at(address) == region) return;
  if (storage::met_key(address).size() > storage::kKeySizeMax) return;  // No name is that long.
  regions_[address] = region;
  changed_.insert(address);
}

const std::string& MetAddresses::region_at(std::string_view address) const {
  static const auto* const none = new std::string();
  const auto found = regions_.find(address);
  return found == regions_.end() ? *none : found->second;
}

bool MetAddresses::has_met(std::string_view region) const {
  return std::ranges::any_of(regions_, [&](const auto& each) { return each.second == region; });
}

void MetAddresses::record(Commit& commit) {
  for (const std::string& address : std::exchange(changed_, {})) {
    std::string value;
    core::Writer(value).array(1).text(regions_.at(address));
    commit.changes.put(storage::Table::kMeta, storage::met_key(address), value);
  }
}

}  // namespace anabranch::regions
