#include "regions/wire/chain_marks.h"

#include "core/planted_bug.h"
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
  marks.parted = chains.parted();
  return marks;
}

std::optional<core::Origin> fork_at(const ChainMarks& marks, const ChainHashes& chains) {
  std::size_t index = 0;
  for (const auto& [origin, seq] : marks.at) {
    if (chains.compare(origin, {seq, marks.hashes[index++]}) == Match::kDifferent) return origin;
  }
  return std::nullopt;
}

std::optional<core::Origin> unclear_at(const ChainMarks& shown,
                                       const std::map<core::Origin, core::Seq>& parted,
                                       const ChainHashes& chains) {
  if (core::planted(core::Bug::kMergeUnclear)) return std::nullopt;
  std::size_t index = 0;
  for (const auto& [origin, seq] : shown.at) {
    const core::ChainHash& hash = shown.hashes[index++];
    const bool clear =
        !behind_parting(parted, origin, seq) && !behind_parting(chains.parted(), origin, seq);
    if (clear) continue;
    if (chains.compare(origin, {seq, hash}) == Match::kUnknown) return origin;
  }
  return std::nullopt;
}

std::string unclear_text(core::Origin origin) {
  return "origin " + core::to_string(origin) +
         " had two histories, and no log tells any more whether both leaders have the same one; if "
         "their digests stay different, begin one of them anew, from an empty directory";
}

void write_marks(core::Writer& out, const ChainMarks& marks) {
  out.array(3);
  write_vector(out, marks.at);
  write_chains(out, marks.hashes);
  out.array(marks.parted.size() * 2);
  for (const auto& [origin, common] : marks.parted) out.uint64(origin).uint64(common);
}

namespace {

std::map<core::Origin, core::Seq> read_parted(core::Reader& in) {
  std::map<core::Origin, core::Seq> parted;
  const std::size_t size = in.array();
  if (size % 2 != 0) in.fail("a place where histories part is incomplete");
  for (std::size_t i = 0; i < size && in.ok(); i += 2) {
    const core::Origin origin = in.uint64();
    if (!parted.empty() && parted.rbegin()->first >= origin) {
      in.fail("the places where histories part are not canonical");
    }
    parted.emplace_hint(parted.end(), origin, in.uint64());
  }
  return parted;
}

}  // namespace

ChainMarks read_marks(core::Reader& in) {
  ChainMarks marks;
  const std::size_t newer = in.array_of(3);
  marks.at = read_vector(in);
  marks.hashes = read_chains(in, marks.at.size());
  marks.parted = read_parted(in);
  in.skip(newer);
  if (marks.hashes.size() != marks.at.size()) in.fail("a mark has no hash");
  return marks;
}

}  // namespace anabranch::regions
