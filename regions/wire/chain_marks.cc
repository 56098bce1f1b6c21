#include "regions/wire/chain_marks.h"

#include "core/wire.h"
#include "regions/state/applied.h"
#include "regions/state/chain_hashes.h"

namespace anabranch::regions {

ChainMarks newest_marks(const Applied& applied) { return {applied.vector(), applied.chains()}; }

ChainMarks checkpoint_marks(const Applied& applied, const ChainHashes& chains) {
  ChainMarks marks;
  for (const auto& [origin, seq] : applied.vector()) {
    const ChainLink link = chains.checkpoint(origin, seq);
    if (link.seq == 0) continue;
    marks.at.set(origin, link.seq);
    marks.hashes.push_back(link.hash);
  }
  return marks;
}

std::optional<core::Origin> fork_at(const ChainMarks& marks, const ChainHashes& chains) {
  std::size_t index = 0;
  for (const auto& [origin, seq] : marks.at) {
    if (chains.compare(origin, {seq, marks.hashes[index++]}) == Match::kDifferent) return origin;
  }
  return std::nullopt;
}

void write_marks(core::Writer& out, const ChainMarks& marks) {
  out.array(2);
  write_vector(out, marks.at);
  write_chains(out, marks.hashes);
}

ChainMarks read_marks(core::Reader& in) {
  ChainMarks marks;
  const std::size_t newer = in.array_of(2);
  marks.at = read_vector(in);
  marks.hashes = read_chains(in, marks.at.size());
  in.skip(newer);
  if (marks.hashes.size() != marks.at.size()) in.fail("a mark has no hash");
  return marks;
}

}  // namespace anabranch::regions
