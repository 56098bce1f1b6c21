// The types of which a place may have rows: the first bytes of the names below it for which rows
// are stored. Nearly always none or one, so most types need not be looked for.
#pragma once

#include <bitset>

#include <anabranch/key.h>

namespace anabranch::rows {

class StoredTags {
 public:
  // Nothing is known: each type may have rows.
  static StoredTags any() {
    StoredTags tags;
    tags.tags_.set();
    return tags;
  }

  void add(char tag) { tags_.set(static_cast<unsigned char>(tag)); }
  [[nodiscard]] bool may_have(Type type) const {
    return tags_.test(static_cast<unsigned char>(type));
  }

 private:
  std::bitset<256> tags_;
};

}  // namespace anabranch::rows
