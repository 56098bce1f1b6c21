// Names by chance: of keys, members or fields.
//
// Collections are ordered by name, and no rank leads to a place in them. In a small one a draw
// walks to its place. In a large one each draw descends: it takes the part that all names share,
// then a byte by chance among those that may come next, and goes on among the names that begin so.
// Names are rarely spread evenly over the bytes, so each draw notes how likely it was, and one of
// several draws is taken, by the inverse of that (importance resampling: Rubin, "Using the SIR
// algorithm to simulate posterior distributions", 1988). So every name can be drawn, and all about
// equally often.
#pragma once

#include <cstddef>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <anabranch/scope.h>

namespace anabranch::server {

// A collection (Key::of, Key::all), while it does not change.
class RandomNames {
 public:
  // A draw costs as much as reading so many names.
  static constexpr std::size_t kNamesPerDraw = 64;

  // All references must outlive it.
  RandomNames(const Scope& scope, const Key& collection, std::mt19937_64& random)
      : scope_(scope), collection_(collection), random_(random), size_(scope.count(collection)) {}

  // The number of names.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  // Returns a name; nullopt if there is none. In a strand it ends the slice when it is time.
  [[nodiscard]] std::optional<std::string> draw();
  // Whether there are so few names that a draw walks to its place.
  [[nodiscard]] bool is_small() const;
  // Whether so many draws cost less than one pass over all names.
  [[nodiscard]] bool is_few(std::uint64_t draws) const;
  // Returns `count` different names, or all if there are fewer. Unless `count` is few it passes
  // over all of them.
  [[nodiscard]] std::vector<std::string> draw_different(std::size_t count);

 private:
  struct Draw {
    std::string name;
    double weight = 0;  // The inverse of its probability; 0 if nothing was drawn.
  };

  [[nodiscard]] Draw descend();
  [[nodiscard]] std::optional<std::string> walk();
  // Returns up to `count` names that begin with `beginning`, from either end.
  [[nodiscard]] std::vector<std::string> some(const std::string& beginning, std::size_t count,
                                              bool backwards) const;
  // Returns `count` different names, chosen in one pass.
  [[nodiscard]] std::vector<std::string> choose(std::size_t count);

  const Scope& scope_;
  const Key collection_;
  std::mt19937_64& random_;
  const std::uint64_t size_;
};

}  // namespace anabranch::server
