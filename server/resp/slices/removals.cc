#include "server/resp/slices/removals.h"

#include <algorithm>
#include <utility>

#include "core/text.h"
#include "server/resp/table/keys.h"

namespace anabranch::server {
namespace {

// Reading the clock costs as much as a tenth of a key.
constexpr std::size_t kKeysPerLook = 16;

// Returns the selected database after a command of a transaction.
std::uint8_t database_behind(const Command& command, Arguments words, std::uint8_t database) {
  if (command.name != "select") return database;
  const auto chosen = core::parse_integer(words[1]);
  const bool valid = chosen && *chosen >= 0 && *chosen < kDatabases;
  return valid ? static_cast<std::uint8_t>(*chosen) : database;
}

}  // namespace

void Removals::begin(Client& client, Arguments names) {
  auto removal = std::make_shared<Removal>();
  removal->database = client.database;
  std::size_t size = 0;
  for (const std::string_view name : names) size += name.size();
  removal->bytes.reserve(size);
  removal->names.reserve(names.size());
  for (const std::string_view name : names) {
    removal->names.emplace_back(removal->bytes.data() + removal->bytes.size(), name.size());
    removal->bytes.append(name);
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
  client.wait = Wait{.attempt = attempt, .until = SteadyTime::max(), .writes = true};
}

bool Removals::prepare(SteadyTime until) {
  Removal& removal = *removals_.front();
  if (removal.is_ready) return true;
  removal.condemned.reserve(removal.names.size());
  try {
    for (; !removal.done(); ++removal.next) {
      if (removal.next % kKeysPerLook == 0 && steady_now() >= until) return false;
      const std::string_view name = removal.names[removal.next];
      (void)Key(removal.database, name);  // Throws.
      removal.condemned.insert(name);
      watched_.touch(removal.database, name);
    }
  } catch (const Error& error) {
    removal.error = error_text(error);
    removal.condemned.clear();
    removal.names.clear();
  }
  removal.next = 0;
  return removal.is_ready = true;
}

void Removals::remove(Scope& scope, std::string_view name, Removal& removal) {
  const Key key(removal.database, name);
  if (scope.type(key) == Type::kNone) return;
  scope.clear(key);
  ++removal.removed;
}

bool Removals::make_way(const Command& command, Client& client, Arguments arguments, Scope& scope) {
  if (!acts_) return command.name != "watch";
  if (command.has(kWhole)) return false;
  const bool executes = command.name == "exec";
  const auto looks_at_all = [](const Queue::Entry& entry) { return entry.command->has(kWhole); };
  if (executes && std::ranges::any_of(client.queue.entries, looks_at_all)) return false;
  try {
    make_way(command, client.database, arguments, scope);
    std::uint8_t database = client.database;
    for (const Queue::Entry& entry : client.queue.entries) {
      if (!executes) break;
      const std::vector<std::string_view> words = client.queue.words(entry);
      make_way(*entry.command, database, words, scope);
      database = database_behind(*entry.command, words, database);
    }
  } catch (const Error& error) {
    failed(error_text(error));
  }
  return true;
}

void Removals::make_way(const Command& command, std::uint8_t database, Arguments arguments,
                        Scope& scope) {
  Removal& removal = *removals_.front();
  if (database != removal.database) return;
  for_each_key(command, arguments, [&](std::string_view name, const KeySpec&) {
    if (removal.condemned.erase(name) > 0) remove(scope, name, removal);
  });
}

void Removals::slice(Scope& scope, SteadyTime until) {
  Removal& removal = *removals_.front();
  try {
    scope.atomically([&](Scope& txn) {
      for (std::size_t i = 0; i < kDirectMax && !removal.done(); ++i) {
        if (i % kKeysPerLook == 0 && i > 0 && steady_now() >= until) return;
        const std::string_view name = removal.names[removal.next++];
        // A command that named the key has removed it first, and may have made it anew.
        if (removal.condemned.erase(name) > 0) remove(txn, name, removal);
      }
    });
  } catch (const Error& error) {
    failed(error_text(error));
  }
}

void Removals::hold_back(Client& client) {
  client.held_back = HeldBack{HeldBack::Until::kRemoved};
  is_waited_for_ = true;
}

void Removals::committed() {
  if (acts_ && removals_.front()->done()) end();
}

void Removals::failed(std::string_view error) {
  while (any()) {
    removals_.front()->error = error;
    end();
  }
}

void Removals::end() {
  removals_.front()->over = true;
  removals_.pop_front();
  acts_ = false;
  is_waited_for_ = is_waited_for_ && any();
}

}  // namespace anabranch::server
