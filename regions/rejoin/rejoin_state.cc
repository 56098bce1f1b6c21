#include "regions/rejoin/rejoin_state.h"

#include "core/codec.h"

namespace anabranch::regions {

std::string encode_rejoin(const RejoinState& state) {
  std::string bytes;
  core::Writer out(bytes);
  out.array(6).uint64(static_cast<std::uint64_t>(state.stage));
  out.array(2 * state.common.size());
  for (const auto& [origin, seq] : state.common) out.uint64(origin).uint64(seq);
  out.array(state.sources.size());
  for (const std::string& region : state.sources) out.text(region);
  out.boolean(state.adopt).boolean(state.lost).uint64(state.log_end);
  return bytes;
}

core::Result<RejoinState> decode_rejoin(std::string_view bytes) {
  core::Reader in(bytes);
  RejoinState state;
  const std::size_t newer = in.array_of(6);
  const std::uint64_t stage = in.uint64();
  if (stage > 1) in.fail("a rejoin is in an unknown stage");
  state.stage = stage == 0 ? RejoinState::Stage::kJoining : RejoinState::Stage::kLogging;
  const std::size_t commons = in.array();
  if (commons % 2 != 0) in.fail("a rejoin has half a fork");
  for (std::size_t i = 0; i < commons && in.ok(); i += 2) {
    const core::Origin origin = in.uint64();
    state.common[origin] = in.uint64();
  }
  for (std::size_t left = in.array(); left > 0 && in.ok(); --left) {
    state.sources.emplace_back(in.text());
  }
  state.adopt = in.boolean();
  state.lost = in.boolean();
  state.log_end = in.uint64();
  in.skip(newer);
  if (!in.done()) return in.failure();
  return state;
}

}  // namespace anabranch::regions
