#include "server/resp/watched_keys.h"

#include <algorithm>
#include <utility>

#include "core/path.h"
#include "crdt/expiry.h"
#include "crdt/type_table.h"
#include "leader/watch/told.h"

namespace anabranch::server {
namespace {

std::size_t bytes_of(const std::string& encoded) { return 256 + encoded.size() * 3; }

// Whether an op can only take away: it changes nothing at a key that is not there.
bool only_removes(const core::Op& op) {
  return std::holds_alternative<core::Remove>(op) || std::holds_alternative<core::Reset>(op) ||
         std::holds_alternative<core::Clear>(op);
}

// Whether an op puts a member into the set of a key.
bool adds_member(const core::Op& op, const core::Path& path) {
  if (!std::holds_alternative<core::Put>(op)) return false;
  const core::Components parts = path.components();
  const crdt::TypeEntry* const type = crdt::type_at(parts);
  return type != nullptr && type->type == Type::kSet && parts.size() == crdt::kKeyDepth + 2;
}

// The members of the set of a key: 0 where it shows something else, or nothing.
std::uint64_t members_of(const Key& key, Type shown, const Scope& scope) {
  return shown == Type::kSet ? scope.count(key.of(Type::kSet)) : 0;
}

}  // namespace

void WatchedKeys::watch(const Client& client, std::string_view name, const Scope& scope) {
  const Key key(client.database, name);
  const std::string path(key.encoded());
  const auto watched = clients_.find(client.id);
  if (watched != clients_.end() && watched->second.size() >= kKeysMax) {
    throw Error(ErrorCode::kTooLarge,
                "a client watches " + std::to_string(kKeysMax) + " keys at most");
  }
  if (bytes_ + bytes_of(path) > kBytesMax) {
    throw Error(ErrorCode::kTooLarge, "all clients together watch too many keys");
  }
  follow();
  const std::scoped_lock lock(following_, mutex_);
  if (!cursor_) cursor_ = leader::LogCursor::now(leader_.log_source());
  const Type shown = scope.type(key);
  const auto [place, fresh] = clients_[client.id].try_emplace(
      path, Watched{key, shown != Type::kNone, members_of(key, shown, scope)});
  if (!fresh) return;
  Watchers& watchers = watchers_[path];
  watchers.clients.push_back(client.id);
  watchers.changed = watchers.removed = watchers.added = false;
  ++keys_;
  bytes_ += bytes_of(path);
}

void WatchedKeys::forget(const Client& client) {
  const std::lock_guard lock(mutex_);
  const auto found = clients_.find(client.id);
  if (found == clients_.end()) return;
  for (const auto& [path, watched] : found->second) {
    const auto watchers = watchers_.find(path);
    std::erase(watchers->second.clients, client.id);
    if (watchers->second.clients.empty()) watchers_.erase(watchers);
    --keys_;
    bytes_ -= bytes_of(path);
  }
  clients_.erase(found);
}

bool WatchedKeys::changed(const Client& client, const Scope& scope) {
  follow();
  std::vector<Watched> looked_at;
  {
    const std::lock_guard lock(mutex_);
    const auto found = clients_.find(client.id);
    if (found == clients_.end()) return false;
    for (const auto& [path, watched] : found->second) {
      if (watched.changed) return true;
      if (watched.was_there || watched.added) looked_at.push_back(watched);
    }
  }
  // Without the lock: on a strand each look may end a slice, and the loop needs the lock.
  return std::ranges::any_of(looked_at, [&](const Watched& watched) {
    const Type shown = scope.type(watched.key);
    if (watched.was_there && shown == Type::kNone) return true;
    return watched.added && members_of(watched.key, shown, scope) != watched.members;
  });
}

void WatchedKeys::touch(std::uint8_t database, std::string_view name) {
  if (!any()) return;
  const std::lock_guard lock(mutex_);
  mark_below(Key(database, name).encoded(), Act::kRemoves);
}

void WatchedKeys::follow() {
  const std::lock_guard following(following_);
  if (!cursor_) return;
  if (!any()) return cursor_.reset();
  const leader::LogSource source = leader_.log_source();
  const storage::Position end = source.storage.last_position() + 1;
  core::Batch batch;
  for (;;) {
    switch (cursor_->next(source, end, batch)) {
      case leader::LogCursor::Found::kEnd:
        return;
      case leader::LogCursor::Found::kLost:
        lose_track();
        cursor_ = leader::LogCursor::now(source);
        return;
      case leader::LogCursor::Found::kBatch:
        take(batch);
        break;
    }
  }
}

void WatchedKeys::take(const core::Batch& batch) {
  constexpr std::size_t kAtOnce = 1024;
  std::unique_lock lock(mutex_);
  std::size_t taken = 0;
  for (const core::Transaction& txn : batch.transactions) {
    for (const core::Op& op : txn.ops) {
      take(op);
      if (++taken % kAtOnce != 0) continue;
      lock.unlock();
      lock.lock();
    }
  }
}

// The policy between concurrent values decides what a key shows: a change of it counts.
void WatchedKeys::take(const core::Op& op) {
  const core::Path* const path = leader::path_of(op);
  if (path == nullptr) return change_all();  // Of a newer version.
  if (const auto policy = leader::policy_change_of(op)) {
    return mark_below(policy->prefix, Act::kChanges);
  }
  const Act act = only_removes(op) ? Act::kRemoves : Act::kChanges;
  const std::string_view key = crdt::key_part(*path);
  if (key.empty()) return mark_below(path->encoded(), act);
  const auto watchers = watchers_.find(key);
  if (watchers == watchers_.end()) return;
  const bool adds = !watchers->second.changed && adds_member(op, *path);
  mark_all(watchers->first, watchers->second, adds ? Act::kAdds : act);
}

void WatchedKeys::mark_all(const std::string& path, Watchers& watchers, Act act) {
  const bool is_known = watchers.changed || (act == Act::kRemoves && watchers.removed) ||
                        (act == Act::kAdds && watchers.added);
  if (is_known) return;
  watchers.changed = act == Act::kChanges;
  watchers.removed = act == Act::kRemoves;
  watchers.added = watchers.added || act == Act::kAdds;
  for (const std::uint64_t id : watchers.clients) mark(clients_.at(id).at(path), act);
}

void WatchedKeys::mark_below(std::string_view prefix, Act act) {
  for (auto each = watchers_.lower_bound(prefix);
       each != watchers_.end() && each->first.starts_with(prefix); ++each) {
    mark_all(each->first, each->second, act);
  }
}

void WatchedKeys::mark(Watched& watched, Act act) {
  if (act == Act::kAdds) {
    watched.added = true;
  } else {
    const bool had_any = watched.was_there || watched.added;
    watched.changed = watched.changed || had_any || act == Act::kChanges;
  }
}

void WatchedKeys::lose_track() {
  const std::lock_guard lock(mutex_);
  change_all();
}

void WatchedKeys::change_all() {
  for (auto& [id, keys] : clients_) {
    for (auto& [path, watched] : keys) watched.changed = true;
  }
}

}  // namespace anabranch::server
