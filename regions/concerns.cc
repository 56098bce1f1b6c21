#include "regions/concerns.h"

#include <utility>

#include "core/codec.h"
#include "core/space.h"
#include "crdt/choice.h"
#include "regions/local_writer.h"
#include "rows/row_reader.h"

namespace anabranch::regions {

using core::Path;
using rows::PolicyScope;

namespace {

constexpr std::string_view kConcerns = "concern";

// The places of the components of such a path.
constexpr std::size_t kSpaceAt = 2;
constexpr std::size_t kPrefixAt = 3;

std::optional<std::vector<std::string>> decode_words(std::string_view bytes) {
  core::Reader in(bytes);
  const std::size_t newer = in.array_of(1);
  std::vector<std::string> words;
  for (std::size_t left = in.array(); left > 0 && in.ok(); --left) {
    words.emplace_back(in.bin());
  }
  in.skip(newer);
  return in.done() ? std::optional(std::move(words)) : std::nullopt;
}

core::Failure too_many(std::size_t most, const char* things, const char* remedy) {
  return {ErrorCode::kTooLarge,
          std::to_string(most) + things + ", the most there may be: " + remedy};
}

// Whether there is room for the first concern of a prefix, and for one more in force.
core::Result<void> check_number(const rows::RowReader& rows, bool is_new) {
  std::size_t all = 0;
  std::size_t in_force = 0;
  for (const ConcernRow& each : concerns_of(rows)) {
    ++all;
    if (!each.words.empty()) ++in_force;
  }
  if (in_force >= ConcernRow::kInForceMax) {
    return too_many(ConcernRow::kInForceMax, " concerns are in force",
                    "remove one, or set one with a shorter prefix");
  }
  if (is_new && all >= ConcernRow::kPrefixesMax) {
    return too_many(ConcernRow::kPrefixesMax, " prefixes have, or have had, a concern",
                    "set one for a prefix that had one");
  }
  return {};
}

core::Result<void> check_prefix(const std::optional<PolicyScope>& keys) {
  if (!keys || keys->prefix.size() <= ConcernRow::kPrefixBytesMax) return {};
  return core::Failure{ErrorCode::kTooLarge, "the prefix of a concern has at most " +
                                                 std::to_string(ConcernRow::kPrefixBytesMax) +
                                                 " bytes: take the beginning that the keys share"};
}

}  // namespace

const Path& concerns_path() {
  static const auto* const kept = new Path{core::kMeshSpace, kConcerns};
  return *kept;
}

Path concern_path(const std::optional<PolicyScope>& keys) {
  const std::string_view space = keys ? std::string_view(keys->space) : core::kMeshSpace;
  const std::string_view prefix = keys ? std::string_view(keys->prefix) : std::string_view();
  return concerns_path().child(space).append(prefix);
}

std::string encode_concern(const std::vector<std::string>& words) {
  std::string bytes;
  core::Writer out(bytes);
  out.array(1).array(words.size());
  for (const std::string& word : words) out.bin(word);
  return bytes;
}

std::optional<ConcernRow> read_concern_row(const Path& path, const crdt::Cell& cell) {
  if (cell.siblings.empty() || !concerns_path().is_prefix_of(path)) return std::nullopt;
  core::Components parts = path.components();
  if (parts.size() != kPrefixAt + 1) return std::nullopt;
  ConcernRow row;
  if (core::database_of(parts[kSpaceAt])) {
    row.keys = PolicyScope{std::move(parts[kSpaceAt]), std::move(parts[kPrefixAt])};
  } else if (parts[kSpaceAt] != core::kMeshSpace || !parts[kPrefixAt].empty()) {
    return std::nullopt;
  }
  auto words = decode_words(crdt::last_written(cell).value);
  row.readable = words.has_value();
  if (words) row.words = *std::move(words);
  return row;
}

std::vector<ConcernRow> concerns_of(const rows::RowReader& rows) {
  std::vector<ConcernRow> all;
  rows.scan(concerns_path(), [&](const Path& path, const crdt::Row& row) {
    if (auto found = read_concern_row(path, row.cell)) all.push_back(*std::move(found));
    return all.size() < ConcernRow::kPrefixesMax;
  });
  return all;
}

core::Result<void> set_concern(LocalWriter& writer, const std::optional<PolicyScope>& keys,
                               const std::vector<std::string>& words) {
  if (auto checked = check_prefix(keys); !checked.ok()) return checked;
  OpenTransaction txn = writer.begin();
  const Path path = concern_path(keys);
  const std::string value = encode_concern(words);
  const crdt::Cell cell = txn->stage().peek(path).cell;
  const bool is_so = words.empty() && cell.siblings.empty();
  if (is_so || (cell.siblings.size() == 1 && cell.siblings.front().value == value)) {
    txn.keep();
    return {};
  }
  if (!words.empty()) {
    const auto before = read_concern_row(path, cell);
    if (!before || before->words.empty()) {
      if (auto few = check_number(txn->stage(), !before); !few.ok()) return few;
    }
    if (!writer.reserve().holds(path.encoded().size() + value.size())) {
      return core::Failure{ErrorCode::kIo, writer.reserve().text()};
    }
  }
  txn->put(path, value);
  txn.keep();
  return {};
}

}  // namespace anabranch::regions
