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
// Numbers are little-endian. A body travels in one frame, or in chunks. A frame may have up to 1
// MiB of it; this program sends frames of at most 16 KiB, so that a short message never waits for
// long. Chunks of one body arrive in order on a link, whole frames may come between them; an
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
inline constexpr std::size_t kSentFrameMax = std::size_t{16} << 10U;
// The most of a body in one frame that is sent.
inline constexpr std::size_t kSentBodyMax = kSentFrameMax - kFrameHeaderSize - 24;
inline constexpr std::size_t kMessageSizeMax = std::size_t{256} << 20U;  // Whole bodies.
// Returns the most bytes that a body of this kind has, decompressed: kMessageSizeMax or fewer.
using BodyBytesMax = std::size_t (*)(std::uint8_t kind);

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

// The frames of one message, made one after the other.
class BodyFrames {
 public:
  // `stream` names a body of several frames and must differ between the messages of one link. A
  // body over kMessageSizeMax is a programmer error.
  BodyFrames(std::uint8_t kind, std::string body, BodyForm form, std::uint64_t stream);

  [[nodiscard]] bool done() const { return begun_ && offset_ == body_.size(); }
  // Returns the next frame; there must be one.
  std::string next();

 private:
  std::uint8_t kind_;
  std::string body_;
  BodyForm form_;
  std::uint64_t stream_;
  std::size_t offset_ = 0;
  bool begun_ = false;
};

// Returns a message as one frame; it must have room in one.
std::string encode_whole(std::uint8_t kind, std::string_view body, BodyForm form);

// Passes all frames of a message to `emit` in order.
void encode_frames(std::uint8_t kind, std::string_view body, BodyForm form, std::uint64_t stream,
                   const std::function<void(std::string)>& emit);

// Decodes a frame. Fails on a wrong version (naming both numbers), length, checksum or chunk
// header.
core::Result<Frame> decode_frame(std::string_view bytes);

// A complete message, decompressed.
struct Message {
  std::uint8_t kind = 0;
  std::string body;
  bool is_long = false;  // It came in several frames.
};

// Assembles the chunks of one link. Not thread-safe.
class Assembler {
 public:
  // Adds a frame. Returns the message once complete, else nullopt. Fails on chunks out of order, on
  // a body of more than `bytes_max`, compressed or not, before any of it is kept or decompressed,
  // and on compressed bytes that our compressor does not make; the partial body is then dropped.
  core::Result<std::optional<Message>> add(const Frame& frame,
                                           std::size_t bytes_max = kMessageSizeMax);
  // Returns whether a body has come in part.
  [[nodiscard]] bool is_partial() const { return open_; }
  // Returns how much of it has come, in bytes as they were sent; 0 without one.
  [[nodiscard]] std::size_t bytes() const { return partial_.body.size(); }

 private:
  void drop();

  std::uint64_t stream_ = 0;
  std::uint64_t total_ = 0;
  Message partial_;
  bool compressed_ = false;
  bool open_ = false;
};

}  // namespace anabranch::transport
