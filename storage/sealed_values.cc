#include "storage/sealed_values.h"

#include <algorithm>
#include <optional>

#include "core/log.h"
#include "core/text.h"
#include "storage/damage.h"
#include "storage/value_sum.h"

namespace anabranch::storage {

namespace {

// Returns a key as it can be shown, with escapes; at most so many bytes of it.
std::string shown(std::string_view key) {
  constexpr std::size_t kShownMax = 100;
  std::string text;
  for (const char byte : key.substr(0, kShownMax)) {
    const bool plain = byte >= ' ' && byte <= '~' && byte != '\\' && byte != '"';
    plain ? text += byte : text += core::escaped(byte);
  }
  return '"' + text + '"' + (key.size() > kShownMax ? "..." : "");
}

std::string sentence(Table table, std::string_view key) {
  return "the value of " + shown(key) + " in the table " + std::string(table_name(table)) +
         " is damaged on the disk";
}

}  // namespace

std::string_view SealedValues::open(const Place& place, std::string_view sealed,
                                    const LmdbTxn& txn) const {
  if (const auto value = unseal_value(place.key, sealed)) return *value;
  const std::string damage = note(place, txn.commit_number());
  if (place.table == Table::kMeta) unreadable({ErrorCode::kCorrupt, damage});
  throw Error(ErrorCode::kCorrupt, damage);
}

std::vector<DamagedValue> SealedValues::damaged() const {
  const std::lock_guard lock(mutex_);
  std::vector<DamagedValue> damaged;
  for (const auto& [table, key] : noted_) damaged.push_back({table, sentence(table, key)});
  return damaged;
}

void SealedValues::forget(Table table, std::uint64_t commit) {
  const std::lock_guard lock(mutex_);
  emptied_.at(static_cast<std::size_t>(table)) = commit;
  std::erase_if(noted_, [&](const auto& noted) { return noted.first == table; });
}

std::string SealedValues::note(const Place& place, std::uint64_t commit) const {
  std::string damage = sentence(place.table, place.key);
  {
    const std::lock_guard lock(mutex_);
    if (commit < emptied_.at(static_cast<std::size_t>(place.table))) return damage;
    std::pair<Table, std::string> noted(place.table, place.key);
    if (noted_.size() == kNotedMax || std::ranges::count(noted_, noted) > 0) return damage;
    noted_.push_back(std::move(noted));
  }
  core::log_error({}, damage + ": readers of it get an error");
  return damage;
}

}  // namespace anabranch::storage
