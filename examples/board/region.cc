#include "examples/board/region.h"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <set>
#include <utility>

#include "examples/board/board.h"
#include "examples/board/limits.h"

namespace board {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds kRound{20};          // Edits on their way are looked after so often,
constexpr std::uint64_t kPeopleRounds = 5;  // people each 100 ms,
constexpr std::uint64_t kMeshRounds = 13;   // the mesh each 260 ms,
constexpr std::uint64_t kMeshAgain = 91;    // and told each 1.8 s, also when nothing has changed.
constexpr milliseconds kIdleRound{200};
constexpr std::size_t kOpenTextsMax = 64;

std::int64_t wall_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now).count();
}

json also(const std::vector<LostTitle>& lost) {
  json told = json::array();
  for (const LostTitle& each : lost) {
    told.push_back({{"id", each.title.id},
                    {"text", each.title.text},
                    {"by", each.title.by},
                    {"region", each.region},
                    {"ago_ms", std::max<std::int64_t>(0, wall_ms() - each.time_ms)}});
  }
  return told;
}

}  // namespace

Region::Region(const Settings& settings)
    : store_(ab::Store::open(settings.store)),
      name_(settings.store.region),
      links_(settings.relay_port),
      people_(store_, name_),
      mesh_(store_, links_, streams_),
      watch_(store_.watch("", [this](const ab::Changes& changes) { show(changes); })),
      losers_(store_.watch_losers({.database = 0, .prefix = std::string(Document::kHeadings)},
                                  [this](const std::vector<ab::Loser>& losers) {
                                    for (const ab::Loser& each : losers) {
                                      show_card(document_of(each.key));
                                    }
                                  })) {
  set_merge(store_, settings.module);
  if (settings.welcome) welcome(store_);
  teller_ = std::thread([this] { keep_telling(); });
}

Region::~Region() { stop(); }

void Region::stop() {
  {
    const std::lock_guard lock(stop_mutex_);
    is_over_ = true;
    stopping_.notify_all();
  }
  if (teller_.joinable()) teller_.join();
  for (const auto& stream : streams_.all()) stream->end("This region stops.");
}

// ---- Requests of pages.

std::shared_ptr<OpenText> Region::text(const std::string& document) {
  if (!Document{store_, document}.exists()) {
    throw Refused(404, "This region has no such document, or it has not arrived here yet.");
  }
  const std::lock_guard lock(texts_mutex_);
  if (const auto found = texts_.find(document); found != texts_.end()) return found->second;
  if (texts_.size() >= kOpenTextsMax) {
    std::erase_if(texts_, [&](const auto& each) {
      return each.second.use_count() == 1 && streams_.of(each.first).empty();
    });
  }
  auto text = std::make_shared<OpenText>(store_, name_, document, streams_);
  texts_.emplace(document, text);
  return text;
}

json Region::card(const std::string& document) {
  json told;
  Title shown;
  store_.read([&](ab::ReadTransaction& txn) {
    const Document now{txn, document};
    const Heading heading = now.heading();
    shown = heading.title;
    told = {{"title", {{"text", shown.text}, {"by", shown.by}}},
            {"when", {{"text", heading.when.text}, {"by", heading.when.by}}},
            {"todo", json::array()},
            {"votes", json::array()},
            {"tags", now.tags()}};
    for (const Item& item : now.items()) {
      told["todo"].push_back({{"id", item.id}, {"text", item.text}, {"done", item.done}});
    }
    for (const Choice& choice : now.choices()) {
      told["votes"].push_back({{"choice", choice.name}, {"votes", choice.votes}});
    }
  });
  told["title"]["also"] = also(lost_titles(store_, document, shown));
  return told;
}

json Region::documents() {
  const ab::KeyPage page = ab::list_keys(store_, {.database = 0,
                                                  .prefix = std::string(Document::kHeadings),
                                                  .after = {},
                                                  .at_most = kLimits.docs});
  json told{{"docs", json::array()}, {"more", page.more}};
  for (const std::string& key : page.keys) {
    const std::string id = document_of(key);
    told["docs"].push_back({{"doc", id}, {"title", Document{store_, id}.heading().title.text}});
  }
  return told;
}

