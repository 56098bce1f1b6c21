// The words of a concern: the members that must have a write before its answer is sent.
//
//   durable COUNT 2 REGION us WITHIN 5000
//
// Connections set them, users have them, and so have prefixes of keys and the mesh. All conditions
// must hold.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace anabranch::control {

struct ConcernTerms {
  enum class Level : std::uint8_t {
    kLocal,    // Answers wait for nobody: there are no conditions.
    kApplied,  // Visible there.
    kDurable,  // On the disk there.
  };
  static constexpr std::chrono::milliseconds kPatience{5000};
  static constexpr std::chrono::milliseconds kPatienceMax{86'400'000};
  static constexpr std::size_t kNamesMax = 64;
  static constexpr std::size_t kNameBytesMax = 255;

  Level level = Level::kDurable;
  std::size_t count = 0;                  // So many members; 0: any number.
  bool majority = false;                  // More than half of the listed ones.
  bool all = false;                       // Each that is there, and each region.
  bool zone = false;                      // One in another zone.
  std::vector<std::string> regions = {};  // One member of each; its leader decides.
  std::vector<std::string> members = {};  // Each that has such a name.
  std::chrono::milliseconds patience = kPatience;
  // Behind that time the answer is sent as it is, and later ones do not wait; else an error is.
  bool degrades = false;

  bool operator==(const ConcernTerms&) const = default;
  [[nodiscard]] bool waits() const { return level != Level::kLocal; }
  // The words, in one order and one form.
  [[nodiscard]] std::vector<std::string> words() const;
  // The same with a space between two.
  [[nodiscard]] std::string text() const;
};

// Parses words in any case; throws Error{kInvalid}.
[[nodiscard]] ConcernTerms parse_concern(std::span<const std::string_view> words);
[[nodiscard]] ConcernTerms parse_concern(std::span<const std::string> words);

}  // namespace anabranch::control
