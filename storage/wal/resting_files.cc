#include "storage/wal/resting_files.h"

#include <algorithm>
#include <atomic>

namespace anabranch::storage {

using core::Result;

// Its own mutex is taken after that of its folder.
class RestingFile final : public File {
 public:
  // `kept` is the file itself; null: it rests, and has so many bytes.
  RestingFile(RestingFiles& files, std::string name, std::shared_ptr<File> kept, std::uint64_t size)
      : files_(files),
        name_(std::move(name)),
        kept_(std::move(kept)),
        written_(kept_.get()),
        size_(size) {}
  ~RestingFile() override { files_.forget(*this); }
  RestingFile(const RestingFile&) = delete;
  RestingFile& operator=(const RestingFile&) = delete;

  Result<void> write(std::uint64_t offset, std::string_view bytes) override {
    if (File* const file = written_.load()) return file->write(offset, bytes);
    const auto file = keep();
    return file.ok() ? file.value()->write(offset, bytes) : file.failure();
  }
  [[nodiscard]] Result<std::size_t> read(std::uint64_t offset,
                                         std::span<char> into) const override {
    if (const auto file = kept()) return file->read(offset, into);
    const auto file = files_.reading(*this);
    if (!file.ok()) return file.failure();
    return file.value()->read(offset, into);
  }
  [[nodiscard]] Result<std::uint64_t> size() const override {
    const std::lock_guard lock(mutex_);
    return kept_ ? kept_->size() : size_;
  }
  Result<void> sync() override {
    if (File* const file = written_.load()) return file->sync();
    const auto file = keep();
    return file.ok() ? file.value()->sync() : file.failure();
  }
  void begin_sync(std::uint64_t offset, std::uint64_t size) override {
    if (File* const file = written_.load()) file->begin_sync(offset, size);
  }
  Result<void> truncate(std::uint64_t size) override {
    const auto file = keep();
    return file.ok() ? file.value()->truncate(size) : file.failure();
  }
  [[nodiscard]] Result<std::uint64_t> names() const override {
    if (File* const file = written_.load()) return file->names();
    const auto file = files_.reading(*this);
    return file.ok() ? file.value()->names() : file.failure();
  }
  void rest() override {
    std::shared_ptr<File> file;
    {
      const std::lock_guard lock(mutex_);
      if (!kept_) return;
      const auto size = kept_->size();
      if (!size.ok()) return;
      size_ = size.value();
      file.swap(kept_);
      written_ = nullptr;
    }
    const std::lock_guard lock(files_.mutex_);
    files_.keep(*this, std::move(file));
  }

  // Returns the file if it keeps its descriptor, else null.
  [[nodiscard]] std::shared_ptr<File> kept() const {
    const std::lock_guard lock(mutex_);
    return kept_;
  }
  // Has it keep its descriptor.
  RestingFiles::Opened keep() {
    const std::lock_guard lock(mutex_);
    if (kept_) return kept_;
    auto opened = files_.below_->open(name_);
    if (!opened.ok()) return opened.failure();
    kept_ = std::move(opened).value();
    written_ = kept_.get();
    return kept_;
  }
  [[nodiscard]] std::string name() const {
    const std::lock_guard lock(mutex_);
    return name_;
  }
  void set_name(const std::string& name) {
    const std::lock_guard lock(mutex_);
    name_ = name;
  }

 private:
  RestingFiles& files_;
  mutable std::mutex mutex_;
  std::string name_;
  std::shared_ptr<File> kept_;
  // The same, for calls that rest() is never beside: a lock less for each commit.
  std::atomic<File*> written_;
  std::uint64_t size_;  // While it rests.
};

RestingFiles::RestingFiles(std::unique_ptr<Files> below) : below_(std::move(below)) {}
RestingFiles::~RestingFiles() = default;

Result<std::unique_ptr<File>> RestingFiles::open(const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto opened = open_below(name);
  if (!opened.ok()) return opened.failure();
  auto file = std::make_unique<RestingFile>(*this, name, std::move(opened).value(), 0);
  all_.emplace(name, file.get());
  return std::unique_ptr<File>(std::move(file));
}

Result<std::unique_ptr<File>> RestingFiles::create(const std::string& name) {
  auto made = below_->create(name);
  if (!made.ok()) return made;
  auto file = std::make_unique<RestingFile>(*this, name, std::move(made).value(), 0);
  const std::lock_guard lock(mutex_);
  all_.emplace(name, file.get());
  return std::unique_ptr<File>(std::move(file));
}

Result<void> RestingFiles::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  if (auto held = hold(to); !held.ok()) return held;
  if (auto renamed = below_->rename(from, to); !renamed.ok()) return renamed;
  if (from != to) name_anew(from, to);
  return {};
}

Result<void> RestingFiles::remove(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (auto held = hold(name); !held.ok()) return held;
  return below_->remove(name);
}

Result<void> RestingFiles::hold(const std::string& name) {
  const auto [begin, end] = all_.equal_range(name);
  for (auto at = begin; at != end; ++at) {
    if (auto kept = at->second->keep(); !kept.ok()) return kept.failure();
  }
  return {};
}

void RestingFiles::name_anew(const std::string& from, const std::string& to) {
  while (true) {
    auto moved = all_.extract(from);
    if (moved.empty()) return;
    moved.mapped()->set_name(to);
    moved.key() = to;
    all_.insert(std::move(moved));
  }
}

RestingFiles::Opened RestingFiles::reading(const RestingFile& file) {
  const std::lock_guard lock(mutex_);
  if (auto kept = file.kept()) return kept;  // Meanwhile.
  const auto found =
      std::ranges::find(read_last_, &file, [](const auto& each) { return each.first; });
  if (found != read_last_.end()) {
    std::rotate(found, std::next(found), read_last_.end());
    return read_last_.back().second;
  }
  auto opened = open_below(file.name());
  if (opened.ok()) keep(file, opened.value());
  return opened;
}

RestingFiles::Opened RestingFiles::open_below(const std::string& name) {
  auto opened = below_->open(name);
  while (!opened.ok() && !read_last_.empty()) {
    read_last_.erase(read_last_.begin());
    opened = below_->open(name);
  }
  if (!opened.ok()) return opened.failure();
  return std::shared_ptr<File>(std::move(opened).value());
}

void RestingFiles::keep(const RestingFile& file, std::shared_ptr<File> opened) {
  if (read_last_.size() >= kOpenMax) read_last_.erase(read_last_.begin());
  read_last_.emplace_back(&file, std::move(opened));
}

void RestingFiles::forget(const RestingFile& file) {
  const std::lock_guard lock(mutex_);
  const auto [begin, end] = all_.equal_range(file.name());
  const auto at = std::find_if(begin, end, [&](const auto& each) { return each.second == &file; });
  if (at != end) all_.erase(at);
  std::erase_if(read_last_, [&](const auto& each) { return each.first == &file; });
}

}  // namespace anabranch::storage
