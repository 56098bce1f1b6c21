// The types of which a place may have rows: the first bytes of the names below it for which rows
// are stored. Nearly always none or one, so most types need not be looked for.
#pragma once

#include <string>

#include <anabranch/key.h>

namespace anabranch::rows {

class StoredTags {
 public:
  // Nothing is known: each type may have rows.
  static StoredTags any() {
    StoredTags tags;
    tags.any_ = true;
    return tags;
  }

  void add(char tag) { tags_ += tag; }
  [[nodiscard]] bool may_have(Type type) const {
    return any_ || tags_.find(static_cast<char>(type)) != std::string::npos;
  }

 private:
  bool any_ = false;
  std::string tags_;
};

}  // namespace anabranch::rows
