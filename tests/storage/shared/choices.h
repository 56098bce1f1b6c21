// The choices of a test that are all that its run depends on: all of them in turn, or drawn ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace anabranch::storage::test {

class Choices {
 public:
  virtual ~Choices() = default;
  // Returns a number below `count`, which is not 0; 0 is what usually happens.
  virtual std::size_t pick(std::size_t count) = 0;
};

// Every run once, by repeating it from the begin with the last choice changed that has another one
// left (stateless model checking: Godefroid, "Model Checking for Programming Languages using
// VeriSoft", POPL 1997).
class EveryChoice final : public Choices {
 public:
  std::size_t pick(std::size_t count) override {
    if (at_ == path_.size()) path_.push_back({0, count});
    return path_[at_++].chosen;
  }
  // Goes on to the next run; returns whether there is one.
  bool next() {
    at_ = 0;
    while (!path_.empty() && path_.back().chosen + 1 == path_.back().count) path_.pop_back();
    if (path_.empty()) return false;
    ++path_.back().chosen;
    return true;
  }
  // Returns the choices of this run that were not 0, as "place:choice", for a person.
  [[nodiscard]] std::string text() const {
    std::string text;
    for (std::size_t i = 0; i < path_.size(); ++i) {
      if (path_[i].chosen == 0) continue;
      text += std::to_string(i) + ':' + std::to_string(path_[i].chosen) + ' ';
    }
    return text;
  }

 private:
  struct Choice {
    std::size_t chosen;
    std::size_t count;
  };
  std::vector<Choice> path_;
  std::size_t at_ = 0;
};

// Drawn ones, of which one in `rarity` is unusual.
class DrawnChoices final : public Choices {
 public:
  DrawnChoices(std::uint64_t seed, std::uint64_t rarity) : random_(seed), rarity_(rarity) {}
  std::size_t pick(std::size_t count) override {
    return random_() % rarity_ == 0 ? random_() % count : 0;
  }

 private:
  std::mt19937_64 random_;
  std::uint64_t rarity_;
};

}  // namespace anabranch::storage::test
