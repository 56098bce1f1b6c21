#include "server/resp/concern/write_concerns.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/text.h"
#include "server/resp/table/keys.h"

namespace anabranch::server {
namespace {

using From = ConcernInForce::From;

constexpr std::uint32_t kChanges = kInsert | kDelete | kUpdate;

// The concerns of keys, each once.
class KeyConcerns {
 public:
  explicit KeyConcerns(const ConcernRules& rules) : rules_(rules) {}

  // Whether so many words more are looked at. If not, the concerns of all keys are there now.
  bool looks_at(std::size_t words) {
    words_ += words;
    if (words_ <= kWordsMax) return true;
    add_all();
    return false;
  }
  void add(const Command& command, Arguments words, std::uint8_t database) {
    if (command.name == "once") return add_inner(words, database);
    if (command.has(kAllKeys) || changes_elsewhere(command, words)) return add_all();
    (void)for_each_key(command, words, [&](std::string_view key, const KeySpec& spec) {
      if ((use_in(spec, words) & kChanges) != 0) add(rules_.of_key(database, key));
    });
  }
  std::vector<SharedConcern> take() && { return std::move(found_); }

 private:
  static constexpr std::size_t kWordsMax = 10'000;

  // COPY from to DB number: in another database.
  static bool changes_elsewhere(const Command& command, Arguments words) {
    constexpr std::size_t kWithDatabase = 5;
    return command.name == "copy" && words.size() >= kWithDatabase;
  }
  // ANABRANCH ONCE id command...
  void add_inner(Arguments words, std::uint8_t database) {
    constexpr std::size_t kBefore = 3;
    const Arguments inner = words.subspan(kBefore);
    const Resolved resolved = resolve(inner);
    if (resolved.command == nullptr || resolved.command->name == "once") return;
    if (resolved.command->changes()) add(*resolved.command, inner, database);
  }
  void add_all() {
    for (const ConcernRules::Rule& each : rules_.all()) add(&each);
  }
  void add(const ConcernRules::Rule* rule) {
    if (rule == nullptr || rule->concern == nullptr || !rule->concern->terms().waits()) return;
    if (std::ranges::find(found_, rule->concern) == found_.end()) found_.push_back(rule->concern);
  }

  const ConcernRules& rules_;
  std::size_t words_ = 0;
  std::vector<SharedConcern> found_;
};

// Adds the writes of a transaction, in the databases that it selects.
void add_queued(KeyConcerns& concerns, const Client& client) {
  std::uint8_t database = client.database;
  for (const Queue::Entry& entry : client.queue.entries) {
    const bool selects = entry.command->name == "select";
    if (!selects && !entry.command->changes()) continue;
    if (!concerns.looks_at(entry.words)) return;
    const std::vector<std::string_view> words = client.queue.words(entry);
    if (!selects) {
      concerns.add(*entry.command, words, database);
      continue;
    }
    const auto selected = core::parse_integer(words[1]);
    if (selected && *selected >= 0 && *selected < kDatabases) {
      database = static_cast<std::uint8_t>(*selected);
    }
  }
}

bool writes(const Client& client, const Command& command) {
  if (!command.has(kExecutes)) return command.changes();
  return std::ranges::any_of(client.queue.entries,
                             [](const Queue::Entry& entry) { return entry.command->changes(); });
}

}  // namespace

std::vector<SharedConcern> concerns_of_write(const Host& host, const Client& client,
                                             const Command& command, Arguments words) {
  if (!writes(client, command)) return {};
  const ConcernInForce nearest = concern_in_force(host, client, nullptr);
  if (nearest.from == From::kConnection || nearest.from == From::kUser) {
    if (!nearest.concern->terms().waits()) return {};
    return {nearest.concern};
  }
  const ConcernRules& rules = host.concerns.rules();
  if (rules.all().empty()) return {};
  KeyConcerns concerns(rules);
  if (command.has(kExecutes)) {
    add_queued(concerns, client);
  } else if (concerns.looks_at(words.size())) {
    concerns.add(command, words, client.database);
  }
  return std::move(concerns).take();
}

ConcernInForce concern_in_force(const Host& host, const Client& client,
                                const std::string_view* key) {
  if (client.concern && client.concern->own) {
    return {.from = From::kConnection, .concern = client.concern->own};
  }
  const ConcernRules& rules = host.concerns.rules();
  if (SharedConcern of_user = rules.of_user(client.user)) {
    return {.from = From::kUser, .concern = std::move(of_user)};
  }
  const ConcernRules::Rule* const rule =
      key != nullptr ? rules.of_key(client.database, *key) : rules.of_mesh();
  if (rule == nullptr) return {};
  return {.from = rule->mesh ? From::kMesh : From::kPrefix, .concern = rule->concern, .rule = rule};
}

}  // namespace anabranch::server
