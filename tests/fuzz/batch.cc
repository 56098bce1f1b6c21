// Batches: a decoded batch can be encoded, and is the same again.

#include "core/batch.h"
#include "core/assert.h"
#include "core/checksum.h"
#include "tests/fuzz/target.h"

using namespace anabranch;

std::vector<std::string> test::fuzz_examples(Rng& rng) {
  std::vector<std::string> examples;
  for (int i = 0; i < 16; ++i) {
    core::Batch batch = random_batch(rng);
    if (i % 2 == 0) batch.signature = std::string(core::Batch::kSignatureSize, 's');
    const std::string bytes = core::encode_batch(batch);
    examples.push_back(i % 4 == 0 ? bytes : core::without_checksum(bytes));
  }
  return examples;
}

// An unknown op keeps its number only, so a batch with one is not encoded again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = test::view_of(data, size);
  (void)core::decode_batch_header(bytes);
  const auto batch = core::decode_batch(bytes);
  if (!batch.ok()) return 0;
  ANABRANCH_ASSERT(core::decode_batch_header(bytes).ok());
  const auto again = core::decode_batch(core::encode_batch(batch.value()));
  ANABRANCH_ASSERT(again.ok() && again.value() == batch.value());
  return 0;
}
