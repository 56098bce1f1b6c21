#include "examples/conflict_hook/merge_words.h"

#include <set>
#include <sstream>

std::string merge_words(const anabranch::Conflict& conflict) {
  std::set<std::string> words;
  for (const anabranch::Sibling& sibling : conflict.siblings) {
    std::istringstream text(sibling.value);
    for (std::string word; text >> word;) words.insert(word);
  }
  std::string merged;
  for (const std::string& word : words) merged += (merged.empty() ? "" : " ") + word;
  return merged;
}