void Region::begin(const std::shared_ptr<Stream>& stream, const std::optional<Version>& after) {
  const Stream::Reader& reader = stream->reader();
  const auto add = [&] { streams_.add(stream); };
  stream->put(Slot::kDocs, event("docs", documents()));
  stream->put(Slot::kMesh, event("mesh", mesh_.state()));
  if (reader.document.empty()) return add();
  text(reader.document)->begin(stream, after, add);
  people_.come(reader.document, reader.page, reader.name);
  show_card(reader.document);
}

void Region::end(const std::shared_ptr<Stream>& stream) {
  const Stream::Reader& reader = stream->reader();
  streams_.remove(stream);
  if (!reader.document.empty() && !streams_.page(reader.page)) {
    people_.go(reader.document, reader.page);
  }
}

// ---- Changes.

void Region::show(const ab::Changes& changes) {
  if (changes.remote) mesh_.arrived(changes.region, changes.time_ms);
  std::set<std::string> cards;
  bool are_documents = changes.resync;
  for (const ab::Change& change : changes.all) {
    if (change.key.starts_with("text/") || change.key.starts_with("typed/")) continue;
    cards.insert(document_of(change.key));
    are_documents = are_documents || change.key.starts_with(Document::kHeadings);
  }
  if (changes.resync) {
    for (const auto& stream : streams_.all()) cards.insert(stream->reader().document);
  }
  for (const std::string& document : cards) show_card(document);
  if (!are_documents) return;
  const Event told = event("docs", documents());
  for (const auto& stream : streams_.all()) stream->put(Slot::kDocs, told);
}

void Region::show_card(const std::string& document) {
  if (document.empty()) return;
  const auto readers = streams_.of(document);
  if (readers.empty()) return;
  const std::lock_guard lock(cards_mutex_);
  const Event told = event("card", card(document));
  for (const auto& stream : readers) stream->put(Slot::kCard, told);
}

void Region::show_people(const std::string& document) {
  const auto readers = streams_.of(document);
  if (readers.empty()) return;
  const std::shared_ptr<OpenText> here = text(document);
  json told{{"v", here->state().version.number}, {"people", json::array()}};
  for (const Person& each : people_.of(document)) {
    const auto moved = std::chrono::steady_clock::now() - each.moved;
    json person{{"page", each.page},
                {"name", each.name},
                {"region", each.region},
                {"from", nullptr},
                {"to", nullptr},
                {"typed_ms", std::chrono::duration_cast<milliseconds>(moved).count()}};
    if (each.selection.size() == 2) {
      const auto from = here->place(each.selection[0]);
      const auto to = here->place(each.selection[1]);
      if (from && to) {
        person["from"] = *from;
        person["to"] = *to;
      }
    }
    told["people"].push_back(std::move(person));
  }
  const Event rendered = event("people", told);
  for (const auto& stream : readers) stream->put(Slot::kPeople, rendered);
}

// ---- Told again and again, while somebody listens.

void Region::keep_telling() {
  std::unique_lock lock(stop_mutex_);
  for (std::uint64_t round = 0; !is_over_; ++round) {
    const milliseconds round_time = streams_.size() == 0 ? kIdleRound : kRound;
    stopping_.wait_for(lock, round_time, [&] { return is_over_; });
    if (is_over_) return;
    lock.unlock();
    try {
      tell(round);
    } catch (const std::exception& error) {
      std::cerr << name_ << ": " << error.what() << '\n';
    }
    lock.lock();
  }
}

void Region::tell(std::uint64_t round) {
  if (streams_.size() == 0) return;
  mesh_.tell_seen();
  if (round % kPeopleRounds == 0) {
    for (const std::string& document : people_.exchange()) show_people(document);
  }
  if (round % kMeshRounds != 0) return;
  const json state = mesh_.state();
  const std::string text = state.dump();
  if (text == told_mesh_ && round % kMeshAgain != 0) return;
  told_mesh_ = text;
  const Event told = event("mesh", state);
  for (const auto& stream : streams_.all()) stream->put(Slot::kMesh, told);
}

}  // namespace board
