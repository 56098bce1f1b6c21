#include "tests/storage/wal/recorded_files.h"

#include <algorithm>
#include <utility>

#include "core/system_failure.h"

namespace anabranch::storage::test {

using core::Failure;
using core::Result;

namespace {

constexpr std::size_t kSector = 512;

std::string sector_of(const std::string& content, std::size_t sector) {
  std::string bytes(kSector, '\0');
  const std::size_t begin = sector * kSector;
  if (begin < content.size()) {
    const std::size_t size = std::min(kSector, content.size() - begin);
    std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(begin), size, bytes.begin());
  }
  return bytes;
}

void put_sector(std::string& content, std::size_t sector, const std::string& bytes) {
  const std::size_t begin = sector * kSector;
  if (begin >= content.size()) return;
  const std::size_t size = std::min(kSector, content.size() - begin);
  content.replace(begin, size, bytes, 0, size);
}

// The fate of unsynced things in one crash: some crashes lose nearly all, others nearly nothing.
class Fate {
 public:
  Fate(Survival survival, std::uint64_t seed) : survival_(survival), random_(seed) {
    constexpr std::uint64_t kChances[] = {10, 50, 90, 99};
    chance_ = kChances[random_() % std::size(kChances)];
  }
  bool keeps() {
    if (survival_ != Survival::kRandom) return survival_ == Survival::kAll;
    return random_() % 100 < chance_;
  }
  // Returns how much of a sector is new, from its begin.
  std::size_t torn(bool whole) {
    const bool tears = survival_ == Survival::kRandom && !whole && random_() % 4 == 0;
    if (!tears) return keeps() ? kSector : 0;
    return random_() % kSector;
  }

 private:
  Survival survival_;
  Random random_;
  std::uint64_t chance_;
};

}  // namespace

class RecordedFile final : public File {
 public:
  RecordedFile(RecordedFiles& disk, std::string name, std::shared_ptr<RecordedFiles::Node> node)
      : disk_(disk), name_(std::move(name)), node_(std::move(node)) {}

  Result<void> write(std::uint64_t offset, std::string_view bytes) override {
    const std::lock_guard guard(disk_.mutex_);
    auto begun = disk_.begin_call(DiskCall::kWrite, name_, offset, bytes);
    if (!begun.ok()) {  // Some of it may have been written.
      disk_.put(*node_, offset, bytes.substr(0, disk_.random_() % (bytes.size() + 1)));
      return begun;
    }
    disk_.put(*node_, offset, bytes);
    return {};
  }

  [[nodiscard]] Result<std::size_t> read(std::uint64_t offset,
                                         std::span<char> into) const override {
    const std::lock_guard guard(disk_.mutex_);
    if (disk_.is_cut() && disk_.reads_ == Reads::kFail) return Failure{ErrorCode::kIo, "no power"};
    if (offset >= node_->seen.size()) return std::size_t{0};
    const std::size_t size = std::min<std::size_t>(into.size(), node_->seen.size() - offset);
    std::copy_n(node_->seen.begin() + static_cast<std::ptrdiff_t>(offset), size, into.begin());
    disk_.read_bytes_ += size;
    return size;
  }

  [[nodiscard]] Result<std::uint64_t> size() const override {
    const std::lock_guard guard(disk_.mutex_);
    if (auto looked = disk_.look(DiskCall::kSize); !looked.ok()) return looked.failure();
    return std::uint64_t{node_->seen.size()};
  }

  [[nodiscard]] Result<std::uint64_t> names() const override {
    const std::lock_guard guard(disk_.mutex_);
    return std::uint64_t{node_->has_name ? 1U : 0U};
  }

  void begin_sync(std::uint64_t offset, std::uint64_t size) override {
    const std::lock_guard guard(disk_.mutex_);
    disk_.begun_.push_back({name_, offset, size});
  }

  Result<void> sync() override {
    if (disk_.before_sync_) disk_.before_sync_();
    const std::lock_guard guard(disk_.mutex_);
    auto begun = disk_.begin_call(DiskCall::kSync, name_);
    if (begun.ok()) {
      RecordedFiles::write_back(*node_);
    } else if (!disk_.is_cut()) {
      disk_.drop_dirty(*node_);
    }
    return begun;
  }

  Result<void> truncate(std::uint64_t size) override {
    const std::lock_guard guard(disk_.mutex_);
    auto begun = disk_.begin_call(DiskCall::kTruncate, name_, size);
    if (!begun.ok()) return begun;
    for (std::size_t at = size / kSector; at * kSector < node_->seen.size(); ++at) {
      node_->dirty.insert(at);
    }
    node_->size_dirty = true;
    node_->seen.resize(size);
    return {};
  }

