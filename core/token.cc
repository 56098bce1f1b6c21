#include "core/token.h"

#include <sodium.h>

#include <cstring>

#include "core/varint.h"

namespace anabranch::core {

namespace {

constexpr char kVersion = '1';
constexpr std::size_t kMeshBytes = 8;
constexpr std::size_t kChecksumBytes = 4;
constexpr int kBase64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

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

std::string to_base64(std::string_view bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), kBase64), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), kBase64);
  text.resize(std::strlen(text.c_str()));
  return text;
}

Result<std::string> from_base64(std::string_view text) {
  std::string bytes(text.size(), '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  // libsodium reads the byte 255 as a "_".
  const bool foreign = text.find_first_not_of(kAlphabet) != std::string_view::npos;
  const int failed = sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(),
                                       text.data(), text.size(), nullptr, &size, &end, kBase64);
  if (foreign || failed != 0 || end != text.data() + text.size()) {
    return invalid("this is no token: give back what token() has returned, unchanged");
  }
  bytes.resize(size);
  return bytes;
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
  if (!decoded.ok()) return decoded.failure();
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
