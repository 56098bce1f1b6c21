// A text kept by the deltas of an observer alone, as a page keeps it.
#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <anabranch/anabranch.h>

#include "crdt/utf8.h"

namespace anabranch::test {

class Mirror {
 public:
  explicit Mirror(TextDocument& document)
      : view_(document.observe([this](const TextChange& change) { take(change); })) {
    const std::lock_guard lock(mutex_);
    begin_ = crdt::utf8_decoded(view_.text);
  }

  [[nodiscard]] std::string str() const {
    const std::lock_guard lock(mutex_);
    std::u32string text = begin_;
    for (const TextChange& change : changes_) apply(change, text);
    return crdt::utf8_encoded(text);
  }
  [[nodiscard]] std::vector<TextChange> changes() const {
    const std::lock_guard lock(mutex_);
    return changes_;
  }
  // Whether each change told the size of the text after it, and applied to the text before it.
  [[nodiscard]] bool fits() const {
    const std::lock_guard lock(mutex_);
    std::u32string text = begin_;
    for (const TextChange& change : changes_) {
      if (change.deltas.empty() || !apply(change, text) || change.size != text.size()) return false;
    }
    return true;
  }

 private:
  void take(const TextChange& change) {
    const std::lock_guard lock(mutex_);
    changes_.push_back(change);
  }
  static bool apply(const TextChange& change, std::u32string& text) {
    for (const TextDelta& each : change.deltas) {
      if (each.position > text.size() || each.erased > text.size() - each.position) return false;
      text.replace(each.position, each.erased, crdt::utf8_decoded(each.inserted));
    }
    return true;
  }

  mutable std::mutex mutex_;
  std::u32string begin_;
  std::vector<TextChange> changes_;
  TextView view_;  // The last member: its end is the end of all calls.
};

}  // namespace anabranch::test
