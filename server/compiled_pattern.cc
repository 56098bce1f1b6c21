#include "server/compiled_pattern.h"

#include <algorithm>
#include <cstring>

namespace anabranch::server {
namespace {

constexpr std::size_t kWord = 64;

std::size_t index_of(char c) { return static_cast<unsigned char>(c); }

}  // namespace

CompiledPattern::CompiledPattern(std::string_view pattern) {
  for (std::string_view rest = pattern; !rest.empty();) {
    if (rest.front() == '*') {
      parts_.emplace_back();
      rest.remove_prefix(1);
    } else {
      add(parts_.back(), take_element(rest));
    }
  }
}

void CompiledPattern::add(Part& part, const Class& element) {
  part.elements.push_back(element);
  part.is_plain = part.is_plain && element.count() == 1;
  if (!part.is_plain) return;
  part.plain.push_back(static_cast<char>(element._Find_first()));
}

CompiledPattern::Class CompiledPattern::take_element(std::string_view& rest) {
  Class one;
  if (rest.front() == '[') return take_class(rest);
  if (rest.front() == '?') {
    one.set();
  } else {
    if (rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
    one.set(index_of(rest.front()));
  }
  rest.remove_prefix(1);
  return one;
}

// A class that is never closed ends with the pattern.
CompiledPattern::Class CompiledPattern::take_class(std::string_view& rest) {
  Class found;
  rest.remove_prefix(1);
  const bool negated = rest.starts_with('^');
  if (negated) rest.remove_prefix(1);
  while (!rest.empty() && rest.front() != ']') {
    if (rest.front() == '\\' && rest.size() > 1) {
      found.set(index_of(rest[1]));
      rest.remove_prefix(2);
    } else if (rest.size() > 2 && rest[1] == '-') {
      const auto [from, to] = std::minmax({index_of(rest[0]), index_of(rest[2])});
      for (std::size_t each = from; each <= to; ++each) found.set(each);
      rest.remove_prefix(3);
    } else {
      found.set(index_of(rest.front()));
      rest.remove_prefix(1);
    }
  }
  if (!rest.empty()) rest.remove_prefix(1);
  return negated ? ~found : found;
}

bool CompiledPattern::matches(std::string_view text) const {
  const Part& first = parts_.front();
  if (!matches_at(first, text, 0)) return false;
  if (parts_.size() == 1) return first.elements.size() == text.size();
  std::size_t at = first.elements.size();
  for (std::size_t i = 1; i + 1 < parts_.size(); ++i) {
    at = end_of_first(parts_[i], text, at);
    if (at == std::string_view::npos) return false;
  }
  const std::size_t size = parts_.back().elements.size();
  return text.size() - at >= size && matches_at(parts_.back(), text, text.size() - size);
}

bool CompiledPattern::matches_at(const Part& part, std::string_view text, std::size_t at) {
  if (text.size() - at < part.elements.size()) return false;
  if (part.is_plain) return text.substr(at, part.plain.size()) == part.plain;
  for (const Class& each : part.elements) {
    if (!each.test(index_of(text[at++]))) return false;
  }
  return true;
}

std::size_t CompiledPattern::end_of_first(const Part& part, std::string_view text, std::size_t at) {
  const std::size_t size = part.elements.size();
  if (size == 0) return at;
  if (text.size() - at < size) return std::string_view::npos;
  if (!part.is_plain) return end_by_bits(part, text, at);
  const void* const found =
      ::memmem(text.data() + at, text.size() - at, part.plain.data(), part.plain.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) + size;
}

std::size_t CompiledPattern::end_by_bits(const Part& part, std::string_view text, std::size_t at) {
  const std::size_t size = part.elements.size();
  const std::size_t words = (size + kWord - 1) / kWord;
  // For each byte, the elements that match it.
  std::vector<std::uint64_t> matching(kBytes * words);
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t c = 0; c < kBytes; ++c) {
      const std::uint64_t bit = part.elements[i].test(c) ? 1 : 0;
      matching[c * words + i / kWord] |= bit << (i % kWord);
    }
  }
  const std::uint64_t last = std::uint64_t{1} << ((size - 1) % kWord);
  std::vector<std::uint64_t> led_to(words);
  for (; at < text.size(); ++at) {
    const std::uint64_t* const here = &matching[index_of(text[at]) * words];
    std::uint64_t carried = 1;  // A match may begin at each byte.
    for (std::size_t i = 0; i < words; ++i) {
      const std::uint64_t before = led_to[i];
      led_to[i] = (before << 1U | carried) & here[i];
      carried = before >> (kWord - 1);
    }
    if ((led_to[words - 1] & last) != 0) return at + 1;
  }
  return std::string_view::npos;
}

}  // namespace anabranch::server
