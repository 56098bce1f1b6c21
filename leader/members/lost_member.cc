#include "leader/members/lost_member.h"

#include <set>
#include <string>

namespace anabranch::leader {

using core::Hash128;
using regions::MemberCard;
using regions::RegionList;

namespace {

// The directories that a region is waited for by, as the list names them.
std::set<Hash128> listed(const RegionList& list, std::string_view region) {
  std::set<Hash128> nodes;
  const auto found = list.all().find(region);
  if (found == list.all().end()) return nodes;
  for (const auto& [origin, known] : found->second.origins) {
    if (known.node != Hash128{} && list.counts(region, origin)) nodes.insert(known.node);
  }
  return nodes;
}

bool leads_or_may(const MemberCard& card) {
  return card.role == MemberCard::Role::kLeads || card.role == MemberCard::Role::kLeaves ||
         card.promote_after_ms > 0;
}

std::string names_of(const std::set<Hash128>& nodes) {
  std::string text;
  for (const Hash128& node : nodes) text += (text.empty() ? "" : ", ") + core::to_string(node);
  return text;
}

}  // namespace

core::Result<Hash128> lost_member(const CardTable& cards, const MemberCard& own,
                                  const RegionList& list, std::string_view region,
                                  std::string_view called, core::Millis now) {
  const std::string member = "member " + std::string(called) + " of region " + std::string(region);
  const std::string by_origin =
      "`anabranch region retire " + std::string(region) + " --lost ORIGIN`";
  const std::set<Hash128> waited_for = listed(list, region);
  const auto is_called = [&](const Hash128& node, const std::string& name) {
    return name == called || core::to_string(node) == called;
  };
  std::set<Hash128> nodes;
  for (const auto& [node, known] : cards.rows()) {
    if (known.card.region == region && is_called(node, known.card.name)) nodes.insert(node);
  }
  for (const Hash128& node : waited_for) {
    if (is_called(node, {})) nodes.insert(node);
  }
  if (own.region == region && is_called(own.node, own.name)) nodes.insert(own.node);
  if (nodes.empty()) {
    return core::invalid("no " + member +
                         " has shown a card in the last ten minutes: name it by its node, one of " +
                         (waited_for.empty() ? "none in the list" : names_of(waited_for)) +
                         ", or its origin: " + by_origin);
  }
  if (nodes.size() > 1) {
    return core::invalid("more than one is called " + member + ": name it by its node, one of " +
                         names_of(nodes));
  }
  const Hash128 node = *nodes.begin();
  if (node == own.node) {
    return core::invalid(member +
                         " is this one, so it is not lost. Stop it, and ask another leader");
  }
  const auto known = cards.rows().find(node);
  const bool is_fresh = known != cards.rows().end() && cards.is_fresh(known->second, now);
  if (is_fresh && leads_or_may(known->second.card)) {
    return core::invalid(member +
                         " is there: it shows cards, and leads or may lead. Stop it first");
  }
  if (!waited_for.contains(node)) {
    return core::invalid("the list of regions has no origin of " + member +
                         ", so nobody waits for it; one that earlier versions have listed is "
                         "declared lost by " +
                         by_origin);
  }
  return node;
}

}  // namespace anabranch::leader
