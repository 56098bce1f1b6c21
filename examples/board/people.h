// The people in a document: cursors and selections, in all regions. They are presence, not
// data: each region tells the others of its people in one message for each document, when something
// has changed and every three seconds. Nothing is stored, and a region that is gone is forgotten
// after ten seconds.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <anabranch/anabranch.h>
#include <anabranch/presence.h>

namespace board {

struct Person {
  std::string page;
  std::string name;
  std::string region;
  std::vector<std::string> selection;  // Two anchors; none without a cursor.
  std::chrono::steady_clock::time_point moved;
};

// Thread-safe. Must not outlive its store.
class People {
 public:
  People(anabranch::Store& store, std::string region);

  void come(const std::string& document, const std::string& page, const std::string& name);
  void go(const std::string& document, const std::string& page);
  // Moves the cursor of a person in the document.
  void move(const std::string& document, const std::string& page,
            std::vector<std::string> selection);

  // Tells the other regions of changes. Returns the documents in which people have come, gone or
  // moved since the last call. For one thread, some ten times a second.
  std::set<std::string> exchange();
  // Returns the people of a document: first those of this region.
  [[nodiscard]] std::vector<Person> of(const std::string& document) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Heard {
    std::vector<Person> people;
    Clock::time_point at;
  };
  void publish(const std::string& document, const std::vector<Person>& people);
  void hear(const anabranch::PresenceMessage& message);
  void forget_silent(Clock::time_point now);

  anabranch::Store& store_;
  const std::string region_;
  mutable std::mutex mutex_;
  std::map<std::string, std::map<std::string, Person>> here_;      // By document and page.
  std::map<std::string, std::map<std::string, Heard>> elsewhere_;  // By document and region.
  std::set<std::string> untold_;   // Documents whose people other regions have to be told of.
  std::set<std::string> changed_;  // The same for the pages here.
  Clock::time_point repeated_;
  anabranch::PresenceWatch listener_;
};

}  // namespace board
