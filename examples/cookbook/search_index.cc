// A search index that follows the store: it receives the changes, and continues where it stopped.
#include <condition_variable>
#include <iostream>
#include <map>
#include <mutex>
#include <set>
#include <sstream>

#include "examples/cookbook/two_regions.h"

namespace ab = anabranch;
using namespace std::chrono_literals;

namespace {

// The documents that contain a word. In practice this is another system; it keeps the token beside
// its data.
class Index {
 public:
  // Indexes the present values of the changed documents, whatever the changes were.
  void follow(ab::Store& store, const ab::Changes& changes) {
    const std::lock_guard lock(mutex_);
    if (changes.resync) {
      store.names(ab::Key::all(0), ab::Span::starting("doc/"), [&](const std::string& key) {
        look(store, key);
        return true;
      });
    }
    for (const ab::Change& each : changes.all) look(store, each.key);
    token_ = changes.token;
    changed_.notify_all();
  }
  [[nodiscard]] std::string token() const {
    const std::lock_guard lock(mutex_);
    return token_;
  }
  // Waits until a word is in so many documents.
  [[nodiscard]] bool wait(const std::string& word, std::size_t documents) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 30s, [&] { return words_[word].size() == documents; });
  }
  void print(const std::string& word) {
    const std::lock_guard lock(mutex_);
    std::cout << word << ':';
    for (const std::string& key : words_[word]) std::cout << ' ' << key;
    std::cout << '\n';
  }

 private:
  void look(ab::Store& store, const std::string& key) {
    for (auto& [word, keys] : words_) keys.erase(key);
    std::istringstream text(ab::Register<std::string>{store, key}.get().value_or(""));
    for (std::string word; text >> word;) words_[word].insert(key);
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::set<std::string>> words_;
  std::string token_;
};

}  // namespace

int main() {
  cookbook::TwoRegions regions;
  Index index;
  const auto follow = [&](const ab::Changes& changes) { index.follow(regions.eu, changes); };
  {
    const ab::Watch watch = regions.eu.watch("doc/", follow);
    ab::Register<std::string>{regions.eu, "doc/1"}.put("red fish");
    ab::Register<std::string>{regions.us, "doc/2"}.put("blue fish");
    if (!index.wait("fish", 2)) return 1;
    index.print("fish");
  }
  // The indexer is not running, and the store continues.
  ab::Register<std::string>{regions.us, "doc/1"}.put("red bird");
  regions.meet();
  const ab::Watch watch = regions.eu.watch("doc/", index.token(), follow);
  if (!index.wait("fish", 1)) return 1;
  index.print("fish");
  index.print("bird");
}
