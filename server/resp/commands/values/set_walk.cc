#include "server/resp/commands/values/set_walk.h"

#include <algorithm>
#include <set>
#include <utility>

namespace anabranch::server {
namespace {

constexpr std::size_t kBatch = 64;  // Members read at once.

}  // namespace

// An intersection looks at the members of the smallest set.
SetWalk::SetWalk(const Scope& scope, Operation operation, std::vector<Key> sets)
    : scope_(scope), operation_(operation), sets_(std::move(sets)) {
  if (operation != Operation::kIntersection) return;
  const auto size = [&](const Key& set) { return scope.count(set.of(Type::kSet)); };
  std::iter_swap(sets_.begin(), std::ranges::min_element(sets_, {}, size));
}

void SetWalk::visit(const std::optional<std::string>& behind, const Visit& visit) const {
  if (operation_ == Operation::kUnion) {
    visit_all(behind, visit);
  } else {
    visit_first(behind, visit);
  }
}

std::vector<std::string> SetWalk::next(const Key& set,
                                       const std::optional<std::string>& behind) const {
  std::vector<std::string> members;
  scope_.names(set.of(Type::kSet), behind ? Span::after(*behind) : Span{},
               [&](const std::string& member) {
                 members.push_back(member);
                 return members.size() < kBatch;
               });
  return members;
}

bool SetWalk::belongs(const std::string& member) const {
  const bool wanted = operation_ == Operation::kIntersection;
  return std::all_of(sets_.begin() + 1, sets_.end(), [&](const Key& set) {
    return scope_.contains(set.element(member)) == wanted;
  });
}

void SetWalk::visit_first(std::optional<std::string> behind, const Visit& visit) const {
  for (;;) {
    const std::vector<std::string> members = next(sets_.front(), behind);
    for (const std::string& member : members) {
      if (!visit(member, belongs(member))) return;
    }
    if (members.size() < kBatch) return;
    behind = members.back();
  }
}

// Merges: up to the least of the last members read, all members of all sets are known.
void SetWalk::visit_all(std::optional<std::string> behind, const Visit& visit) const {
  for (;;) {
    std::set<std::string> merged;
    std::optional<std::string> known;  // nullopt: all members are.
    for (const Key& set : sets_) {
      const std::vector<std::string> members = next(set, behind);
      if (members.size() == kBatch && (!known || members.back() < *known)) known = members.back();
      merged.insert(members.begin(), members.end());
    }
    for (const std::string& member : merged) {
      if (known && *known < member) break;
      if (!visit(member, true)) return;
    }
    if (!known) return;
    behind = known;
  }
}

}  // namespace anabranch::server
