#include "server/resp/table/categories.h"

#include <algorithm>
#include <array>

namespace anabranch::server {
namespace {

struct Named {
  Category category;
  std::string_view name;
};

constexpr std::array kNamed{
    Named{kInKeyspace, "keyspace"},
    Named{kInRead, "read"},
    Named{kInWrite, "write"},
    Named{kInSet, "set"},
    Named{kInSortedSet, "sortedset"},
    Named{kInList, "list"},
    Named{kInHash, "hash"},
    Named{kInString, "string"},
    Named{kInBitmap, "bitmap"},
    Named{kInHyperLogLog, "hyperloglog"},
    Named{kInGeo, "geo"},
    Named{kInStream, "stream"},
    Named{kInPubSub, "pubsub"},
    Named{kInAdmin, "admin"},
    Named{kInFast, "fast"},
    Named{kInSlow, "slow"},
    Named{kInBlocking, "blocking"},
    Named{kInDangerous, "dangerous"},
    Named{kInConnection, "connection"},
    Named{kInTransaction, "transaction"},
    Named{kInScripting, "scripting"},
    Named{kInAnabranch, "anabranch"},
    Named{kInAnabranchRead, "anabranch-read"},
    Named{kInAnabranchAct, "anabranch-act"},
    Named{kInAnabranchSentinel, "anabranch-sentinel"},
};

std::uint32_t category_of(Group group) {
  switch (group) {
    case Group::kOfFamily:
    case Group::kServer:
    case Group::kCluster:
      return 0;
    case Group::kGeneric:
      return kInKeyspace;
    case Group::kString:
      return kInString;
    case Group::kHash:
      return kInHash;
    case Group::kSet:
      return kInSet;
    case Group::kConnection:
      return kInConnection;
    case Group::kTransactions:
      return kInTransaction;
    case Group::kPubSub:
      return kInPubSub;
    case Group::kAnabranch:
      return kInAnabranch;
  }
  return 0;
}

}  // namespace

// As Redis derives them: a container that only has verbs is in no category but @slow.
std::uint32_t categories_of(const Command& command) {
  std::uint32_t found = command.has(kFast) ? kInFast : kInSlow;
  if (command.run == nullptr) return found;
  found |= command.categories != 0 ? command.categories : category_of(command.group);
  if (command.shared != nullptr) found |= command.has(kNoted) ? kInAnabranchAct : kInAnabranchRead;
  if (command.has(kReads)) found |= kInRead;
  if (command.has(kWrites)) found |= kInWrite;
  if (command.has(kAdmin)) found |= kInAdmin | kInDangerous;
  return found;
}

void for_each_category(std::uint32_t categories,
                       const std::function<void(std::string_view)>& visit) {
  for (const Named& each : kNamed) {
    if ((categories & each.category) != 0) visit(each.name);
  }
}

std::optional<Category> find_category(std::string_view name) {
  const auto* const found = std::ranges::find(kNamed, name, &Named::name);
  return found == kNamed.end() ? std::nullopt : std::optional(found->category);
}

std::string_view to_string(Group group) {
  switch (group) {
    case Group::kOfFamily:
      return "";
    case Group::kGeneric:
      return "generic";
    case Group::kString:
      return "string";
    case Group::kHash:
      return "hash";
    case Group::kSet:
      return "set";
    case Group::kConnection:
      return "connection";
    case Group::kTransactions:
      return "transactions";
    case Group::kServer:
      return "server";
    case Group::kCluster:
      return "cluster";
    case Group::kPubSub:
      return "pubsub";
    case Group::kAnabranch:
      return "anabranch";
  }
  return "";
}

}  // namespace anabranch::server