 private:
  RecordedFiles& disk_;
  std::string name_;
  std::shared_ptr<RecordedFiles::Node> node_;
};

Result<void> RecordedFiles::begin_call(DiskCall call, const std::string& name, std::uint64_t offset,
                                       std::string_view bytes) {
  if (is_cut()) return Failure{ErrorCode::kIo, "no power"};
  ++calls_;
  if (keeps_journal_ == Journal::kKept) {
    journal_.push_back({call, name, offset, std::string(bytes)});
  }
  return look(call);
}

Result<void> RecordedFiles::look(DiskCall call) const {
  const std::lock_guard guard(mutex_);
  if (failing_.first != call || failing_.second == 0) return {};
  if (!lasts_ && --failing_.second > 0) return {};
  return Failure{ErrorCode::kIo, "the disk fails", core::may_pass(error_)};
}

void RecordedFiles::put(Node& node, std::uint64_t offset, std::string_view bytes) {
  if (bytes.empty()) return;
  if (offset + bytes.size() > node.seen.size()) {
    for (std::size_t at = node.seen.size() / kSector; at * kSector < offset; ++at) {
      node.dirty.insert(at);
    }
    node.seen.resize(offset + bytes.size());
    node.size_dirty = true;
  }
  node.seen.replace(offset, bytes.size(), bytes);
  for (std::size_t at = offset / kSector; at * kSector < offset + bytes.size(); ++at) {
    node.dirty.insert(at);
  }
}

void RecordedFiles::write_back(Node& node) {
  if (node.size_dirty) node.disk.resize(node.seen.size());
  for (const std::size_t sector : node.dirty) {
    // A size that an earlier failed sync lost comes with the bytes.
    const std::size_t end = std::min((sector + 1) * kSector, node.seen.size());
    if (node.disk.size() < end) node.disk.resize(end);
    put_sector(node.disk, sector, sector_of(node.seen, sector));
  }
  node.dirty.clear();
  node.size_dirty = false;
}

// A sync failed: some sectors came to the disk, the others never will.
void RecordedFiles::drop_dirty(Node& node) {
  if (node.size_dirty && random_() % 2 == 0) node.disk.resize(node.seen.size());
  for (const std::size_t sector : node.dirty) {
    if (random_() % 2 == 0) put_sector(node.disk, sector, sector_of(node.seen, sector));
  }
  node.dirty.clear();
  node.size_dirty = false;
}

Result<std::unique_ptr<File>> RecordedFiles::open(const std::string& name) {
  const std::lock_guard guard(mutex_);
  if (is_cut() && reads_ == Reads::kFail) return Failure{ErrorCode::kIo, "no power"};
  if (auto looked = look(DiskCall::kOpen); !looked.ok()) return looked.failure();
  const auto at = names_.find(name);
  if (at == names_.end()) return Failure{ErrorCode::kIo, "no file " + name};
  return std::unique_ptr<File>(std::make_unique<RecordedFile>(*this, name, at->second));
}

Result<std::unique_ptr<File>> RecordedFiles::create(const std::string& name) {
  const std::lock_guard guard(mutex_);
  if (auto begun = begin_call(DiskCall::kCreate, name); !begun.ok()) return begun.failure();
  if (names_.contains(name)) return Failure{ErrorCode::kIo, "there is a file " + name};
  change_name({{}, name, std::make_shared<Node>()});
  return std::unique_ptr<File>(std::make_unique<RecordedFile>(*this, name, names_.at(name)));
}

Result<void> RecordedFiles::rename(const std::string& from, const std::string& to) {
  const std::lock_guard guard(mutex_);
  if (auto begun = begin_call(DiskCall::kRename, to); !begun.ok()) return begun;
  if (!names_.contains(from)) return Failure{ErrorCode::kIo, "no file " + from};
  change_name({from, to, names_.at(from)});
  return {};
}

Result<void> RecordedFiles::remove(const std::string& name) {
  const std::lock_guard guard(mutex_);
  if (auto begun = begin_call(DiskCall::kRemove, name); !begun.ok()) return begun;
  if (!names_.contains(name)) return Failure{ErrorCode::kIo, "no file " + name};
  change_name({name, {}, names_.at(name)});
  return {};
}

Result<bool> RecordedFiles::has(const std::string& name) const {
  const std::lock_guard guard(mutex_);
  return names_.contains(name);
}

