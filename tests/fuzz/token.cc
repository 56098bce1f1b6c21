// Tokens: an accepted token, written again, is the same text.

#include "core/token.h"
#include "core/assert.h"
#include "tests/fuzz/target.h"

using namespace anabranch;

namespace {

constexpr core::Hash128 kMesh{1, 2};

}  // namespace

std::vector<std::string> test::fuzz_examples(Rng& rng) {
  core::VersionVector seen;
  std::vector<std::string> examples;
  for (int i = 0; i < 5; ++i) {
    examples.push_back(core::encode_token(kMesh, seen));
    seen.raise(rng() | 1U, 1 + rng() % 1000);
  }
  return examples;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = test::view_of(data, size);
  const auto seen = core::decode_token(kMesh, text);
  if (seen.ok() && !text.empty()) {
    ANABRANCH_ASSERT(core::encode_token(kMesh, seen.value()) == text);
  }
  return 0;
}
