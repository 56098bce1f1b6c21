#include "examples/board/people.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "examples/board/limits.h"

namespace board {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr std::string_view kChannel = "people/";
constexpr milliseconds kRepeat{3000};
constexpr milliseconds kForget{10'000};
constexpr std::size_t kMessageBytes = 60'000;  // A message of presence has at most 64 KiB.
constexpr std::size_t kDocumentsHeard = 1000;

}  // namespace

People::People(anabranch::Store& store, std::string region)
    : store_(store),
      region_(std::move(region)),
      listener_(store.listen(kChannel, [this](const anabranch::PresenceMessage& message) {
        if (message.remote) hear(message);
      })) {}

void People::come(const std::string& document, const std::string& page, const std::string& name) {
  const std::lock_guard lock(mutex_);
  const Person person{page, name, region_, {}, Clock::now()};
  here_[document].try_emplace(page, person).first->second.name = name;  // Perhaps a new one.
  untold_.insert(document);
}

void People::go(const std::string& document, const std::string& page) {
  const std::lock_guard lock(mutex_);
  here_[document].erase(page);
  untold_.insert(document);
}

void People::move(const std::string& document, const std::string& page,
                  std::vector<std::string> selection) {
  const std::lock_guard lock(mutex_);
  const auto people = here_.find(document);
  if (people == here_.end() || !people->second.contains(page)) return;
  Person& person = people->second.at(page);
  person.selection = std::move(selection);
  person.moved = Clock::now();
  untold_.insert(document);
}

std::set<std::string> People::exchange() {
  const auto now = Clock::now();
  std::map<std::string, std::vector<Person>> messages;
  std::set<std::string> changed;
  {
    const std::lock_guard lock(mutex_);
    if (now - repeated_ > kRepeat) {
      for (const auto& [document, people] : here_) untold_.insert(document);
      repeated_ = now;
    }
    for (const std::string& document : untold_) {
      for (const auto& [page, person] : here_[document]) messages[document].push_back(person);
      messages.try_emplace(document);
      changed_.insert(document);
      if (here_[document].empty()) here_.erase(document);
    }
    untold_.clear();
    forget_silent(now);
    changed = std::exchange(changed_, {});
  }
  for (const auto& [document, people] : messages) publish(document, people);
  return changed;
}

void People::publish(const std::string& document, const std::vector<Person>& people) {
  json told = json::array();
  std::size_t bytes = 0;
  for (const Person& each : people) {
    const auto moved = std::chrono::duration_cast<milliseconds>(Clock::now() - each.moved);
    json person{{"page", each.page},
                {"name", each.name},
                {"selection", each.selection},
                {"moved_ms", moved.count()}};
    bytes += person.dump().size() + 1;
    if (bytes > kMessageBytes || told.size() == kLimits.people) break;
    told.push_back(std::move(person));
  }
  store_.publish(std::string(kChannel) + document, told.dump());
}

// Any member of the mesh can send such a message: a malformed one is dropped.
void People::hear(const anabranch::PresenceMessage& message) try {
  const std::string document = message.channel.substr(kChannel.size());
  Heard heard{{}, Clock::now()};
  for (const json& each : json::parse(message.body)) {
    if (heard.people.size() == kLimits.people) break;
    heard.people.push_back({each.at("page"), each.at("name"), message.region, each.at("selection"),
                            heard.at - milliseconds(each.at("moved_ms").get<std::int64_t>())});
    const std::size_t anchors = heard.people.back().selection.size();
    if (anchors != 0 && anchors != 2) return;
  }
  const std::lock_guard lock(mutex_);
  if (elsewhere_.size() == kDocumentsHeard && !elsewhere_.contains(document)) return;
  elsewhere_[document][message.region] = std::move(heard);
  changed_.insert(document);
} catch (const json::exception&) {
}

void People::forget_silent(Clock::time_point now) {
  for (auto& [document, regions] : elsewhere_) {
    const auto is_silent = [&](const auto& each) { return now - each.second.at > kForget; };
    if (std::erase_if(regions, is_silent) > 0) changed_.insert(document);
  }
  std::erase_if(elsewhere_, [](const auto& each) { return each.second.empty(); });
}

std::vector<Person> People::of(const std::string& document) const {
  const std::lock_guard lock(mutex_);
  std::vector<Person> all;
  if (const auto here = here_.find(document); here != here_.end()) {
    for (const auto& [page, person] : here->second) all.push_back(person);
  }
  if (const auto there = elsewhere_.find(document); there != elsewhere_.end()) {
    for (const auto& [region, heard] : there->second) {
      all.insert(all.end(), heard.people.begin(), heard.people.end());
    }
  }
  if (all.size() > kLimits.people) all.resize(kLimits.people);
  return all;
}

}  // namespace board
