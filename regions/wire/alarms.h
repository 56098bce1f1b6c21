// Alarms and notices for operators: each different alarm once. Not thread-safe.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "regions/wire/effect.h"

namespace anabranch::regions {

class Alarms {
 public:
  static constexpr std::size_t kMax = 1000;  // Different ones.

  // `effects` must outlive this.
  explicit Alarms(Effects& effects) : effects_(effects) {}

  // Raises an alarm, or, where it may come time and again, the first time only.
  void raise(std::string text) { effects_.push_back(Alarm{std::move(text)}); }
  void raise_once(std::string text) {
    if (told_.size() >= kMax) return;  // The peer that provokes so many has been named.
    if (told_.insert(text).second) raise(std::move(text));
  }
  void notice(std::string text) { effects_.push_back(Notice{std::move(text)}); }

 private:
  Effects& effects_;
  std::set<std::string> told_;
};

}  // namespace anabranch::regions
