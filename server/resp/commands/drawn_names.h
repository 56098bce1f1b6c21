// Names drawn by chance from a collection in one pass over it, each of them any number of times,
// and given in an order by chance.
//
//   DrawnNames drawn(collection's size, times);
//   for each name of the collection: drawn.pass(name, random);
//   drawn.end_pass(random);
//   times drawn.left(): drawn.next(random)
//
// In the pass each name gets its share of the draws that are left: as many as come to it of so many
// that each choose one of the names that are left (a binomial distribution). With as many draws as
// names, or more, all names are kept instead, and each draw chooses one of them. So the names kept
// are about as many bytes as the answer at most, and a draw costs the same whatever is stored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace anabranch::server {

class DrawnNames {
 public:
  // The collection has `size` names, or fewer that are shown.
  DrawnNames(std::uint64_t size, std::uint64_t times) : size_(size), times_(times) {}

  void pass(std::string_view name, std::mt19937_64& random);
  // Gives the draws that no name got to those that were kept.
  void end_pass(std::mt19937_64& random);

  // The number of names still to be given; none if no name was shown.
  [[nodiscard]] std::uint64_t left() const { return names() == 0 ? 0 : times_ - given_; }
  // Valid until the object is destroyed.
  std::string_view next(std::mt19937_64& random);

 private:
  [[nodiscard]] bool keeps_all() const { return times_ >= size_; }
  [[nodiscard]] std::size_t names() const { return ends_.size(); }

  const std::uint64_t size_;
  const std::uint64_t times_;
  std::uint64_t visited_ = 0;
  std::uint64_t given_ = 0;
  std::string bytes_;                 // The names kept, one behind the other,
  std::vector<std::size_t> ends_;     // and where each ends.
  std::vector<std::uint32_t> drawn_;  // By number; empty if all are kept.
};

}  // namespace anabranch::server
