#include "storage/shared/shared_files.h"

#include <limits>
#include <optional>
#include <utility>

#include "core/planted_bug.h"
#include "core/text.h"
#include "storage/shared/shared_object.h"

namespace anabranch::storage {

using core::Bug;
using core::Failure;
using core::planted;
using core::Result;
using Kind = ChangeEnd::Kind;

namespace {

constexpr std::string_view kSharedFormatKey = "!format";
constexpr std::string_view kSharedFormat = "1";
constexpr std::string_view kSharedIdKey = "!id";
constexpr std::string_view kNamePrefix = "f/";
constexpr int kTakesMax = 16;  // Each that fails was quicker for another process.

std::string name_key(const std::string& name) { return std::string(kNamePrefix) + name; }

Failure no_file(const std::string& verb, const std::string& name) {
  return {ErrorCode::kIo, "cannot " + verb + ' ' + name + ": the log has no file of this name"};
}

}  // namespace

class SharedFiles::OpenFile final : public File {
 public:
  explicit OpenFile(std::shared_ptr<SharedObject> object) : object_(std::move(object)) {}

  Result<void> write(std::uint64_t offset, std::string_view bytes) override {
    return object_->write(offset, bytes);
  }
  [[nodiscard]] Result<std::size_t> read(std::uint64_t offset,
                                         std::span<char> into) const override {
    return object_->read(offset, into);
  }
  [[nodiscard]] Result<std::uint64_t> size() const override { return object_->size(); }
  Result<void> sync() override { return object_->finish(); }
  Result<void> truncate(std::uint64_t size) override { return object_->truncate(size); }
  [[nodiscard]] Result<std::uint64_t> names() const override {
    return std::uint64_t{object_->has_name() ? 1U : 0U};
  }
  void rest() override { object_->forget_image(); }

