#include "core/token.h"

#include "core/base64.h"
#include "core/varint.h"

namespace anabranch::core {

namespace {

constexpr char kVersion = '1';
constexpr std::size_t kMeshBytes = 8;
constexpr std::size_t kChecksumBytes = 4;

void put_fixed(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = bytes; i-- > 0;) out.push_back(static_cast<char>(value >> (8 * i)));
}

std::uint64_t fixed(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

std::string checksum(std::string_view bytes) {
  std::string sum;
  put_fixed(sum, checksum64(bytes), kChecksumBytes);
  return sum;
}

Result<VersionVector> take_entries(std::string_view in) {
  const Failure damaged = invalid("the token is damaged");
  const auto count = take_varint(in);
  if (!count || *count > VersionVector::kEntriesMax) return damaged;
  VersionVector seen;
  Origin last = 0;
  for (std::uint64_t i = 0; i < *count; ++i) {
    if (in.size() < sizeof(Origin)) return damaged;
    const Origin origin = fixed(in.substr(0, sizeof(Origin)));
    in.remove_prefix(sizeof(Origin));
    const auto seq = take_varint(in);
    if (!seq || *seq == 0 || origin <= last) return damaged;
    seen.set(origin, *seq);
    last = origin;
  }
  if (!in.empty()) return damaged;
  return seen;
}

}  // namespace

std::string encode_token(const Hash128& mesh, const VersionVector& seen) {
  std::string bytes;
  put_fixed(bytes, mesh.high, kMeshBytes);
  put_varint(bytes, seen.size());
  for (const auto& [origin, seq] : seen) {
    put_fixed(bytes, origin, sizeof(origin));
    put_varint(bytes, seq);
  }
  bytes += checksum(bytes);
  return kVersion + to_base64(bytes);
}

Result<VersionVector> decode_token(const Hash128& mesh, std::string_view text) {
  if (text.empty()) return VersionVector();
  if (text.front() > kVersion && text.front() <= '9') {
    return invalid("the token is of a newer version of the format: upgrade this region");
  }
  if (text.front() != kVersion) {
    return invalid("this is no token: give back what token() has returned, unchanged");
  }
  const auto decoded = from_base64(text.substr(1));
  if (!decoded) {
    return invalid("this is no token: give back what token() has returned, unchanged");
  }
  std::string_view bytes = decoded.value();
  if (bytes.size() < kMeshBytes + kChecksumBytes) return invalid("the token is cut off");
  const std::string_view body = bytes.substr(0, bytes.size() - kChecksumBytes);
  if (bytes.substr(body.size()) != checksum(body)) return invalid("the token is damaged");
  if (fixed(body.substr(0, kMeshBytes)) != mesh.high) {
    return invalid("the token is of another mesh");
  }
  return take_entries(body.substr(kMeshBytes));
}

}  // namespace anabranch::core
