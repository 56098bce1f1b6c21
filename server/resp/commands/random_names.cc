#include "server/resp/commands/random_names.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "core/pace.h"

namespace anabranch::server {
namespace {

constexpr std::uint64_t kWalked = 512;  // Names of a collection.
constexpr std::size_t kLeaf = 16;       // Names below a beginning.
constexpr std::size_t kDraws = 6;
constexpr std::size_t kUnitsPerDraw = 16;  // Of a strand: it looks at the clock after each.

std::size_t common_size(const std::string& a, const std::string& b) {
  const auto differ = std::ranges::mismatch(a, b).in1;
  return static_cast<std::size_t>(differ - a.begin());
}

// The byte of a name at a place, or -1 if it ends there.
int byte_at(const std::string& name, std::size_t place) {
  return place < name.size() ? static_cast<unsigned char>(name[place]) : -1;
}

}  // namespace

std::vector<std::string> RandomNames::some(const std::string& beginning, std::size_t count,
                                           bool backwards) const {
  std::vector<std::string> names;
  const Span span = Span::starting(beginning);
  scope_.names(collection_, backwards ? span.reversed() : span, [&](const std::string& name) {
    names.push_back(name);
    return names.size() < count;
  });
  return names;
}

bool RandomNames::is_small() const { return size_ <= kWalked; }

bool RandomNames::is_few(std::uint64_t draws) const {
  return !is_small() && draws <= size_ / kNamesPerDraw;
}

std::optional<std::string> RandomNames::draw() {
  if (size_ == 0) return std::nullopt;
  if (is_small()) return walk();
  core::Pace::breathe(kUnitsPerDraw);
  std::array<Draw, kDraws> draws;
  double sum = 0;
  for (Draw& each : draws) {
    each = descend();
    sum += each.weight;
  }
  double rest = std::uniform_real_distribution<double>(0, sum)(random_);
  for (Draw& each : draws) {
    rest -= each.weight;
    if (rest <= 0 && each.weight > 0) return std::move(each.name);
  }
  if (draws.back().weight > 0) return std::move(draws.back().name);
  return std::nullopt;  // Nothing is shown, though expired names are counted.
}

// Names that have expired are counted, and not shown: then the last one is taken too often.
std::optional<std::string> RandomNames::walk() {
  std::uint64_t left = random_() % size_;
  std::optional<std::string> found;
  scope_.names(collection_, {}, [&](const std::string& name) {
    found = name;
    return left-- > 0;
  });
  return found;
}

RandomNames::Draw RandomNames::descend() {
  std::string beginning;
  double weight = 1;
  for (;;) {
    std::vector<std::string> first = some(beginning, kLeaf, false);
    if (first.empty()) return {};
    if (first.size() < kLeaf) {
      const std::size_t chosen = random_() % first.size();
      return {std::move(first[chosen]), weight * static_cast<double>(first.size())};
    }
    const std::string last = some(beginning, 1, true).front();
    const std::size_t place = common_size(first.front(), last);
    // One place more for a name that ends here.
    const bool ends = byte_at(first.front(), place) < 0;
    const int least = byte_at(ends ? first[1] : first.front(), place);
    const int most = byte_at(last, place);
    const auto range = static_cast<std::uint64_t>(most - least) + (ends ? 2 : 1);
    const int chosen = least - (ends ? 1 : 0) + static_cast<int>(random_() % range);
    if (chosen < least) return {first.front(), weight * static_cast<double>(range)};
    // The next name at or behind the byte; the gap before it is what leads to it.
    const std::string at = first.front().substr(0, place) + static_cast<char>(chosen);
    std::string found;
    scope_.names(collection_, {.from = at, .to = {}, .backwards = false},
                 [&](const std::string& name) {
                   found = name;
                   return false;
                 });
    const int byte = byte_at(found, place);
    beginning = found.substr(0, place + 1);
    int before = least - 1;
    scope_.names(collection_, {.from = first.front(), .to = beginning, .backwards = true},
                 [&](const std::string& name) {
                   before = std::max(before, byte_at(name, place));
                   return false;
                 });
    weight *= static_cast<double>(range) / static_cast<double>(byte - before);
  }
}

// Of the names left, each is as likely as the others to be among those that are still wanted
// (Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S).
std::vector<std::string> RandomNames::choose(std::size_t count) {
  std::vector<std::string> chosen;
  std::uint64_t visited = 0;
  scope_.names(collection_, {}, [&](const std::string& name) {
    core::Pace::breathe();
    const std::uint64_t left = size_ - std::min(size_, visited++);
    const std::uint64_t lacking = count - chosen.size();
    if (left <= lacking || random_() % left < lacking) chosen.push_back(name);
    return chosen.size() < count;
  });
  std::ranges::shuffle(chosen, random_);
  return chosen;
}

std::vector<std::string> RandomNames::draw_different(std::size_t count) {
  if (count == 0) return {};
  if (!is_few(count)) return choose(count);
  std::set<std::string> drawn;
  // The names are many times as many, so that few draws are in vain.
  for (std::size_t tries = 0; drawn.size() < count && tries < count * 4; ++tries) {
    if (std::optional<std::string> name = draw()) drawn.insert(*std::move(name));
  }
  std::vector<std::string> names(drawn.begin(), drawn.end());
  std::ranges::shuffle(names, random_);
  return names;
}

}  // namespace anabranch::server
