#include "regions/delivery/signer.h"

#include <algorithm>
#include <utility>

#include "core/codec.h"
#include "core/planted_bug.h"
#include "core/wire.h"
#include "storage/layout.h"

namespace anabranch::regions {

core::Result<void> Signer::load(const storage::Snapshot& snapshot) {
  const std::string_view prefix = storage::kSignedPrefix;
  const auto cursor = snapshot.scan(storage::Table::kMeta, {.from = prefix});
  for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    if (cursor->key().size() != prefix.size() + sizeof(core::Origin)) continue;
    core::Reader in(cursor->value());
    SignedPosition position = read_position(in);
    if (!in.done()) return in.failure();
    const Head& head = applied_.head(position.origin);
    if (position.seq == head.seq && position.chain != head.chain) continue;
    positions_[position.origin].emplace(place(position), position);
  }
  return {};
}

bool Signer::verify(const SignedPosition& position) const {
  return signatures_ != nullptr &&
         signatures_->verify(position.region, signed_bytes(identity_.mesh, position),
                             position.signature);
}

void Signer::sign(RegionReport& report) const {
  if (signatures_ == nullptr) return;
  report.signature = signatures_->sign(signed_bytes(identity_.mesh, report));
}

bool Signer::verify(const RegionReport& report) const {
  return signatures_ == nullptr ||
         signatures_->verify(report.region, signed_bytes(identity_.mesh, report), report.signature);
}

std::string Signer::sign(const SignedPosition& position) const {
  return signatures_->sign(signed_bytes(identity_.mesh, position));
}

SignedPosition Signer::sign_head(core::Origin origin) const {
  const Head& head = applied_.head(origin);
  SignedPosition position{identity_.region, origin, head.seq, head.chain, {}};
  position.signature = sign(position);
  return position;
}

bool Signer::is_unsigned(core::Origin origin) const {
  return applied_.vector().at(origin) > 0 && !proves_head(origin);
}

std::string Signer::for_batch() const {
  const core::Seq seq = applied_.vector().at(identity_.origin);
  if (signatures_ == nullptr || seq == 0) return {};
  const SignedPosition* const last = newest(identity_.origin);
  return last != nullptr && last->seq == seq ? last->signature
                                             : sign_head(identity_.origin).signature;
}

void Signer::sign_due(core::Millis now) {
  if (signatures_ == nullptr) return;
  const bool left = std::exchange(signed_as_, identity_.origin) != identity_.origin;
  if (left && !core::planted(core::Bug::kLeaveUnsigned)) former_signed_ = false;
  if (!std::exchange(former_signed_, true)) {
    for (const auto& [origin, head] : applied_.heads()) {
      if (head.region == identity_.region && is_unsigned(origin)) keep(sign_head(origin));
    }
  }
  due_ms_ = -1;
  if (!is_unsigned(identity_.origin)) return;
  if (now - signed_ms_ < kSignMs) {
    due_ms_ = signed_ms_ + kSignMs;
    return;
  }
  signed_ms_ = now;
  keep(sign_head(identity_.origin));
}

std::optional<core::Millis> Signer::next_ms() const {
  return due_ms_ < 0 ? std::nullopt : std::optional(due_ms_);
}

void Signer::keep(const SignedPosition& position) {
  if (!positions_.contains(position.origin) && positions_.size() >= kOriginsMax) return;
  Positions& positions = positions_[position.origin];
  const SignedPosition* const last = newest(position.origin);
  if (last != nullptr && last->seq >= position.seq) return;
  const Head& head = applied_.head(position.origin);
  if (position.seq == head.seq && position.chain != head.chain) return;
  positions.emplace(place(position), position);
  const auto ahead = std::distance(behind(positions, head.seq), positions.end());
  if (static_cast<std::size_t>(ahead) > kAheadMax) positions.erase(std::prev(positions.end(), 2));
}

void Signer::forget(core::Origin origin) {
  positions_.erase(origin);
  told_.erase(origin);
  changed_.push_back(origin);
  former_signed_ = false;
}

void Signer::forget_ahead(core::Origin origin) {
  const auto found = positions_.find(origin);
  if (found == positions_.end()) return;
  found->second.erase(behind(found->second, applied_.vector().at(origin)), found->second.end());
}

void Signer::passed(core::Origin origin, core::Seq first) {
  const auto found = positions_.find(origin);
  if (found == positions_.end()) return;
  Positions& positions = found->second;
  const Head& head = applied_.head(origin);
  for (auto at = behind(positions, first - 1); at != behind(positions, head.seq);) {
    at = at->first == Place{head.seq, head.chain} ? std::next(at) : positions.erase(at);
  }
}

const SignedPosition* Signer::newest(core::Origin origin) const {
  const auto found = positions_.find(origin);
  if (found == positions_.end()) return nullptr;
  const auto beyond = behind(found->second, applied_.vector().at(origin));
  return beyond == found->second.begin() ? nullptr : &std::prev(beyond)->second;
}

bool Signer::proves_head(core::Origin origin) const {
  const SignedPosition* const last = newest(origin);
  return last != nullptr && last->seq == applied_.vector().at(origin);
}

void Signer::look() {
  for (auto& [origin, positions] : positions_) {
    const SignedPosition* const last = newest(origin);
    if (last == nullptr || last->seq <= std::exchange(told_[origin], last->seq)) continue;
    news_.push_back(*last);
    positions.erase(positions.begin(), positions.find(place(*last)));
    std::erase(changed_, origin);
    changed_.push_back(origin);
  }
}

std::vector<SignedPosition> Signer::take_news() {
  look();
  return std::exchange(news_, {});
}

void Signer::passed_by_swap() {
  const auto before = applied_.names().vectors().announced();
  for (const auto& [origin, seq] : applied_.vector()) {
    if (seq > before->at(origin)) passed(origin, before->at(origin) + 1);
  }
}

void Signer::record(Commit& commit) {
  if (commit.swap) passed_by_swap();
  commit.changes.add(take_changes());
}

storage::Changes Signer::take_changes() {
  look();
  storage::Changes changes;
  for (const core::Origin origin : std::exchange(changed_, {})) {
    std::optional<std::string> value;
    if (const SignedPosition* const position = newest(origin)) {
      core::Writer out(value.emplace());
      write_position(out, *position);
    }
    changes.set(storage::Table::kMeta, storage::signed_key(origin), value);
  }
  return changes;
}

}  // namespace anabranch::regions
