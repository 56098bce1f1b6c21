#include "control/resp/output.h"

#include <algorithm>
#include <iterator>

namespace anabranch::control {

void Output::seal() {
  whole_ += last_.size();
  pieces_.push_back(std::exchange(last_, {}));
}

void Output::reserve(std::size_t bytes) {
  if (bytes >= kPiece && !last_.empty()) seal();
  if (last_.capacity() - last_.size() < bytes) last_.reserve(last_.size() + bytes);
}

void Output::append(Output&& other) {
  if (other.pieces_.empty()) return append(other.last_);
  if (!last_.empty()) seal();
  std::ranges::move(other.pieces_, std::back_inserter(pieces_));
  whole_ += std::exchange(other.whole_, 0);
  last_ = std::move(other.last_);
  other.clear();
}

void Output::append(const Output& other, std::size_t begin, std::size_t end) {
  while (begin < end) {
    const std::string_view bytes = other.from(begin).substr(0, end - begin);
    append(bytes);
    begin += bytes.size();
  }
}

void Output::insert(std::size_t at, std::string_view bytes) {
  const auto [found, within] = find(at);
  if (found == &last_) {
    last_.insert(within, bytes);
    return;
  }
  pieces_[static_cast<std::size_t>(found - pieces_.data())].insert(within, bytes);
  whole_ += bytes.size();
}

void Output::truncate(std::size_t size) {
  while (size < whole_) {
    last_ = std::move(pieces_.back());
    pieces_.pop_back();
    whole_ -= last_.size();
  }
  last_.resize(size - whole_);
}

std::size_t Output::drop_sent(std::size_t bytes) {
  std::size_t dropped = 0;
  auto piece = pieces_.begin();
  for (; piece != pieces_.end() && dropped + piece->size() <= bytes; ++piece) {
    dropped += piece->size();
  }
  pieces_.erase(pieces_.begin(), piece);
  whole_ -= dropped;
  if (!pieces_.empty()) return dropped;
  // The front of the last one is dropped when it is the larger part: each byte moves once at most.
  const std::size_t front = bytes - dropped;
  if (front <= last_.size() / 2) return dropped;
  last_.erase(0, front);
  return dropped + front;
}

void Output::clear() {
  pieces_.clear();
  whole_ = 0;
  last_.clear();
}

std::pair<const std::string*, std::size_t> Output::find(std::size_t position) const {
  if (position >= whole_) return {&last_, position - whole_};
  auto piece = pieces_.begin();
  for (; position >= piece->size(); ++piece) position -= piece->size();
  return {&*piece, position};
}

std::string_view Output::from(std::size_t position) const {
  const auto [piece, within] = find(position);
  return std::string_view(*piece).substr(within);
}

std::string Output::text(std::size_t position, std::size_t most) const {
  std::string text;
  while (position < size() && text.size() < most) {
    text.append(from(position).substr(0, most - text.size()));
    position = std::min(size(), position + from(position).size());
  }
  return text;
}

}  // namespace anabranch::control
