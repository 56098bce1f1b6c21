#include "transport/frame.h"

#include <algorithm>
#include <utility>

#include "core/hash.h"
#include "transport/compression.h"

namespace anabranch::transport {
namespace {

constexpr std::uint16_t kFlagChunk = 1;
constexpr std::uint16_t kFlagCompressed = 2;
constexpr std::size_t kChunkHeaderSize = kFrameSizeMax - kFrameHeaderSize - kFrameBodyMax;
constexpr std::size_t kChecksumOffset = 8;
// The most memory reserved because a peer announces a total.
constexpr std::size_t kReserveMax = std::size_t{16} << 20U;

template <typename T>
void put(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out.push_back(static_cast<char>(static_cast<std::uint8_t>(value >> (8 * i))));
  }
}

template <typename T>
T get(std::string_view bytes, std::size_t offset) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    const auto byte = static_cast<T>(static_cast<std::uint8_t>(bytes[offset + i]));
    value = static_cast<T>(value | static_cast<T>(byte << (8 * i)));
  }
  return value;
}

// The two parts are not adjacent, so the second is hashed first.
std::uint64_t frame_checksum(std::string_view head, std::string_view rest) {
  std::string parts{head};
  put(parts, core::checksum64(rest));
  return core::checksum64(parts);
}

struct ChunkHeader {
  std::uint64_t stream = 0;
  std::uint64_t offset = 0;
  std::uint64_t total = 0;
};

std::string encode_frame(std::uint8_t kind, std::string_view bytes, BodyForm form,
                         const ChunkHeader* chunk) {
  const std::size_t length = bytes.size() + (chunk == nullptr ? 0 : kChunkHeaderSize);
  std::string frame;
  frame.reserve(kFrameHeaderSize + length);
  put(frame, kFrameFormat);
  put(frame, kind);
  const int flags =
      (chunk == nullptr ? 0 : kFlagChunk) | (form == BodyForm::kPlain ? 0 : kFlagCompressed);
  put(frame, static_cast<std::uint16_t>(flags));
  put(frame, static_cast<std::uint32_t>(length));
  put(frame, std::uint64_t{0});
  if (chunk != nullptr) {
    put(frame, chunk->stream);
    put(frame, chunk->offset);
    put(frame, chunk->total);
  }
  frame.append(bytes);

  const std::string_view all = frame;
  std::string checksum;
  put(checksum, frame_checksum(all.substr(0, kChecksumOffset), all.substr(kFrameHeaderSize)));
  frame.replace(kChecksumOffset, checksum.size(), checksum);
  return frame;
}

core::Result<Frame> decode_chunk(Frame frame, std::string_view rest) {
  if (rest.size() <= kChunkHeaderSize) return core::corrupt("a chunk without bytes");
  frame.is_chunk = true;
  frame.stream = get<std::uint64_t>(rest, 0);
  frame.offset = get<std::uint64_t>(rest, 8);
  frame.total = get<std::uint64_t>(rest, 16);
  frame.bytes = rest.substr(kChunkHeaderSize);
  if (frame.bytes.size() > frame.total || frame.offset > frame.total - frame.bytes.size()) {
    return core::corrupt("a chunk that goes beyond its total");
  }
  return frame;
}

}  // namespace

BodyFrames::BodyFrames(std::uint8_t kind, std::string body, BodyForm form, std::uint64_t stream)
    : kind_(kind), body_(std::move(body)), form_(form), stream_(stream) {
  ANABRANCH_ASSERT(body_.size() <= kMessageSizeMax);
}

std::string BodyFrames::next() {
  ANABRANCH_ASSERT(!done());
  begun_ = true;
  const std::string_view body = body_;
  if (body.size() <= kSentBodyMax) {
    offset_ = body.size();
    return encode_frame(kind_, body, form_, nullptr);
  }
  const ChunkHeader chunk{.stream = stream_, .offset = offset_, .total = body.size()};
  const std::string_view bytes = body.substr(offset_, kSentBodyMax);
  offset_ += bytes.size();
  return encode_frame(kind_, bytes, form_, &chunk);
}

