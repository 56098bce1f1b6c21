#include "crdt/expiry.h"

#include <algorithm>

#include "core/codec.h"
#include "core/path_parts.h"
#include "core/planted_bug.h"
#include "crdt/type_table.h"

namespace anabranch::crdt {

namespace {

using core::Bug;
using core::Dot;
using core::planted;

constexpr std::size_t kDotsMax = 4096;

// Returns whether an expiry still applies to the key as shown.
bool counts(const Expiry& expiry, const ShownKey& key) {
  if (expiry.type != key.type) return false;
  if (key.type != Type::kString || planted(Bug::kExpireAnyValue)) return true;
  if (expiry.values.empty()) return key.values.empty();
  return std::ranges::any_of(expiry.values, [&](const Dot& dot) {
    return std::ranges::find(key.values, dot) != key.values.end();
  });
}

bool is_longer(const Expiry& one, const Expiry& other) {
  if (planted(Bug::kShortestExpiry)) return one.deadline < other.deadline;
  return one.deadline > other.deadline;
}

}  // namespace

std::string encode_expiry(const Expiry& expiry) {
  std::string value;
  core::Writer out(value);
  out.array(3);
  expiry.deadline == Expiry::kNever ? out.nil() : out.int64(expiry.deadline);
  const char tag = static_cast<char>(expiry.type);
  out.text({&tag, 1}).array(2 * expiry.values.size());
  for (const Dot& dot : expiry.values) out.uint64(dot.origin).uint64(dot.seq);
  return value;
}

std::optional<Expiry> decode_expiry(std::string_view value) {
  core::Reader in(value);
  Expiry expiry;
  const std::size_t newer = in.array_of(3);
  if (!in.take_nil()) {
    expiry.deadline = in.int64();
    if (expiry.deadline < 0 || expiry.deadline > Expiry::kDeadlineMax) return std::nullopt;
  }
  const TypeEntry* const type = find_type(in.text());
  const std::size_t numbers = in.array();
  if (type == nullptr || numbers % 2 != 0 || numbers > 2 * kDotsMax) return std::nullopt;
  expiry.type = type->type;
  for (std::size_t i = 0; i < numbers; i += 2) {
    const core::Origin origin = in.uint64();
    expiry.values.push_back({origin, in.uint64()});
  }
  in.skip(newer);
  return in.done() ? std::optional(std::move(expiry)) : std::nullopt;
}

std::optional<Deciding> deciding_expiry(const Cell& cell, const ShownKey& key) {
  std::optional<Deciding> deciding;
  for (const Sibling& sibling : cell.siblings) {
    auto expiry = decode_expiry(sibling.value);
    if (!expiry || !counts(*expiry, key)) continue;
    if (deciding && !is_longer(*expiry, deciding->expiry)) continue;
    deciding = Deciding{*std::move(expiry), &sibling};
  }
  return deciding;
}

bool is_spent(const Cell& cell, const ShownKey& key) {
  if (key.type == Type::kNone) return true;
  return std::ranges::all_of(cell.siblings, [&](const Sibling& sibling) {
    const auto expiry = decode_expiry(sibling.value);
    if (!expiry || counts(*expiry, key)) return false;  // The values of newer versions are kept.
    if (key.type != Type::kString || expiry->type != Type::kString) return false;
    return std::ranges::none_of(expiry->values, [&](const Dot& dot) {
      return std::ranges::find(key.hidden, dot) != key.hidden.end();
    });
  });
}

std::vector<core::Millis> deadlines(const Cell& cell) {
  std::vector<core::Millis> all;
  for (const Sibling& sibling : cell.siblings) {
    if (const auto expiry = decode_expiry(sibling.value)) all.push_back(expiry->deadline);
  }
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

bool is_expiry(const core::Path& path) {
  constexpr std::string_view kEnd("x\0\1", 3);
  const std::string_view encoded = path.encoded();
  return encoded.ends_with(kEnd) && key_part(path).size() + kEnd.size() == encoded.size();
}

std::string_view key_part(const core::Path& path) {
  const std::string_view encoded = path.encoded();
  const std::size_t space = core::behind_component(encoded, 0);
  if (space == std::string_view::npos || encoded.starts_with('\0')) return {};
  const std::size_t key = core::behind_component(encoded, space);
  return key == std::string_view::npos ? std::string_view() : encoded.substr(0, key);
}

core::Path expiry_path(std::string_view key) {
  return core::Path::trusted(std::string(key)).append(kExpiryTag);
}

}  // namespace anabranch::crdt
