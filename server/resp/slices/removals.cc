#include "server/resp/slices/removals.h"

#include <algorithm>
#include <utility>

#include "core/text.h"
#include "server/resp/table/keys.h"

namespace anabranch::server {
namespace {

// Reading the clock costs as much as a tenth of a key.
constexpr std::size_t kKeysPerLook = 16;

std::string entry_of(std::uint8_t database, std::string_view name) {
  std::string entry(1, static_cast<char>(database));
  return entry.append(name);
}

// Returns the selected database after a command of a transaction.
std::uint8_t database_behind(const Queue::Entry& entry, std::uint8_t database) {
  if (entry.command->name != "select") return database;
  const auto chosen = core::parse_integer(entry.arguments[1]);
  const bool valid = chosen && *chosen >= 0 && *chosen < kDatabases;
  return valid ? static_cast<std::uint8_t>(*chosen) : database;
}

}  // namespace

void Removals::begin(Client& client, Arguments names) {
  for (const std::string_view name : names) (void)Key(client.database, name);  // Throws.
  auto removal = std::make_shared<Removal>();
  removal->database = client.database;
  for (const std::string_view name : names) {
    // Another removal has this key; for this one it no longer exists.
    if (!condemned_.emplace(entry_of(client.database, name), removal).second) continue;
    removal->names.emplace_back(name);
  }
  removals_.push_back(removal);
  const auto attempt = [&client, removal](bool /*late*/) {
    if (!removal->over) return false;
    client.session.mark(true);
    if (removal->error.empty()) {
      client.reply.integer(removal->removed);
    } else {
      client.reply.error(removal->error);
    }
    return true;
  };
  client.wait = Wait{attempt, SteadyTime::max()};
}

void Removals::remove(Scope& scope, std::string_view name, Removal& removal) {
  const Key key(removal.database, name);
  if (scope.type(key) == Type::kNone) return;
  scope.clear(key);
  ++removal.removed;
}

bool Removals::make_way(const Command& command, Client& client, Arguments arguments, Scope& scope) {
  if (command.has(kWhole)) return false;
  const bool executes = command.name == "exec";
  const auto looks_at_all = [](const Queue::Entry& entry) { return entry.command->has(kWhole); };
  if (executes && std::ranges::any_of(client.queue.entries, looks_at_all)) return false;
  try {
    make_way(command, client.database, arguments, scope);
    std::uint8_t database = client.database;
    for (const Queue::Entry& entry : client.queue.entries) {
      if (!executes) break;
      const std::vector<std::string_view> words(entry.arguments.begin(), entry.arguments.end());
      make_way(*entry.command, database, words, scope);
      database = database_behind(entry, database);
    }
  } catch (const Error& error) {
    failed(error_text(error));
  }
  return true;
}

void Removals::make_way(const Command& command, std::uint8_t database, Arguments arguments,
                        Scope& scope) {
  for_each_key(command, arguments, [&](std::string_view name, const KeySpec&) {
    const auto found = condemned_.find(entry_of(database, name));
    if (found == condemned_.end()) return;
    const Shared removal = found->second;
    condemned_.erase(found);
    remove(scope, name, *removal);
  });
}

bool Removals::slice(Scope& scope, SteadyTime until) {
  const auto oldest =
      std::ranges::find_if(removals_, [](const Shared& each) { return !each->done(); });
  if (oldest == removals_.end()) return false;
  Removal& removal = **oldest;
  try {
    scope.atomically([&](Scope& txn) {
      for (std::size_t i = 0; i < kDirectMax && !removal.done(); ++i) {
        if (i % kKeysPerLook == 0 && i > 0 && steady_now() >= until) return;
        const std::string& name = removal.names[removal.next++];
        const auto found = condemned_.find(entry_of(removal.database, name));
        // A command that named the key has removed it first, and may have made it anew.
        if (found == condemned_.end() || found->second != *oldest) continue;
        condemned_.erase(found);
        remove(txn, name, removal);
      }
    });
  } catch (const Error& error) {
    failed(error_text(error));
  }
  return true;
}

void Removals::committed() {
  std::erase_if(removals_, [](const Shared& each) { return each->over = each->done(); });
}

void Removals::failed(std::string_view error) {
  for (const Shared& each : removals_) {
    each->error = error;
    each->over = true;
  }
  removals_.clear();
  condemned_.clear();
}

}  // namespace anabranch::server
