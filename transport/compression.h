// Compression of bodies on their way: zstd at its fastest level. Level 3 takes longer and saves no
// more on batches; on a link within one machine even this level costs more than it saves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

struct ZSTD_CCtx_s;

namespace anabranch::transport {

// The links that compress bodies. Every link accepts both forms.
enum class Compression : std::uint8_t {
  kNever,
  kRemote,
  kAlways
};  // kRemote: beyond this machine.

[[nodiscard]] constexpr bool compresses(Compression links, bool is_local) {
  return links == Compression::kAlways || (links == Compression::kRemote && !is_local);
}

// Compresses bodies as long as that pays. Not thread-safe.
class Compressor {
 public:
  static constexpr std::size_t kSizeMin = 512;   // Smaller bodies are left alone.
  static constexpr std::uint32_t kSkipMax = 64;  // Bodies left alone after useless attempts.

  Compressor();
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  // Returns the body as one zstd frame; nullopt when that would not save an eighth of it. After an
  // attempt that saved too little, the next 1, 2, 4, ... up to kSkipMax bodies are left alone.
  std::optional<std::string> compress(std::string_view body);

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
  std::uint32_t skip_ = 0;       // Bodies to leave alone from here on.
  std::uint32_t next_skip_ = 1;  // After the next useless attempt.
};

// Reverses compress(). Fails when the bytes are not exactly one zstd frame that states its size, or
// state more than `size_max`; never allocates more than that.
core::Result<std::string> decompress(std::string_view bytes, std::size_t size_max);

}  // namespace anabranch::transport
