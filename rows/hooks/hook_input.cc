#include "rows/hooks/hook_input.h"

#include <cstddef>
#include <limits>

#include "core/assert.h"
#include "crdt/resolve.h"
#include "crdt/type_table.h"

namespace anabranch::rows {

namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

// Adds the names below the key to the input, and the type of the row.
void add_place(const core::Components& row, HookInput& input) {
  for (std::size_t at = crdt::kKeyDepth; at < row.size(); at += 2) {
    if (at + 1 < row.size()) input.path.emplace_back(row[at + 1]);
  }
  if (const crdt::TypeEntry* const entry = crdt::type_at(row)) input.type = entry->type;
}

template <typename Unsigned>
void put_number(std::string& out, Unsigned number) {
  char bytes[sizeof(number)];
  for (std::size_t i = 0; i < sizeof(number); ++i) bytes[i] = static_cast<char>(number >> (8 * i));
  out.append(bytes, sizeof(bytes));
}

void put_size(std::string& out, std::size_t size) {
  ANABRANCH_ASSERT(size < kNone);  // Of a value; a batch with a larger one does not decode.
  put_number(out, static_cast<std::uint32_t>(size));
}

void put_text(std::string& out, std::string_view text) {
  put_size(out, text.size());
  out += text;
}

}  // namespace

HookInput hook_input(const core::Components& row, std::string_view prefix, const crdt::Cell& cell,
                     const OriginRegions& regions) {
  HookInput input;
  if (row.size() > 1) input.key = row[1];
  input.prefix = prefix;
  add_place(row, input);
  input.siblings.reserve(cell.siblings.size());
  for (const crdt::Sibling* const each : crdt::canonical_order(cell)) {
    input.siblings.push_back({.value = each->value,
                              .base = each->base,
                              .time_ms = each->hlc.millis(),
                              .region = regions.find(each->dot.origin)});
  }
  return input;
}

Conflict to_conflict(const HookInput& input) {
  Conflict conflict{.key = std::string(input.key),
                    .path = {input.path.begin(), input.path.end()},
                    .type = input.type,
                    .prefix = std::string(input.prefix),
                    .siblings = {}};
  conflict.siblings.reserve(input.siblings.size());
  for (const HookInput::Value& each : input.siblings) {
    Sibling& sibling = conflict.siblings.emplace_back();
    sibling.value = each.value;
    if (each.base) sibling.base.emplace(*each.base);
    sibling.time_ms = each.time_ms;
    sibling.region = each.region;
  }
  return conflict;
}

std::vector<Sibling> public_siblings(const crdt::Cell& cell, const OriginRegions& regions) {
  return to_conflict(hook_input({}, {}, cell, regions)).siblings;
}

std::size_t hook_input_size(const HookInput& input) {
  std::size_t size = 20 + input.key.size() + input.prefix.size();
  for (const std::string_view name : input.path) size += 4 + name.size();
  for (const HookInput::Value& each : input.siblings) {
    size += 20 + each.region.size() + each.value.size() + each.base.value_or("").size();
  }
  return size;
}

void append_hook_input(std::string& out, const HookInput& input) {
  put_size(out, input.siblings.size());
  put_text(out, input.key);
  put_text(out, input.prefix);
  put_number(out, std::uint32_t{static_cast<unsigned char>(input.type)});
  put_size(out, input.path.size());
  for (const std::string_view name : input.path) put_text(out, name);
  for (const HookInput::Value& each : input.siblings) {
    put_number(out, static_cast<std::uint64_t>(each.time_ms));
    put_text(out, each.region);
    each.base ? put_text(out, *each.base) : put_number(out, kNone);
    put_text(out, each.value);
  }
}

}  // namespace anabranch::rows
