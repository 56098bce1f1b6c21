// Files of keys: a file that was read can be written, and is the same again.

#include "transport/keys.h"
#include "core/assert.h"
#include "tests/fuzz/target.h"

using namespace anabranch;
using namespace anabranch::transport;

std::vector<std::string> test::fuzz_examples(Rng& rng) {
  Key curve{};
  Key seed{};
  for (std::size_t i = 0; i < curve.size(); ++i) {
    curve[i] = static_cast<std::uint8_t>(rng());
    seed[i] = static_cast<std::uint8_t>(rng());
  }
  const OwnKeys keys = keys_of("eu", curve, seed);
  const std::string line = public_line(keys);
  return {encode_own_keys(keys), line + "\n# more\n", line + " 2026-01-31 2027-12-31T23:59:59Z\n",
          line + " - -\n\n"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = test::view_of(data, size);
  const auto own = decode_own_keys(text, "own");
  if (own.ok()) {
    const auto again = decode_own_keys(encode_own_keys(own.value()), "own");
    ANABRANCH_ASSERT(again.ok() && again.value() == own.value());
  }
  const auto known = decode_known_keys(text, "known");
  for (std::size_t i = 0; known.ok() && i < known.value().size(); ++i) {
    const KnownKey& key = known.value()[i];
    ANABRANCH_ASSERT(is_region_name(key.region) && key.not_before < key.not_after);
  }
  return 0;
}
