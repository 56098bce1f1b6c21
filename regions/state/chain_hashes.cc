#include "regions/state/chain_hashes.h"

#include <algorithm>
#include <string>

#include "storage/layout.h"

namespace anabranch::regions {

using core::ChainHash;
using core::Origin;
using core::Seq;

core::Result<void> ChainHashes::load(const storage::Snapshot& snapshot) {
  constexpr std::size_t kNumber = sizeof(std::uint64_t);
  const std::string_view prefix = storage::kChainPrefix;
  const auto cursor = snapshot.scan(storage::Table::kMeta, {.from = prefix});
  for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    const std::string_view position = cursor->key().substr(prefix.size());
    if (position.size() != 2 * kNumber) continue;  // Another key with the same letter.
    ChainHash hash{};
    if (cursor->value().size() != hash.size()) {
      return core::corrupt("a kept chain hash cannot be read");
    }
    std::ranges::copy(cursor->value(), hash.begin());
    kept_[{storage::from_big_endian(position.substr(0, kNumber)),
           storage::from_big_endian(position.substr(kNumber))}] = hash;
  }
  return load_parted(snapshot);
}

core::Result<void> ChainHashes::load_parted(const storage::Snapshot& snapshot) {
  const std::string_view prefix = storage::kPartedPrefix;
  const auto cursor = snapshot.scan(storage::Table::kMeta, {.from = prefix});
  for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    const std::string_view origin = cursor->key().substr(prefix.size());
    if (origin.size() != sizeof(Origin) || cursor->value().size() != sizeof(Seq)) {
      return core::corrupt("where this leader gave way cannot be read");
    }
    parted_[storage::from_big_endian(origin)] = storage::from_big_endian(cursor->value());
  }
  return {};
}

std::optional<ChainHash> ChainHashes::at(Origin origin, Seq seq, ReadAllowance* allowance) const {
  if (seq == 0) return ChainHash{};
  const Head& head = applied_.head(origin);
  if (head.seq == seq) return head.chain;
  if (seq > head.seq) return std::nullopt;
  for (const auto* positions : {&kept_, &told_}) {
    if (const auto known = positions->find({origin, seq}); known != positions->end())
      return known->second;
  }
  // The next record mostly tells it without a hash over all bytes of its own.
  const auto behind = log_.ends(origin, seq + 1, Wanted::kBefore, allowance);
  if (behind && behind->first == seq + 1) return behind->before;
  if (behind && behind->first <= seq) return std::nullopt;
  const auto own = log_.ends(origin, seq, Wanted::kBoth, allowance);
  return own && own->last == seq ? own->after : std::nullopt;
}

std::optional<std::uint64_t> ChainHashes::find_recent(Origin origin, Seq seq) const {
  const auto found = std::find_if(recent_.rbegin(), recent_.rend(), [&](const Recent& each) {
    return each.origin == origin && each.seq == seq;
  });
  return found == recent_.rend() ? std::nullopt : std::optional(found->hash);
}

bool ChainHashes::differs(Origin origin, Seq seq, std::uint64_t hash) const {
  if (hash == 0 || seq > applied_.head(origin).seq) return false;
  if (const auto recent = find_recent(origin, seq)) return *recent != hash;
  const auto own = at(origin, seq);
  return own ? core::history_hash(*own) != hash : within_batch(origin, seq);
}

bool ChainHashes::within_batch(Origin origin, Seq seq, ReadAllowance* allowance) const {
  const auto record = log_.ends(origin, seq, Wanted::kBefore, allowance);
  return record && record->first <= seq && seq < record->last;
}

std::optional<ChainLink> ChainHashes::at_or_below(Origin origin, Seq seq,
                                                  ReadAllowance* allowance) const {
  const Head& head = applied_.head(origin);
  if (head.seq > 0 && head.seq <= seq) return ChainLink{head.seq, head.chain};
  // Where the log goes no further, because a snapshot brought the rest, its last batch ends here.
  if (const auto known = seq > 0 ? at(origin, seq, allowance) : std::nullopt) {
    return ChainLink{seq, *known};
  }
  const auto record = log_.ends(origin, seq + 1, Wanted::kBefore, allowance);
  if (record && 1 < record->first && record->first <= seq + 1) {
    return ChainLink{record->first - 1, record->before};
  }
  const ChainLink kept = checkpoint(origin, seq);
  return kept.seq > 0 ? std::optional(kept) : std::nullopt;
}

