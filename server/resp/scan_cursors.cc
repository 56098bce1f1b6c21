#include "server/resp/scan_cursors.h"

#include <algorithm>

#include "core/hash.h"

namespace anabranch::server {
namespace {

// JavaScript and others hold integers up to 2^53 exactly.
constexpr std::uint64_t kNumberMax = (std::uint64_t{1} << 53U) - 1;

}  // namespace

std::uint64_t ScanCursors::issue(std::string_view collection, std::string_view name) {
  std::string place = std::to_string(collection.size()) + ":";
  place.append(collection).append(name);
  std::uint64_t number = core::seeded64(place, seed_) & kNumberMax;
  for (;; ++number) {
    number = std::clamp<std::uint64_t>(number, 1, kNumberMax);
    const auto found = places_.find(number);
    if (found == places_.end()) break;
    Place& known = found->second;
    if (known.collection != collection || known.name != name) continue;
    open_.splice(open_.end(), line_of(known), known.at);
    ++known.open;
    return number;
  }
  Place made{.collection = std::string(collection), .name = std::string(name), .open = 1};
  made.at = open_.insert(open_.end(), number);
  bytes_ += made.bytes();
  places_.emplace(number, std::move(made));
  while (full() && places_.size() > 1) forget_oldest();
  return number;
}

std::optional<std::string> ScanCursors::find(std::uint64_t number,
                                             std::string_view collection) const {
  const auto found = places_.find(number);
  const bool is_known = found != places_.end() && found->second.collection == collection;
  return is_known ? std::optional(found->second.name) : std::nullopt;
}

std::optional<std::string> ScanCursors::take(std::uint64_t number, std::string_view collection) {
  auto name = find(number, collection);
  if (!name) {
    ++unknown_;
    return name;
  }
  Place& place = places_.find(number)->second;
  Line& from = line_of(place);
  if (place.open > 0) --place.open;
  Line& to = line_of(place);
  to.splice(to.end(), from, place.at);
  return name;
}

void ScanCursors::forget_oldest() {
  Line& line = used_.empty() ? open_ : used_;
  const auto oldest = places_.find(line.front());
  forgotten_ += used_.empty() ? 1 : 0;
  bytes_ -= oldest->second.bytes();
  places_.erase(oldest);
  line.pop_front();
}

}  // namespace anabranch::server
