#include "server/resp/commands/values/set_walk.h"

#include <algorithm>
#include <utility>

#include <anabranch/error.h>

namespace anabranch::server {
namespace {

// Members read at once: of one set, and of all together.
constexpr std::size_t kBatch = 64;
constexpr std::size_t kBatchOfAll = 4096;

}  // namespace

void SetWalk::add(const Scope& scope, const Key& set) {
  const bool is_first = named_.empty();
  if (!named_.emplace(set.encoded()).second) {
    // What is taken from itself is nothing.
    if (operation_ == Operation::kDifference && !sets_.empty() && sets_.front().set == set) {
      is_empty_ = true;
    }
    return;
  }
  expect_type(scope, set, Type::kSet);
  const std::uint64_t size = scope.count(set.of(Type::kSet));
  if (size == 0) {
    const bool takes_all = operation_ == Operation::kIntersection ||
                           (operation_ == Operation::kDifference && is_first);
    is_empty_ = is_empty_ || takes_all;
    return;
  }
  if (sets_.size() == kSetsMax) {
    throw Error(ErrorCode::kTooLarge,
                "more than " + std::to_string(kSetsMax) + " sets are too many for one command");
  }
  largest_ = std::max(largest_, size);
  sets_.push_back({set, size});
}

void SetWalk::visit(const Scope& scope, const Visit& visit) {
  if (is_empty_ || sets_.empty()) return;
  const bool begins = !std::exchange(begun_, true);
  if (operation_ == Operation::kUnion) {
    for (std::size_t i = 0; begins && i < sets_.size(); ++i) {
      if (look(scope, sets_[i])) heads_[sets_[i].names.front()].push_back(i);
    }
    return visit_all(scope, visit);
  }
  // An intersection looks at the members of the smallest set.
  if (begins && operation_ == Operation::kIntersection) {
    std::iter_swap(sets_.begin(), std::ranges::min_element(sets_, {}, &Part::size));
  }
  visit_first(scope, visit);
}

bool SetWalk::look(const Scope& scope, Part& part) const {
  if (part.next < part.names.size()) return true;
  if (part.ended) return false;
  const std::size_t most =
      std::clamp<std::size_t>(kBatchOfAll / sets_.size(), std::size_t{1}, kBatch);
  const Span rest = part.names.empty() ? Span{} : Span::after(part.names.back());
  std::vector<std::string> names;
  scope.names(part.set.of(Type::kSet), rest, [&](const std::string& member) {
    names.push_back(member);
    return names.size() < most;
  });
  part.ended = names.size() < most;
  part.names = std::move(names);
  part.next = 0;
  return !part.names.empty();
}

bool SetWalk::belongs(const Scope& scope, const std::string& member) const {
  const bool wanted = operation_ == Operation::kIntersection;
  return std::all_of(sets_.begin() + 1, sets_.end(), [&](const Part& part) {
    return scope.contains(part.set.element(member)) == wanted;
  });
}

void SetWalk::visit_first(const Scope& scope, const Visit& visit) {
  Part& first = sets_.front();
  for (; look(scope, first); ++first.next) {
    const std::string& member = first.names[first.next];
    if (!visit(member, belongs(scope, member))) return;
  }
}

// Merges: the least of the next members of all sets is the next one.
void SetWalk::visit_all(const Scope& scope, const Visit& visit) {
  while (!heads_.empty()) {
    if (!visit(heads_.begin()->first, true)) return;
    const auto node = heads_.extract(heads_.begin());
    for (const std::size_t i : node.mapped()) {
      Part& part = sets_[i];
      ++part.next;
      if (look(scope, part)) heads_[part.names[part.next]].push_back(i);
    }
  }
}

}  // namespace anabranch::server
