#include "tests/storage/shared/memory_objects.h"

#include <algorithm>

namespace anabranch::storage::test {

using core::Failure;
using core::Result;
using Kind = ChangeEnd::Kind;

namespace {

Failure no_object(const std::string& name) {
  return {ErrorCode::kIo, "there is no object " + name};
}

}  // namespace

ChangeEnd MemoryObjects::apply(const std::string& name, const ObjectChange& change) {
  const std::lock_guard lock(mutex_);
  return apply_locked(name, change);
}

ChangeEnd MemoryObjects::apply_locked(const std::string& name, const ObjectChange& change) {
  const auto at = all_.find(name);
  const bool there = at != all_.end();
  switch (change.condition) {
    case ObjectChange::If::kAbsent:
      if (there) return {.kind = Kind::kRefused};
      break;
    case ObjectChange::If::kEpochIs:
      if (!there) return {.kind = Kind::kAbsent};
      if (at->second.epoch != change.than) return {.kind = Kind::kRefused};
      break;
    case ObjectChange::If::kEpochBelow:
      if (!there) return {.kind = Kind::kAbsent};
      if (at->second.epoch >= change.than) return {.kind = Kind::kRefused};
      break;
  }
  if (change.remove) {
    all_.erase(name);
    return {};
  }
  MemoryObject& object = all_[name];
  if (change.epoch) object.epoch = *change.epoch;
  for (const auto& [key, value] : change.entries) {
    if (value) {
      object.entries[key] = *value;
    } else {
      object.entries.erase(key);
    }
  }
  if (change.size) object.bytes.resize(*change.size);
  const std::size_t end = change.offset + change.bytes.size();
  if (!change.bytes.empty() && object.bytes.size() < end) object.bytes.resize(end);
  if (!change.bytes.empty()) object.bytes.replace(change.offset, change.bytes.size(), change.bytes);
  return {};
}

void MemoryObjects::delay(const std::string& name, ObjectChange change) {
  const std::lock_guard lock(mutex_);
  late_.emplace_back(name, std::move(change));
}

bool MemoryObjects::has_late() const {
  const std::lock_guard lock(mutex_);
  return !late_.empty();
}

void MemoryObjects::apply_late() {
  const std::lock_guard lock(mutex_);
  if (late_.empty()) return;
  const auto [name, change] = std::move(late_.front());
  late_.pop_front();
  (void)apply_locked(name, change);
}

void MemoryObjects::drop_late() {
  const std::lock_guard lock(mutex_);
  late_.clear();
}

std::optional<MemoryObject> MemoryObjects::find(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto at = all_.find(name);
  return at == all_.end() ? std::nullopt : std::optional(at->second);
}

MemoryObjects::All MemoryObjects::all() const {
  const std::lock_guard lock(mutex_);
  return all_;
}

void MemoryObjects::set_all(All all) {
  const std::lock_guard lock(mutex_);
  all_ = std::move(all);
}

class HolderStore::Begun final : public BegunChange {
 public:
  Begun(HolderStore& store, std::string name, ObjectChange change)
      : store_(store), name_(std::move(name)), change_(std::move(change)) {}
  ~Begun() override {
    if (!waited_) store_.objects_.delay(name_, std::move(change_));
  }
  Begun(const Begun&) = delete;
  Begun& operator=(const Begun&) = delete;

  ChangeEnd wait() override {
    waited_ = true;
    MemoryObjects& objects = store_.objects_;
    switch (store_.turn_(true)) {
      case Fate::kAnswered:
        return objects.apply(name_, change_);
      case Fate::kUnanswered:
        (void)objects.apply(name_, change_);
        return {.kind = Kind::kUnknown};
      case Fate::kLost:
        return {.kind = Kind::kUnknown};
      case Fate::kLate:
        objects.delay(name_, std::move(change_));
        return {.kind = Kind::kUnknown};
      case Fate::kRefused:
        return {.kind = Kind::kFailed, .failure = {ErrorCode::kIo, "no room", true}};
      case Fate::kRepeated: {
        (void)objects.apply(name_, change_);
        (void)store_.turn_(false);
        return objects.apply(name_, change_);
      }
    }
    return {};
  }

 private:
  HolderStore& store_;
  std::string name_;
  ObjectChange change_;
  bool waited_ = false;
};

std::unique_ptr<BegunChange> HolderStore::begin(const std::string& object, ObjectChange change) {
  return std::make_unique<Begun>(*this, object, std::move(change));
}

Result<std::size_t> HolderStore::read(const std::string& object, std::uint64_t offset,
                                      std::span<char> into) {
  (void)turn_(false);
  const auto found = objects_.find(object);
  if (!found) return no_object(object);
  if (offset >= found->bytes.size()) return std::size_t{0};
  return found->bytes.copy(into.data(), into.size(), offset);
}

Result<std::uint64_t> HolderStore::size(const std::string& object) {
  (void)turn_(false);
  const auto found = objects_.find(object);
  if (!found) return no_object(object);
  return std::uint64_t{found->bytes.size()};
}

Result<std::optional<ObjectEntries>> HolderStore::entries(const std::string& object) {
  (void)turn_(false);
  const auto found = objects_.find(object);
  if (!found) return std::optional<ObjectEntries>();
  return std::optional(ObjectEntries{found->epoch, found->entries});
}

}  // namespace anabranch::storage::test
