// Frames and the chunks of bodies. The first byte says whether the header is made right: a checksum
// is seldom guessed.

#include <algorithm>

#include "core/assert.h"
#include "core/hash.h"
#include "tests/fuzz/target.h"
#include "transport/compression.h"
#include "transport/frame.h"

using namespace anabranch;
using namespace anabranch::transport;

namespace {

std::string little_endian(std::uint64_t number, std::size_t width) {
  std::string bytes;
  for (std::size_t i = 0; i < width; ++i) bytes.push_back(static_cast<char>(number >> (8 * i)));
  return bytes;
}

// With the version, length and checksum that the rest needs.
std::string mended(std::string_view frame) {
  const std::string_view rest = frame.substr(std::min(frame.size(), kFrameHeaderSize));
  const std::string head = std::string(1, static_cast<char>(kFrameFormat)) +
                           std::string(frame.substr(1, 3)) + little_endian(rest.size(), 4);
  const std::string sums = head + little_endian(core::checksum64(rest), 8);
  return head + little_endian(core::checksum64(sums), 8) + std::string(rest);
}

}  // namespace

std::vector<std::string> test::fuzz_examples(Rng& rng) {
  std::vector<std::string> examples;
  Compressor compressor;
  const std::string text(2000, static_cast<char>(rng()));
  const auto packed = compressor.compress(text);
  const auto add = [&](const std::string& body, BodyForm form) {
    encode_frames(static_cast<std::uint8_t>(rng()), body, form, rng(),
                  [&](const std::string& each) {
                    examples.push_back('\0' + each);
                    examples.push_back('\1' + each);
                  });
  };
  add(random_bytes(rng, 100), BodyForm::kPlain);
  if (packed) add(*packed, BodyForm::kCompressed);
  // A chunk: stream, offset, total, then bytes.
  const std::string chunk =
      little_endian(rng(), 8) + little_endian(0, 8) + little_endian(9, 8) + "abc";
  examples.push_back('\1' + std::string{"\1\5\1\0", 4} + std::string(12, '\0') + chunk);
  return examples;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 + kFrameHeaderSize) return 0;
  const std::string_view input = test::view_of(data + 1, size - 1);
  const std::string bytes = data[0] % 2 == 1 ? mended(input) : std::string(input);
  const auto frame = decode_frame(bytes);
  if (!frame.ok()) return 0;
  Assembler assembler;
  for (int i = 0; i < 3; ++i) {  // The same one again cannot follow itself, but must do no harm.
    const auto message = assembler.add(frame.value());
    if (message.ok() && message.value()) {
      ANABRANCH_ASSERT(message.value()->body.size() <= kMessageSizeMax);
    }
  }
  return 0;
}