Result<std::vector<std::string>> RecordedFiles::list() const {
  const std::lock_guard guard(mutex_);
  if (is_cut()) return Failure{ErrorCode::kIo, "no power"};
  std::vector<std::string> names;
  for (const auto& [name, node] : names_) names.push_back(name);
  return names;
}

Result<void> RecordedFiles::sync_folder() {
  const std::lock_guard guard(mutex_);
  if (auto begun = begin_call(DiskCall::kSyncFolder, {}); !begun.ok()) return begun;
  for (const NameChange& change : name_changes_) apply(change, disk_names_);
  name_changes_.clear();
  return {};
}

void RecordedFiles::sync_names_in(const std::string& folder) {
  const std::lock_guard guard(mutex_);
  if (auto begun = begin_call(DiskCall::kSyncFolder, folder); !begun.ok()) return;
  std::erase_if(name_changes_, [&](const NameChange& change) {
    // The name of a folder ends with a slash, which does not count.
    std::string name = change.to.empty() ? change.from : change.to;
    if (name.ends_with('/')) name.pop_back();
    const std::size_t slash = name.rfind('/');
    if (name.substr(0, slash == std::string::npos ? 0 : slash) != folder) return false;
    apply(change, disk_names_);
    return true;
  });
}

// A name leads to the file that it was given to, whichever of the changes before it were lost.
void RecordedFiles::apply(const NameChange& change, Names& names) {
  const auto at = names.find(change.from);
  if (at != names.end() && at->second == change.node) names.erase(at);
  if (!change.to.empty()) names[change.to] = change.node;
}

// A file has one name, or none any more.
void RecordedFiles::change_name(NameChange change) {
  const auto lost = names_.find(change.to.empty() ? change.from : change.to);
  if (lost != names_.end()) lost->second->has_name = false;
  apply(change, names_);
  change.node->has_name = !change.to.empty();
  name_changes_.push_back(std::move(change));
}

std::unique_ptr<RecordedFiles> RecordedFiles::image(Survival survival, std::uint64_t seed) const {
  const std::lock_guard guard(mutex_);
  Fate fate(survival, seed);
  Names names = disk_names_;
  for (const NameChange& change : name_changes_) {
    if (fate.keeps()) apply(change, names);
  }
  auto made = std::make_unique<RecordedFiles>(seed, keeps_journal_);
  made->whole_ = whole_;
  for (const auto& [name, node] : names) {
    const bool is_whole = !whole_.empty() && name.ends_with(whole_);
    auto copy = std::make_shared<Node>();
    copy->disk = node->disk;
    if (node->size_dirty && fate.keeps()) copy->disk.resize(node->seen.size());
    for (const std::size_t sector : node->dirty) {
      std::string bytes = sector_of(copy->disk, sector);
      const std::size_t torn = fate.torn(is_whole);
      bytes.replace(0, torn, sector_of(node->seen, sector), 0, torn);
      put_sector(copy->disk, sector, bytes);
    }
    copy->seen = copy->disk;
    copy->has_name = true;
    made->names_.emplace(name, copy);
  }
  made->disk_names_ = made->names_;
  return made;
}

std::unique_ptr<RecordedFiles> RecordedFiles::clone() const {
  const std::lock_guard guard(mutex_);
  auto made = std::make_unique<RecordedFiles>(1, keeps_journal_);
  made->random_ = random_;
  made->whole_ = whole_;
  std::map<const Node*, std::shared_ptr<Node>> copies;
  const auto copy = [&](const std::shared_ptr<Node>& node) {
    std::shared_ptr<Node>& copied = copies[node.get()];
    if (!copied) copied = std::make_shared<Node>(*node);
    return copied;
  };
  for (const auto& [name, node] : names_) made->names_.emplace(name, copy(node));
  for (const auto& [name, node] : disk_names_) made->disk_names_.emplace(name, copy(node));
  for (const NameChange& change : name_changes_) {
    made->name_changes_.push_back({change.from, change.to, copy(change.node)});
  }
  return made;
}

void RecordedFiles::flip(const std::string& name, std::size_t offset, std::uint8_t bits) {
  const std::lock_guard guard(mutex_);
  Node& node = *names_.at(name);
  for (std::string* const content : {&node.seen, &node.disk}) {
    if (offset >= content->size()) continue;
    (*content)[offset] = static_cast<char>((*content)[offset] ^ static_cast<char>(bits));
  }
}

std::string& RecordedFiles::content(const std::string& name) { return names_.at(name)->seen; }
const std::string& RecordedFiles::content(const std::string& name) const {
  return names_.at(name)->seen;
}

}  // namespace anabranch::storage::test
