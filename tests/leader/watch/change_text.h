// Changes as a line of text.
#pragma once

#include <string>
#include <vector>

#include <anabranch/watch.h>

namespace anabranch::test {

// "put title=x", "add n=1", "clear", ...; path below the key after a slash.
inline std::string text(const Change& change) {
  static const std::vector<std::string> kKinds = {"put",   "remove", "add",
                                                  "reset", "clear",  "policy"};
  std::string text = kKinds[static_cast<std::size_t>(change.kind)] + " " + change.key;
  for (const std::string& each : change.path) text += "/" + each;
  return change.value.empty() ? text : text + "=" + change.value;
}

inline std::string text(const Changes& changes) {
  if (changes.resync) return "resync";
  std::string all;
  for (const Change& each : changes.all) all += (all.empty() ? "" : ", ") + text(each);
  return changes.region + (changes.remote ? " remote: " : ": ") + all;
}

}  // namespace anabranch::test
