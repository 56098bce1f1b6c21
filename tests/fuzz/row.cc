// Rows and paths, as a directory or a snapshot has them: bytes that decode are the one encoding.

#include "core/assert.h"
#include "crdt/row_codec.h"
#include "tests/crdt/random_row.h"
#include "tests/fuzz/target.h"

using namespace anabranch;

std::vector<std::string> test::fuzz_examples(Rng& rng) {
  Random random{rng()};
  const core::OriginTable origins = random_row_origins();
  std::vector<std::string> examples;
  for (int i = 0; i < 16; ++i) {
    const core::Path path = random_path(random);
    examples.push_back(crdt::encode_row(path, random_row(random), origins));
    examples.emplace_back(path.encoded());
  }
  return examples;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const core::OriginTable origins = test::random_row_origins();
  const std::string_view bytes = test::view_of(data, size);
  const auto path = core::Path::from_encoded(bytes);
  if (path.ok()) ANABRANCH_ASSERT(path.value().encoded() == bytes);
  const auto stored = crdt::decode_row(bytes, origins);
  if (stored.ok() && stored.value().path) {
    ANABRANCH_ASSERT(crdt::encode_row(*stored.value().path, stored.value().row, origins) == bytes);
  } else if (stored.ok()) {
    const core::Path any{"\1", "key", "s"};
    ANABRANCH_ASSERT(crdt::encode_row(any, stored.value().row, origins) == bytes);
  }
  return 0;
}
