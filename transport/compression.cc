#include "transport/compression.h"

#include <zstd.h>

#include <algorithm>

#include "core/assert.h"

namespace anabranch::transport {

namespace {

constexpr int kLevel = 1;

}  // namespace

void Compressor::Free::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }

Compressor::Compressor() : context_(ZSTD_createCCtx()) { ANABRANCH_ASSERT(context_ != nullptr); }
Compressor::~Compressor() = default;

std::optional<std::string> Compressor::compress(std::string_view body) {
  if (body.size() < kSizeMin) return std::nullopt;
  if (skip_ > 0) {
    --skip_;
    return std::nullopt;
  }
  // Room for a compression that pays: zstd gives up when it needs more.
  std::string packed(body.size() - body.size() / 8, '\0');
  const std::size_t size = ZSTD_compressCCtx(context_.get(), packed.data(), packed.size(),
                                             body.data(), body.size(), kLevel);
  if (ZSTD_isError(size) != 0) {
    skip_ = next_skip_;
    next_skip_ = std::min(2 * next_skip_, kSkipMax);
    return std::nullopt;
  }
  next_skip_ = 1;
  packed.resize(size);
  return packed;
}

core::Result<std::string> decompress(std::string_view bytes, std::size_t size_max) {
  const unsigned long long stated = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (stated == ZSTD_CONTENTSIZE_ERROR || stated == ZSTD_CONTENTSIZE_UNKNOWN) {
    return core::corrupt("a compressed message that does not state its size");
  }
  if (stated > size_max) return core::corrupt("a compressed message over the maximal size");
  if (ZSTD_findFrameCompressedSize(bytes.data(), bytes.size()) != bytes.size()) {
    return core::corrupt("a compressed message with bytes behind it");
  }
  std::string body(static_cast<std::size_t>(stated), '\0');
  const std::size_t size = ZSTD_decompress(body.data(), body.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(size) != 0 || size != body.size()) {
    return core::corrupt("a compressed message that cannot be read");
  }
  return body;
}

}  // namespace anabranch::transport
