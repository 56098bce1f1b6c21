#include "rows/row_text.h"

#include "core/dot.h"
#include "core/space.h"
#include "core/text.h"
#include "crdt/decimal.h"

namespace anabranch::rows {

namespace {

constexpr std::size_t kBytesShown = 200;
constexpr std::size_t kPartsShown = 20;

std::string writer_text(core::Origin origin, const Names& names) {
  const std::string region = names.region(origin);
  return (region.empty() ? "?" : region) + " (origin " + core::to_string(origin);
}

std::string sibling_text(const crdt::Sibling& sibling, const Names& names) {
  std::string text = quoted(sibling.value) + " of " + writer_text(sibling.dot.origin, names) +
                     ", op " + std::to_string(sibling.dot.seq) + ", " +
                     std::to_string(sibling.hlc.millis()) + "." +
                     std::to_string(sibling.hlc.counter()) + " ms)";
  if (sibling.base) text += " over " + quoted(*sibling.base);
  return text;
}

std::string slot_text(const crdt::Slot& slot, const Names& names) {
  return crdt::number_text(slot.value()) + " of " + writer_text(slot.origin, names) + ", frame " +
         std::to_string(slot.birth) + ", op " + std::to_string(slot.seq) + ", total " +
         crdt::number_text(slot.total) + ")";
}

void append_part(std::string& text, std::size_t& parts, const std::string& part) {
  if (++parts <= kPartsShown) text += (text.empty() ? "" : ", ") + part;
}

}  // namespace

std::string quoted(std::string_view bytes) {
  std::string text = "\"";
  for (const char c : bytes.substr(0, kBytesShown)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += {'\\', c};
    } else if (byte < 0x20 || byte > 0x7E) {
      text += core::escaped(c);
    } else {
      text += c;
    }
  }
  text += '"';
  if (bytes.size() > kBytesShown) text += "... (" + std::to_string(bytes.size()) + " bytes)";
  return text;
}

std::string path_text(const core::Path& path) {
  std::string text;
  for (const std::string& part : path.components()) {
    const auto database = core::database_of(part);
    if (!text.empty()) {
      text += ' ' + quoted(part);
    } else if (database && *database <= core::kDatabaseMax) {
      text = "database " + std::to_string(*database);
    } else {
      text = part == core::kMeshSpace ? "the mesh" : quoted(part);
    }
  }
  return text;
}

std::string unknown_policy_text(const PolicyRow& row) {
  const std::string kind = row.policy.name.empty() ? "cannot be read by this version"
                                                   : "has the kind " + quoted(row.policy.name) +
                                                         ", unknown to this version";
  return "the policy of " + path_text(core::Path{row.scope.space, row.scope.prefix}) + " " + kind +
         ": keys below it with concurrent values are not shown; upgrade this leader";
}

std::string row_text(const crdt::Row& row, const Names& names) {
  std::string text;
  std::size_t parts = 0;
  for (const crdt::Sibling& sibling : row.cell.siblings) {
    append_part(text, parts, sibling_text(sibling, names));
  }
  for (const crdt::Slot& slot : row.tally.slots) {
    if (!slot.dead()) append_part(text, parts, slot_text(slot, names));
  }
  if (parts > kPartsShown) text += " and " + std::to_string(parts - kPartsShown) + " more";
  return text.empty() ? "nothing" : text;
}

}  // namespace anabranch::rows
