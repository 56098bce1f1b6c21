#include "core/path.h"

#include <cstring>

#include "core/hash.h"
#include "core/path_parts.h"

namespace anabranch::core {
namespace {

constexpr char kEscape = '\x00';
constexpr char kZero = '\xFF';    // After kEscape: a 0x00 inside a component.
constexpr char kEnd = '\x01';     // After kEscape: the end of a component.
constexpr char kHashed = '\x02';  // After kEscape: a hash follows; in no encoding.
constexpr std::size_t kHashSize = 16;
constexpr std::size_t kHashedKeySize = Path::kHashedPrefix + 2 + kHashSize;

// Returns whether `bytes` are a sequence of closed components.
bool is_encoding(std::string_view bytes) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  bool closed = true;
  while (at != end) {
    const auto rest = static_cast<std::size_t>(end - at);
    const void* const found = std::memchr(at, kEscape, rest);
    if (found == nullptr) return false;
    at = static_cast<const char*>(found) + 1;
    if (at == end || (*at != kZero && *at != kEnd)) return false;
    closed = *at == kEnd;
    ++at;
  }
  return closed;
}

// Takes the first component off `encoded`, a valid encoding that is not empty.
void take_component(std::string_view& encoded, std::string& component) {
  component.clear();
  while (true) {
    const std::size_t escape = encoded.find(kEscape);
    component.append(encoded.substr(0, escape));
    const bool ends = encoded[escape + 1] == kEnd;
    encoded.remove_prefix(escape + 2);
    if (ends) return;
    component.push_back(kEscape);
  }
}

std::string take_component(std::string_view& encoded) {
  std::string component;
  take_component(encoded, component);
  return component;
}

// Returns the offset of the last component. 00 01 occurs only at the end of a component, since the
// byte after each 00 is never 00 itself.
std::size_t last_begins(std::string_view encoded) {
  encoded.remove_suffix(kComponentEnd.size());
  const std::size_t before = encoded.rfind(kComponentEnd);
  return before == std::string_view::npos ? 0 : before + kComponentEnd.size();
}

template <typename Bytes>
void append_to(Bytes& encoded, std::string_view component) {
  if (component.size() == 1 && component.front() != kEscape) {  // As all tags.
    encoded.push_back(component.front());
    encoded.push_back(kComponentEnd[0]);
    encoded.push_back(kComponentEnd[1]);
    return;
  }
  while (true) {
    const std::size_t zero = component.find(kEscape);
    encoded.append(component.substr(0, zero));
    if (zero == std::string_view::npos) break;
    encoded.push_back(kEscape);
    encoded.push_back(kZero);
    component.remove_prefix(zero + 1);
  }
  encoded.append(kComponentEnd);
}

}  // namespace

Path::Path(std::initializer_list<std::string_view> components)
    : Path(of(std::span(components.begin(), components.size()))) {}

Path Path::of(std::span<const std::string_view> components) {
  std::size_t size = 0;
  for (const std::string_view component : components) size += component.size() + 2;
  Path path;
  path.encoded_.reserve(size);
  for (const std::string_view component : components) path.append(component);
  return path;
}

Path Path::of(const Components& components) {
  Path path;
  for (const std::string& component : components) path.append(component);
  return path;
}

Result<Path> Path::from_encoded(std::string_view encoded) {
  if (!is_encoding(encoded)) return corrupt("these bytes are no path");
  Path path;
  path.encoded_ = encoded;
  return path;
}

void append_component(std::string& encoded, std::string_view component) {
  append_to(encoded, component);
}

void append_component(detail::ShortBytes& encoded, std::string_view component) {
  append_to(encoded, component);
}

Path& Path::append(std::string_view component) {
  append_component(encoded_, component);
  return *this;
}

Path Path::child(std::string_view component) const {
  Path path;
  path.encoded_.reserve(encoded_.size() + component.size() + kComponentEnd.size());
  path.encoded_ = encoded_;
  path.append(component);
  return path;
}

Path Path::parent() const {
  ANABRANCH_ASSERT(!empty());
  Path path;
  path.encoded_ = encoded().substr(0, last_begins(encoded_));
  return path;
}

Components Path::components() const {
  Components components;
  std::string_view rest = encoded_;
  while (!rest.empty()) components.push_back(take_component(rest));
  return components;
}

std::size_t behind_component(std::string_view encoded, std::size_t at) {
  // Of one byte, as tags and the spaces of keys are.
  const bool is_short = encoded.size() > at + kComponentEnd.size() && encoded[at] != kEscape &&
                        encoded.substr(at + 1, kComponentEnd.size()) == kComponentEnd;
  const std::size_t end = is_short ? at + 1 : encoded.find(kComponentEnd, at);
  return end == std::string_view::npos ? end : end + kComponentEnd.size();
}

bool may_lead_through(std::string_view encoded, char component) {
  constexpr std::size_t kEnds = 2 * kComponentEnd.size();  // Of the two before it.
  if (encoded.size() <= 2 * kEnds) return false;
  const char* at = encoded.data() + kEnds;
  const char* const end = encoded.data() + encoded.size() - kEnds;  // Its own, and of the last.
  for (; at < end; ++at) {
    at = static_cast<const char*>(std::memchr(at, component, static_cast<std::size_t>(end - at)));
    if (at == nullptr) return false;
    if (at[-2] == kEscape && at[-1] == kEnd && at[1] == kEscape && at[2] == kEnd) return true;
  }
  return false;
}

void split_path(std::string_view encoded, Components& into) {
  std::size_t parts = 0;
  for (; !encoded.empty(); ++parts) {
    if (parts == into.size()) into.emplace_back();
    take_component(encoded, into[parts]);
  }
  into.resize(parts);
}

std::string Path::first() const {
  ANABRANCH_ASSERT(!empty());
  std::string_view rest = encoded_;
  return take_component(rest);
}

std::string Path::last() const {
  ANABRANCH_ASSERT(!empty());
  std::string_view rest = encoded_;
  rest.remove_prefix(last_begins(rest));
  return take_component(rest);
}

std::size_t PathHash::operator()(const Path& path) const { return seeded64(path.encoded(), seed); }

bool Path::is_prefix_of(const Path& other) const { return other.encoded().starts_with(encoded()); }

std::string row_key(const Path& path) {
  if (!is_hashed(path)) return std::string(path.encoded());
  const auto hash = path_hash(path.encoded());
  std::string key;
  key.reserve(kHashedKeySize);
  key.append(path.encoded().substr(0, Path::kHashedPrefix));
  key.push_back(kEscape);
  key.push_back(kHashed);
  key.append(hash.begin(), hash.end());
  return key;
}

bool is_hashed(const Path& path) { return path.encoded().size() > Path::kDirectSizeMax; }

// No encoding has 00 02 there: neither at the start of a pair, nor across two.
bool is_hashed_key(std::string_view key) {
  return key.size() == kHashedKeySize && key[Path::kHashedPrefix] == kEscape &&
         key[Path::kHashedPrefix + 1] == kHashed;
}

std::string prefix_end(std::string_view prefix) {
  const std::size_t last = prefix.find_last_not_of('\xFF');
  if (last == std::string_view::npos) return {};
  std::string end(prefix.substr(0, last + 1));
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

}  // namespace anabranch::core