std::optional<ChainHash> ChainHashes::first_behind(Origin origin, Seq seq) const {
  const auto record = log_.ends(origin, seq + 1, Wanted::kBefore, nullptr);
  if (!record || record->first != seq + 1) return std::nullopt;
  return at(origin, record->last);
}

std::vector<ChainLink> ChainHashes::trail(Origin origin, Seq from, ReadAllowance* allowance) const {
  constexpr std::size_t kLinksMax = 64;
  std::vector<ChainLink> links;
  Seq below = from;
  for (Seq step = 1; links.size() < kLinksMax; step *= 2) {
    const auto link = at_or_below(origin, below, allowance);
    if (!link) break;
    links.push_back(*link);
    if (link->seq <= step) break;
    below = link->seq - step;
  }
  return links;
}

Match ChainHashes::compare(Origin origin, const ChainLink& shown, ReadAllowance* allowance) const {
  if (shown.seq > applied_.head(origin).seq) return Match::kBeyond;
  if (const auto own = at(origin, shown.seq, allowance)) {
    return *own == shown.hash ? Match::kEqual : Match::kDifferent;
  }
  return within_batch(origin, shown.seq, allowance) ? Match::kDifferent : Match::kUnknown;
}

ChainLink ChainHashes::checkpoint(Origin origin, Seq seq) const {
  const auto after = kept_.upper_bound({origin, seq});
  if (after == kept_.begin()) return {};
  const auto& [position, hash] = *std::prev(after);
  return position.first == origin ? ChainLink{position.second, hash} : ChainLink{};
}

void ChainHashes::keep(Origin origin, Seq seq, const ChainHash& hash) {
  if (seq == 0) return;
  if (kept_.insert_or_assign(Position(origin, seq), hash).second) {
    std::erase(changed_, Position(origin, seq));
    changed_.emplace_back(origin, seq);
  }
}

bool ChainHashes::keep(Origin origin, Seq seq) {
  if (kept_.contains({origin, seq})) return true;
  const auto hash = at(origin, seq);
  if (hash) keep(origin, seq, *hash);
  return hash.has_value();
}

void ChainHashes::learn(Origin origin, const ChainLink& told) {
  if (told_.size() >= kToldMax) told_.clear();
  told_[{origin, told.seq}] = told.hash;
}

void ChainHashes::forget_beyond(Origin origin, Seq seq) {
  std::erase_if(told_, [&](const auto& each) {
    return each.first.first == origin && each.first.second > seq;
  });
  std::erase_if(recent_,
                [&](const Recent& each) { return each.origin == origin && each.seq > seq; });
  const auto from = kept_.upper_bound({origin, seq});
  auto to = from;
  for (; to != kept_.end() && to->first.first == origin; ++to) {
    std::erase(changed_, to->first);
    changed_.push_back(to->first);
  }
  kept_.erase(from, to);
}

void ChainHashes::advance(Origin origin, const core::Extent& extent, const ChainHash& hash) {
  recent_.push_back({origin, extent.last, core::history_hash(hash)});
  if (is_checkpoint(extent.first, extent.last)) keep(origin, extent.last, hash);
}

bool behind_parting(const std::map<Origin, Seq>& parted, Origin origin, Seq seq) {
  const auto place = parted.find(origin);
  return place != parted.end() && seq > place->second;
}

void ChainHashes::part(Origin origin, Seq common) {
  const auto [place, fresh] = parted_.try_emplace(origin, common);
  if (!fresh && place->second <= common) return;
  place->second = common;
  parted_changed_.insert(origin);
}

storage::Changes ChainHashes::take_changes() {
  if (recent_.size() > 2 * kRecent) recent_.erase(recent_.begin(), recent_.end() - kRecent);
  storage::Changes changes;
  for (const auto& [origin, seq] : std::exchange(changed_, {})) {
    const auto kept = kept_.find({origin, seq});
    std::optional<std::string> hash;
    if (kept != kept_.end()) hash.emplace(kept->second.begin(), kept->second.end());
    changes.set(storage::Table::kMeta, storage::chain_key(origin, seq), hash);
  }
  for (const Origin origin : std::exchange(parted_changed_, {})) {
    changes.put(storage::Table::kMeta, storage::parted_key(origin),
                storage::big_endian(parted_.at(origin)));
  }
  return changes;
}

}  // namespace anabranch::regions
