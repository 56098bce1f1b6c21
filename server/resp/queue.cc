#include "server/resp/queue.h"

#include <algorithm>

#include "core/varint.h"

namespace anabranch::server {
namespace {

// The first piece, and the largest one; a command that needs more has one of its own.
constexpr std::size_t kPieceLeast = 512;
constexpr std::size_t kPieceMost = std::size_t{256} << 10U;

}  // namespace

std::size_t Queue::bytes_of(std::span<const std::string_view> words) {
  constexpr std::size_t kOfWord = 32;
  std::size_t bytes = sizeof(Entry) + words.size() * kOfWord;
  for (const std::string_view word : words) bytes += word.size();
  return bytes;
}

void Queue::add(Entry entry, std::span<const std::string_view> words) {
  bytes += bytes_of(words);
  std::size_t room = 0;
  for (const std::string_view word : words) room += core::varint_size(word.size()) + word.size();
  if (pieces.empty() || pieces.back().capacity() - pieces.back().size() < room) {
    const std::size_t last = pieces.empty() ? 0 : pieces.back().capacity();
    pieces.emplace_back().reserve(std::max(room, std::clamp(last * 2, kPieceLeast, kPieceMost)));
  }
  std::string& piece = pieces.back();
  entry.words = static_cast<std::uint32_t>(words.size());
  entry.piece = static_cast<std::uint32_t>(pieces.size() - 1);
  entry.begin = static_cast<std::uint32_t>(piece.size());
  for (const std::string_view word : words) core::put_bytes(piece, word);
  entries.push_back(entry);
}

std::vector<std::string_view> Queue::words(const Entry& entry) const {
  std::vector<std::string_view> words;
  words.reserve(entry.words);
  std::string_view rest = std::string_view(pieces[entry.piece]).substr(entry.begin);
  while (words.size() < entry.words) words.push_back(core::take_bytes(rest).value());
  return words;
}

}  // namespace anabranch::server
