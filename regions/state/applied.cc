#include "regions/state/applied.h"

#include <algorithm>
#include <utility>

#include "storage/layout.h"

namespace anabranch::regions {

namespace {

// Calls function(suffix of the key, value) for every row of meta under a prefix.
template <typename Function>
core::Result<void> for_each(const storage::Snapshot& snapshot, std::string_view prefix,
                            const Function& function) {
  const auto cursor = snapshot.scan(storage::Table::kMeta, {.from = prefix});
  for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    const std::string_view suffix = cursor->key().substr(prefix.size());
    if (suffix.size() != sizeof(std::uint64_t)) continue;  // Another key with the same letter.
    if (auto done = function(storage::from_big_endian(suffix), cursor->value()); !done.ok()) {
      return done;
    }
  }
  return {};
}

}  // namespace

core::Result<Applied> Applied::load(const storage::Snapshot& snapshot) {
  Applied applied;
  auto numbers = for_each(
      snapshot, storage::kOriginPrefix,
      [&](std::uint64_t number, std::string_view value) -> core::Result<void> {
        if (value.size() != sizeof(core::Origin) || number != applied.names().origins().size()) {
          return core::corrupt("the table of origins cannot be read");
        }
        applied.name(storage::from_big_endian(value));
        return {};
      });
  if (!numbers.ok()) return numbers.failure();
  applied.numbers_written_ = applied.names().origins().size();
  auto heads = for_each(snapshot, storage::kHeadPrefix,
                        [&](core::Origin origin, std::string_view value) -> core::Result<void> {
                          auto head = decode_head(value);
                          if (!head.ok()) return head.failure();
                          applied.set_head(origin, std::move(head).value());
                          return {};
                        });
  if (!heads.ok()) return heads.failure();
  applied.changed_.clear();
  return applied;
}

const Head& Applied::head(core::Origin origin) const {
  static const auto* const none = new Head;
  const auto found = heads_.find(origin);
  return found == heads_.end() ? *none : found->second;
}

std::vector<core::ChainHash> Applied::chains() const {
  std::vector<core::ChainHash> chains;
  chains.reserve(vector_.size());
  for (const auto& [origin, head] : heads_) {  // In the same order.
    if (head.seq > 0) chains.push_back(head.chain);
  }
  return chains;
}

core::Hlc Applied::hlc_max() const {
  core::Hlc max;
  for (const auto& [origin, head] : heads_) max = std::max(max, head.hlc);
  return max;
}

void Applied::advance(const core::BatchFrame& batch, const core::Extent& extent,
                      const core::VersionVector& deps, const core::ChainHash& chain) {
  ANABRANCH_ASSERT(vector_.at(batch.origin) + 1 == extent.first);
  name(batch.origin);
  Head& head = heads_[batch.origin];
  head.seq = extent.last;
  head.chain = chain;
  head.deps = deps;  // `deps` may be vector_ itself.
  head.deps.set(batch.origin, extent.last);
  head.hlc = std::max(head.hlc, extent.hlc);
  if (batch.opening) head.region = batch.opening->region;
  went_on(batch.origin, head, batch.opening.has_value());
}

void Applied::set_head(core::Origin origin, Head head) {
  name(origin);
  Head& kept = heads_[origin] = std::move(head);
  went_on(origin, kept, !kept.region.empty());
}

void Applied::went_on(core::Origin origin, const Head& head, bool named) {
  if (named) names_->set_region(origin, head.region);
  vector_.set(origin, head.seq);
  if (std::ranges::find(changed_, origin) == changed_.end()) changed_.push_back(origin);
}

void Applied::replace(const std::map<core::Origin, Head>& heads) {
  for (const auto& [origin, head] : std::exchange(heads_, {})) {
    if (std::ranges::find(changed_, origin) == changed_.end()) changed_.push_back(origin);
  }
  vector_ = {};
  for (const auto& [origin, head] : heads) set_head(origin, head);
}

void Applied::name(core::Origin origin) { names_->origins().add(origin); }

void Applied::name(core::Origin origin, const std::string& region) {
  name(origin);
  if (!region.empty()) names_->set_region(origin, region);
}

storage::Changes Applied::take_changes() {
  storage::Changes changes;
  for (const core::Origin origin : std::exchange(changed_, {})) {
    const auto head = heads_.find(origin);
    changes.set(storage::Table::kMeta, storage::head_key(origin),
                head == heads_.end() ? std::nullopt : std::optional(encode_head(head->second)));
  }
  const core::OriginTable& origins = names().origins();
  for (; numbers_written_ < origins.size(); ++numbers_written_) {
    const auto origin = origins.origin(static_cast<std::uint32_t>(numbers_written_));
    changes.put(storage::Table::kMeta, storage::origin_key(numbers_written_),
                storage::big_endian(*origin));
  }
  return changes;
}

}  // namespace anabranch::regions
