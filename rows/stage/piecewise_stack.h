// A stack that grows in pieces: a push moves a piece of values at most, however many there are. A
// vector moves all of them at once, which holds up everybody else when there are many.
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace anabranch::rows {

template <typename Value>
class PiecewiseStack {
 public:
  static constexpr std::size_t kPiece = 1024;

  [[nodiscard]] std::size_t size() const {
    return further_.empty() ? first_.size() : further_.size() * kPiece + further_.back().size();
  }
  // The value that was pushed last; there must be one.
  [[nodiscard]] Value& back() { return last().back(); }
  void push_back(Value value) {
    if (last().size() == kPiece) further_.emplace_back().reserve(kPiece);
    last().push_back(std::move(value));
  }
  void pop_back() {
    last().pop_back();
    if (!further_.empty() && further_.back().empty()) further_.pop_back();
  }
  // The room of the first piece is kept.
  void clear() {
    first_.clear();
    further_.clear();
  }

 private:
  std::vector<Value>& last() { return further_.empty() ? first_ : further_.back(); }

  std::vector<Value> first_;
  std::vector<std::vector<Value>> further_;  // None is empty.
};

}  // namespace anabranch::rows
