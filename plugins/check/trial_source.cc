#include "plugins/check/trial_source.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace anabranch::plugins {
namespace {

constexpr std::size_t kValueMax = std::size_t{64} << 10;
// Conflicts do not grow above it: one of 16 MiB is a trap for every module.
constexpr std::size_t kValuesMax = std::size_t{2} << 20;
constexpr std::size_t kSiblingsMax = 64;

// Pieces that values are made of where an author gives no examples.
constexpr std::array<std::string_view, 20> kPieces{
    "0",        "1",  "-",       "7",    "12345678901234567890",
    ".",        "e9", "a",       "word", ",",
    " ",        "\n", "{",       "}",    "\"key\":",
    "[1,null]", ":",  "\\u0000", "\xff", std::string_view("\0", 1)};

Trial of_values(const std::vector<std::string>& values) {
  Trial trial{.key = "key", .prefix = "", .type = 's', .parts = {}, .siblings = {}};
  std::int64_t time = 1'700'000'000'000;
  for (const std::string& value : values) {
    trial.siblings.push_back({value, std::nullopt, time % 2 == 0 ? "eu" : "us", time});
    ++time;
  }
  return trial;
}

std::size_t bytes_of(const std::vector<TrialSibling>& siblings) {
  std::size_t bytes = 0;
  for (const TrialSibling& each : siblings) bytes += each.value.size();
  return bytes;
}

}  // namespace

std::vector<Trial> fixed_trials() {
  const std::string large(std::size_t{1} << 20, 'x');
  std::vector<Trial> trials{
      of_values({"", ""}),
      of_values({"a", ""}),
      of_values({"a", "b"}),
      of_values({std::string(100, 'a'), std::string(100, 'b')}),
      of_values(std::vector<std::string>(kSiblingsMax, "")),
      of_values({large, large}),
      of_values({"", large}),
  };
  Trial bare = of_values({"", ""});
  bare.key.clear();
  for (TrialSibling& each : bare.siblings) each.region.clear();
  trials.push_back(bare);
  Trial with_bases = of_values({"a", "b"});
  with_bases.siblings.front().base = "";
  with_bases.siblings.back().base = "c";
  trials.push_back(with_bases);
  Trial in_map = of_values({"a", "b"});
  in_map.parts = {"field", "field"};
  trials.push_back(in_map);
  Trial element = of_values({"a", "b"});
  element.type = 'l';
  element.parts = {std::string("\0\xff", 2)};
  trials.push_back(element);
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string one(1, static_cast<char>(byte));
    trials.push_back(of_values({one, "1"}));
    all += one;
  }
  trials.push_back(of_values({all, "1"}));
  return trials;
}

TrialSource::TrialSource(std::uint64_t seed, std::vector<Trial> examples)
    : random_(seed), examples_(std::move(examples)) {}

std::string TrialSource::value() {
  const std::size_t kind = below(8);
  std::string bytes;
  if (kind == 0) return bytes;
  if (kind == 1) {
    for (std::size_t left = below(300); left > 0; --left) {
      bytes.push_back(static_cast<char>(below(256)));
    }
    return bytes;
  }
  if (kind == 2) {
    const std::size_t size = below(5000);  // Arguments of one call have no order.
    return std::string(size, static_cast<char>(below(256)));
  }
  for (std::size_t left = 1 + below(12); left > 0; --left) bytes += kPieces[below(kPieces.size())];
  return bytes;
}

std::string TrialSource::changed_value(std::string value) {
  const std::size_t at = below(value.size() + 1);
  switch (below(8)) {
    case 0:
      return value.substr(0, at);
    case 1:
      return value.substr(at);
    case 2:
      value.insert(at, kPieces[below(kPieces.size())]);
      break;
    case 3:
      value.insert(at, 1, static_cast<char>(below(256)));
      break;
    case 4:
      if (at < value.size()) value[at] = static_cast<char>(below(256));
      break;
    case 5:
      value.insert(at, value.substr(below(value.size() + 1)));
      break;
    case 6:
      value += value;
      break;
    default:
      std::reverse(value.begin() + static_cast<std::ptrdiff_t>(at), value.end());
      break;
  }
  if (value.size() > kValueMax) value.resize(kValueMax);
  return value;
}

Trial TrialSource::random_trial() {
  std::vector<std::string> values(2 + (below(8) == 0 ? below(30) : below(3)));
  for (std::string& each : values) each = value();
  Trial trial = of_values(values);
  trial.key = value();
  trial.prefix = trial.key.substr(0, below(trial.key.size() + 1));
  if (below(4) == 0) {
    const std::size_t depth = 1 + below(3);
    trial.parts.assign(depth, value());
  }
  const bool has_bases = below(2) == 0;
  for (TrialSibling& each : trial.siblings) {
    if (has_bases && below(4) != 0) each.base = value();
    if (below(4) == 0) each.region.clear();
    if (below(8) == 0) each.time_ms = static_cast<std::int64_t>(random_());
  }
  return trial;
}

Trial TrialSource::next() {
  if (examples_.empty() || below(4) == 0) return random_trial();
  Trial trial = examples_[below(examples_.size())];
  for (std::size_t left = 1 + below(6); left > 0; --left) trial = changed(trial);
  return trial;
}

Trial TrialSource::changed(const Trial& trial) {
  Trial other = trial;
  std::vector<TrialSibling>& siblings = other.siblings;
  TrialSibling& one = siblings[below(siblings.size())];
  switch (below(6)) {
    case 0:
      if (siblings.size() < kSiblingsMax && bytes_of(siblings) + one.value.size() <= kValuesMax) {
        siblings.push_back(TrialSibling(one));
      }
      break;
    case 1:
      std::swap(one.value, siblings[below(siblings.size())].value);
      break;
    case 2:
      if (one.base) {
        one.base = changed_value(*one.base);
      } else {
        one.base = siblings.front().value;
      }
      break;
    default:
      one.value = changed_value(one.value);
      break;
  }
  return other;
}

}  // namespace anabranch::plugins
