#include "core/version_vector.h"

#include <algorithm>
#include <iterator>

namespace anabranch::core {
namespace {

constexpr auto kBefore = [](const VersionVector::Entry& entry, Origin origin) {
  return entry.origin < origin;
};

}  // namespace

VersionVector::VersionVector(std::initializer_list<Entry> entries) {
  entries_.reserve(entries.size());
  for (const Entry& entry : entries) set(entry.origin, entry.seq);
}

Seq VersionVector::at(Origin origin) const {
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), origin, kBefore);
  return found != entries_.end() && found->origin == origin ? found->seq : 0;
}

void VersionVector::set(Origin origin, Seq seq) {
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), origin, kBefore);
  const bool known = found != entries_.end() && found->origin == origin;
  if (known && seq != 0) {
    found->seq = seq;
  } else if (known) {
    entries_.erase(found);
  } else if (seq != 0) {
    entries_.insert(found, {origin, seq});
  }
}

void VersionVector::raise(Origin origin, Seq seq) {
  if (seq > at(origin)) set(origin, seq);
}

void VersionVector::join(const VersionVector& other) {
  std::size_t missing = 0;
  auto at = entries_.begin();
  for (const Entry& theirs : other.entries_) {
    while (at != entries_.end() && at->origin < theirs.origin) ++at;
    if (at == entries_.end() || at->origin != theirs.origin) {
      ++missing;
    } else {
      at->seq = std::max(at->seq, theirs.seq);
    }
  }
  if (missing == 0) return;
  std::vector<Entry> joined;
  joined.reserve(entries_.size() + missing);
  std::ranges::set_union(entries_, other.entries_, std::back_inserter(joined), {}, &Entry::origin,
                         &Entry::origin);
  entries_ = std::move(joined);
}

bool VersionVector::includes(const VersionVector& other) const {
  auto ours = entries_.begin();
  for (const Entry& theirs : other.entries_) {
    while (ours != entries_.end() && ours->origin < theirs.origin) ++ours;
    if (ours == entries_.end() || ours->origin != theirs.origin) return false;
    if (ours->seq < theirs.seq) return false;
  }
  return true;
}

Seq VersionVector::ops_beyond(const VersionVector& other) const {
  Seq ops = 0;
  for (const auto& [origin, seq] : entries_) ops += seq - std::min(seq, other.at(origin));
  return ops;
}

VersionVector lower(const VersionVector& one, const VersionVector& other) {
  VersionVector both;
  for (const auto& [origin, seq] : one) both.set(origin, std::min(seq, other.at(origin)));
  return both;
}

VersionVector difference(const VersionVector& now, const VersionVector& before) {
  VersionVector changed;
  auto old = before.begin();
  for (const VersionVector::Entry& entry : now) {
    while (old != before.end() && old->origin < entry.origin) ++old;
    if (old == before.end() || *old != entry) changed.set(entry.origin, entry.seq);
  }
  return changed;
}

std::string to_string(const VersionVector& vector) {
  std::string text = "{";
  for (const VersionVector::Entry& entry : vector) {
    if (text.size() > 1) text += ", ";
    text += to_string(entry.origin) + ": " + std::to_string(entry.seq);
  }
  return text + "}";
}

}  // namespace anabranch::core
