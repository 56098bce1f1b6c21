#include "rows/hooks/hook_input.h"

#include <cstddef>

#include <anabranch/key.h>

#include "crdt/resolve.h"
#include "crdt/type_table.h"

namespace anabranch::rows {

using plugins::ConflictInput;

namespace {

// Adds the names below the key to the input, and the type of the row.
void add_place(const core::Components& row, ConflictInput& input) {
  for (std::size_t at = crdt::kKeyDepth; at < row.size(); at += 2) {
    if (at + 1 < row.size()) input.parts.emplace_back(row[at + 1]);
  }
  const crdt::TypeEntry* const entry = crdt::type_at(row);
  input.type = static_cast<char>(entry == nullptr ? Type::kNone : entry->type);
}

}  // namespace

ConflictInput hook_input(const core::Components& row, std::string_view prefix,
                         const crdt::Cell& cell, const OriginRegions& regions) {
  ConflictInput input;
  if (row.size() > 1) input.key = row[1];
  input.prefix = prefix;
  add_place(row, input);
  input.siblings.reserve(cell.siblings.size());
  for (const crdt::Sibling* const each : crdt::canonical_order(cell)) {
    input.siblings.push_back({.value = each->value,
                              .base = each->base,
                              .region = regions.find(each->dot.origin),
                              .time_ms = each->hlc.millis()});
  }
  return input;
}

Conflict to_conflict(const ConflictInput& input) {
  Conflict conflict{.key = std::string(input.key),
                    .path = {input.parts.begin(), input.parts.end()},
                    .type = static_cast<Type>(input.type),
                    .prefix = std::string(input.prefix),
                    .siblings = {}};
  conflict.siblings.reserve(input.siblings.size());
  for (const plugins::SiblingInput& each : input.siblings) {
    anabranch::Sibling& sibling = conflict.siblings.emplace_back();
    sibling.value = each.value;
    if (each.base) sibling.base.emplace(*each.base);
    sibling.time_ms = each.time_ms;
    sibling.region = each.region;
  }
  return conflict;
}

std::vector<anabranch::Sibling> public_siblings(const crdt::Cell& cell,
                                                const OriginRegions& regions) {
  return to_conflict(hook_input({}, {}, cell, regions)).siblings;
}

}  // namespace anabranch::rows
