#include "server/resp/commands/drawn_names.h"

#include <utility>

namespace anabranch::server {

void DrawnNames::pass(std::string_view name, std::mt19937_64& random) {
  std::uint64_t draws = 1;
  if (!keeps_all()) {
    const std::uint64_t left = size_ > visited_ ? size_ - visited_ : 1;
    const std::uint64_t lacking = times_ - drawn_.size();
    draws = left == 1 ? lacking
                      : std::binomial_distribution<std::uint64_t>(
                            lacking, 1 / static_cast<double>(left))(random);
  }
  ++visited_;
  if (draws == 0) return;
  if (!keeps_all()) drawn_.insert(drawn_.end(), draws, static_cast<std::uint32_t>(names()));
  bytes_.append(name);
  ends_.push_back(bytes_.size());
}

void DrawnNames::end_pass(std::mt19937_64& random) {
  if (keeps_all() || names() == 0) return;
  while (drawn_.size() < times_) drawn_.push_back(static_cast<std::uint32_t>(random() % names()));
}

std::string_view DrawnNames::next(std::mt19937_64& random) {
  std::size_t chosen = 0;
  if (keeps_all()) {
    chosen = random() % names();
  } else {
    std::swap(drawn_[given_], drawn_[given_ + random() % (times_ - given_)]);
    chosen = drawn_[given_];
  }
  ++given_;
  const std::size_t begin = chosen == 0 ? 0 : ends_[chosen - 1];
  return std::string_view(bytes_).substr(begin, ends_[chosen] - begin);
}

}  // namespace anabranch::server