std::string encode_whole(std::uint8_t kind, std::string_view body, BodyForm form) {
  ANABRANCH_ASSERT(body.size() <= kFrameBodyMax);
  return encode_frame(kind, body, form, nullptr);
}

void encode_frames(std::uint8_t kind, std::string_view body, BodyForm form, std::uint64_t stream,
                   const std::function<void(std::string)>& emit) {
  BodyFrames frames(kind, std::string(body), form, stream);
  while (!frames.done()) emit(frames.next());
}

core::Result<Frame> decode_frame(std::string_view bytes) {
  if (bytes.empty()) return core::corrupt("an empty frame");
  const auto format = get<std::uint8_t>(bytes, 0);
  if (format != kFrameFormat) {
    return core::corrupt("frame format " + std::to_string(format) + ", this program speaks " +
                         std::to_string(kFrameFormat));
  }
  if (bytes.size() < kFrameHeaderSize) return core::corrupt("a frame shorter than its header");
  const std::string_view rest = bytes.substr(kFrameHeaderSize);
  const auto flags = get<std::uint16_t>(bytes, 2);
  const bool is_chunk = (flags & kFlagChunk) != 0;
  if ((flags & ~(kFlagChunk | kFlagCompressed)) != 0) {
    return core::corrupt("unknown frame flags " + std::to_string(flags));
  }
  if (rest.size() > kFrameBodyMax + (is_chunk ? kChunkHeaderSize : 0)) {
    return core::corrupt("a frame of " + std::to_string(bytes.size()) + " bytes is too long");
  }
  if (get<std::uint32_t>(bytes, 4) != rest.size()) {
    return core::corrupt("a frame whose length is not the one it states");
  }
  const auto checksum = get<std::uint64_t>(bytes, kChecksumOffset);
  if (checksum != frame_checksum(bytes.substr(0, kChecksumOffset), rest)) {
    return core::corrupt("a frame with a wrong checksum");
  }
  Frame frame;
  frame.kind = get<std::uint8_t>(bytes, 1);
  frame.is_compressed = (flags & kFlagCompressed) != 0;
  if (is_chunk) return decode_chunk(frame, rest);
  frame.bytes = rest;
  return frame;
}

namespace {

core::Failure too_long(std::uint8_t kind) {
  return core::corrupt("a message of kind " + std::to_string(kind) + " over the maximal size");
}

core::Result<std::optional<Message>> whole(Message message, bool is_compressed,
                                           std::size_t bytes_max) {
  if (is_compressed) {
    core::Result<std::string> body = decompress(message.body, bytes_max);
    if (!body.ok()) return body.failure();
    message.body = std::move(body).value();
  }
  return std::optional{std::move(message)};
}

}  // namespace

core::Result<std::optional<Message>> Assembler::add(const Frame& frame, std::size_t bytes_max) {
  if (!frame.is_chunk) {
    if (frame.bytes.size() > bytes_max) return too_long(frame.kind);
    return whole({frame.kind, std::string{frame.bytes}}, frame.is_compressed, bytes_max);
  }
  const bool follows =
      open_ ? frame.stream == stream_ && frame.total == total_ && frame.kind == partial_.kind &&
                  frame.is_compressed == compressed_ && frame.offset == partial_.body.size()
            : frame.offset == 0;
  if (!follows || frame.total > bytes_max) {
    drop();
    return follows ? too_long(frame.kind)
                   : core::corrupt("a chunk that does not follow the one before");
  }
  if (!open_) {
    open_ = true;
    stream_ = frame.stream;
    total_ = frame.total;
    partial_.kind = frame.kind;
    partial_.is_long = true;
    compressed_ = frame.is_compressed;
    partial_.body.reserve(std::min<std::size_t>(frame.total, kReserveMax));
  }
  partial_.body.append(frame.bytes);
  if (partial_.body.size() < total_) return std::optional<Message>{};
  open_ = false;
  return whole(std::exchange(partial_, {}), compressed_, bytes_max);
}

void Assembler::drop() {
  partial_ = {};
  open_ = false;
}

}  // namespace anabranch::transport
