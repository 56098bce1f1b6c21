// The rows of meta about a data directory: it comes back from backups, and may have been damaged.

#include "core/assert.h"
#include "regions/rejoin/rejoin_state.h"
#include "regions/state/head.h"
#include "tests/fuzz/target.h"

using namespace anabranch;
using namespace anabranch::regions;

std::vector<std::string> test::fuzz_examples(Rng& rng) {
  Head head;
  head.seq = rng() | 1U;
  head.deps.set(rng() | 1U, rng() | 1U);
  head.region = "eu";
  Identity identity;
  identity.region = "eu";
  identity.origin = rng();
  RejoinState rejoin;
  rejoin.common = {{rng() | 1U, rng()}, {rng() | 1U, 0}};
  rejoin.sources = {"eu", "us"};
  return {encode_head(head), encode_identity(identity), encode_rejoin(rejoin)};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = test::view_of(data, size);
  (void)decode_identity(bytes);
  if (const auto rejoin = decode_rejoin(bytes); rejoin.ok()) {
    const auto again = decode_rejoin(encode_rejoin(rejoin.value()));
    ANABRANCH_ASSERT(again.ok() && again.value() == rejoin.value());
  }
  const auto head = decode_head(bytes);
  if (!head.ok()) return 0;
  const auto again = decode_head(encode_head(head.value()));
  ANABRANCH_ASSERT(again.ok() && again.value().seq == head.value().seq &&
                   again.value().deps == head.value().deps);
  return 0;
}