 private:
  const std::shared_ptr<SharedObject> object_;
};

Result<std::unique_ptr<SharedFiles>> SharedFiles::take(ObjectStore& store, const std::string& log,
                                                       const std::string& fresh) {
  std::unique_ptr<SharedFiles> files(new SharedFiles(store, log));
  if (auto raised = files->raise(fresh); !raised.ok()) return raised.failure();
  if (auto looked = files->look(); !looked.ok()) return looked.failure();
  if (planted(Bug::kReadUnsealed)) return files;
  if (auto sealed = files->seal(); !sealed.ok()) return sealed.failure();
  return files;
}

Result<void> SharedFiles::raise(const std::string& fresh) {
  for (int i = 0; i < kTakesMax; ++i) {
    const auto found = store_.entries(dir_);
    if (!found.ok()) return found.failure();
    ObjectChange change;
    if (const auto& dir = found.value()) {
      const auto format = dir->entries.find(std::string(kSharedFormatKey));
      if (format == dir->entries.end() || format->second != kSharedFormat) {
        return core::corrupt("the log " + log_ + " has a format that this version does not know");
      }
      change.than = dir->epoch;
    } else {
      change.condition = ObjectChange::If::kAbsent;
      change.entries = {{std::string(kSharedFormatKey), std::string(kSharedFormat)},
                        {std::string(kSharedIdKey), fresh}};
    }
    change.epoch = epoch_ = change.than + 1;
    const ChangeEnd end = store_.make(dir_, std::move(change));
    if (end.done()) return {};
    if (end.kind != Kind::kRefused && end.kind != Kind::kAbsent) {
      return failure_of(end, "take", log_);
    }
  }
  return Failure{ErrorCode::kBusy, "cannot take " + log_ + ": others take it again and again",
                 true};
}

Result<void> SharedFiles::look() {
  const auto found = store_.entries(dir_);
  if (!found.ok()) return found.failure();
  if (!found.value() || found.value()->epoch != epoch_) {
    return failure_of({.kind = Kind::kRefused}, "take", log_);
  }
  for (const auto& [key, value] : found.value()->entries) {
    if (key == kSharedIdKey) id_ = value;
    if (!key.starts_with(kNamePrefix)) continue;
    const std::string name = key.substr(kNamePrefix.size());
    names_[name] =
        std::make_shared<SharedObject>(store_, value, epoch_, SharedObject::Image::kNone);
  }
  return {};
}

Result<void> SharedFiles::seal() {
  std::map<std::string, std::unique_ptr<BegunChange>> begun;
  for (const auto& [name, object] : names_) {
    ObjectChange change{.condition = ObjectChange::If::kEpochBelow, .than = epoch_};
    if (planted(Bug::kSealAny)) change.than = std::numeric_limits<std::uint64_t>::max();
    change.epoch = epoch_;
    begun[name] = store_.begin(object->name(), std::move(change));
  }
  std::map<std::string, std::optional<std::string>> bare;
  for (const auto& [name, change] : begun) {
    const ChangeEnd end = change->wait();
    if (end.kind == Kind::kAbsent) {
      bare[name_key(name)] = std::nullopt;
      names_.erase(name);
    } else if (!end.done()) {
      return failure_of(end, "take", name);
    }
  }
  // A file whose object is gone is missing in the log: its opening judges that.
  return bare.empty() ? Result<void>() : change_names(std::move(bare), "take");
}

Result<void> SharedFiles::change_names(std::map<std::string, std::optional<std::string>> entries,
                                       const std::string& verb) {
  ObjectChange change{.than = epoch_};
  if (planted(Bug::kNameUnfenced)) {
    change.condition = ObjectChange::If::kEpochBelow;
    change.than = std::numeric_limits<std::uint64_t>::max();
  }
  change.entries = std::move(entries);
  const ChangeEnd end = store_.make(dir_, std::move(change));
  return end.done() ? Result<void>() : failure_of(end, verb, log_);
}

std::string SharedFiles::next_object() {
  const std::uint64_t epoch = planted(Bug::kRepeatObjects) ? 0 : epoch_;
  return log_ + '/' + core::to_hex(epoch) + '.' + std::to_string(++made_);
}

Result<std::shared_ptr<SharedObject>> SharedFiles::named(const std::string& name,
                                                         const std::string& verb) const {
  const std::lock_guard lock(mutex_);
  const auto at = names_.find(name);
  if (at == names_.end()) return no_file(verb, name);
  return at->second;
}

Result<std::unique_ptr<File>> SharedFiles::open(const std::string& name) {
  auto object = named(name, "open");
  if (!object.ok()) return object.failure();
  return std::unique_ptr<File>(std::make_unique<OpenFile>(std::move(object).value()));
}

Result<std::unique_ptr<File>> SharedFiles::create(const std::string& name) {
  if (named(name, "create").ok()) {
    return Failure{ErrorCode::kIo, "cannot create " + name + ": the log has it"};
  }
  if (planted(Bug::kReadUnsealed) && made_ == 0) (void)seal();
  const std::string object_name = next_object();
  ObjectChange change{.condition = ObjectChange::If::kAbsent};
  change.epoch = epoch_;
  const ChangeEnd end = store_.make(object_name, std::move(change));
  if (!end.done()) return failure_of(end, "create", name);
  auto object =
      std::make_shared<SharedObject>(store_, object_name, epoch_, SharedObject::Image::kKept);
  if (auto changed = change_names({{name_key(name), object_name}}, "create"); !changed.ok()) {
    return changed.failure();
  }
  const std::lock_guard lock(mutex_);
  names_[name] = object;
  return std::unique_ptr<File>(std::make_unique<OpenFile>(std::move(object)));
}

Result<void> SharedFiles::rename(const std::string& from, const std::string& to) {
  const auto object = named(from, "rename");
  if (!object.ok()) return object.failure();
  auto changed = change_names(
      {{name_key(from), std::nullopt}, {name_key(to), object.value()->name()}}, "rename");
  if (!changed.ok()) return changed;
  std::shared_ptr<SharedObject> replaced;  // Its object goes behind the lock.
  const std::lock_guard lock(mutex_);
  names_.erase(from);
  replaced = std::exchange(names_[to], object.value());
  if (replaced) replaced->lose_name();
  return {};
}

Result<void> SharedFiles::remove(const std::string& name) {
  auto object = named(name, "remove");
  if (!object.ok()) return object.failure();
  auto changed = change_names({{name_key(name), std::nullopt}}, "remove");
  if (!changed.ok()) return changed;
  object.value()->lose_name();
  const std::lock_guard lock(mutex_);
  names_.erase(name);
  return {};
}

Result<std::vector<std::string>> SharedFiles::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, object] : names_) names.push_back(name);
  return names;
}

Result<bool> SharedFiles::has(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return names_.contains(name);
}

}  // namespace anabranch::storage
