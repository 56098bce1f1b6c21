// Frames: the envelope of every message between leaders.
//
//   offset  size  field
//   0       1     format version (1)
//   1       1     kind of the message
//   2       2     flags: bit 0, this frame is a chunk of a longer body; bit 1, the body, put
//                 together, is compressed (compression.h)
//   4       4     length of the bytes behind the header
//   8       8     checksum: XXH3 of bytes 0 to 7 and the XXH3 of the bytes behind the header
//   16      ...   body, or of a chunk: stream (8), offset (8), total (8), then bytes
//
// Numbers are little-endian. A body of up to 1 MiB travels in one frame, a longer one in chunks of
// 1 MiB. Chunks of one body arrive in order on a link, whole frames may come between them; an
// Assembler holds at most one partial body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace anabranch::transport {

inline constexpr std::uint8_t kFrameFormat = 1;
inline constexpr std::size_t kFrameHeaderSize = 16;
inline constexpr std::size_t kFrameBodyMax = std::size_t{1} << 20U;
inline constexpr std::size_t kFrameSizeMax = kFrameHeaderSize + 24 + kFrameBodyMax;
inline constexpr std::size_t kMessageSizeMax = std::size_t{256} << 20U;  // Whole bodies.

// A checked frame; views point into the bytes that were decoded.
struct Frame {
  std::uint8_t kind = 0;
  bool is_compressed = false;
  bool is_chunk = false;
  std::uint64_t stream = 0;
  std::uint64_t offset = 0;
  std::uint64_t total = 0;
  std::string_view bytes;
};

enum class BodyForm : std::uint8_t { kPlain, kCompressed };

// Encodes one message as one or more frames and passes them to `emit` in order. `stream` names a
// chunked body and must differ between the messages of one link. A body over kMessageSizeMax is a
// programmer error.
void encode_frames(std::uint8_t kind, std::string_view body, BodyForm form, std::uint64_t stream,
                   const std::function<void(std::string)>& emit);

// Decodes a frame. Fails on a wrong version (naming both numbers), length, checksum or chunk
// header.
core::Result<Frame> decode_frame(std::string_view bytes);

// A complete message, decompressed.
struct Message {
  std::uint8_t kind = 0;
  std::string body;
};

// Assembles the chunks of one link. Not thread-safe.
class Assembler {
 public:
  // Adds a frame. Returns the message once complete, else nullopt. Fails on chunks out of order, on
  // a total over kMessageSizeMax, compressed or not, and on compressed bytes that our compressor
  // does not make; the partial body is then dropped.
  core::Result<std::optional<Message>> add(const Frame& frame);

 private:
  void drop();

  std::uint64_t stream_ = 0;
  std::uint64_t total_ = 0;
  Message partial_;
  bool compressed_ = false;
  bool open_ = false;
};

}  // namespace anabranch::transport
