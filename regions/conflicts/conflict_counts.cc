#include "regions/conflicts/conflict_counts.h"

#include "core/codec.h"

namespace anabranch::regions {

std::string encode_figures(const ConflictFigures& figures) {
  std::string bytes;
  core::Writer out(bytes);
  out.array(5).uint64(figures.next).uint64(figures.entries).uint64(figures.bytes);
  out.uint64(figures.dropped_full).uint64(figures.dropped_old);
  return bytes;
}

core::Result<ConflictFigures> decode_figures(std::string_view bytes) {
  core::Reader in(bytes);
  ConflictFigures figures;
  const std::size_t newer = in.array_of(5);
  figures.next = in.uint64();
  figures.entries = in.uint64();
  figures.bytes = in.uint64();
  figures.dropped_full = in.uint64();
  figures.dropped_old = in.uint64();
  in.skip(newer);
  if (!in.done()) return in.failure();
  return figures;
}

namespace {

std::uint64_t& figure_of(rows::ConflictKind kind, ConflictCounts::Row& row) {
  switch (kind) {
    case rows::ConflictKind::kMet:
      return row.met;
    case rows::ConflictKind::kReplaced:
    case rows::ConflictKind::kPutBack:
      return row.replaced;
    case rows::ConflictKind::kHidden:
      return row.hidden;
    case rows::ConflictKind::kDoomed:
      return row.doomed;
  }
  return row.met;
}

}  // namespace

void ConflictCounts::count(const rows::ConflictEntry& entry) {
  Rule rule{entry.policy, entry.prefix};
  if (rows_.size() >= kRowsMax && !rows_.contains(rule)) rule = {"others", ""};
  ++figure_of(entry.note.kind, rows_[rule]);
}

}  // namespace anabranch::regions
