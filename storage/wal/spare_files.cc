#include "storage/wal/spare_files.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace anabranch::storage {

using core::Result;

namespace {

constexpr std::string_view kSpareName = "spare-";

}  // namespace

Result<void> fill_with_zeros(const Files& files, File& file, std::uint64_t bytes) {
  if (!files.gains_by_filling()) return {};
  constexpr std::uint64_t kPiece = std::uint64_t{1} << 20U;
  const std::string zeros(std::min(bytes, kPiece), '\0');
  for (std::uint64_t at = 0; at < bytes; at += zeros.size()) {
    const auto piece = std::string_view(zeros).substr(0, std::min(kPiece, bytes - at));
    if (auto written = file.write(at, piece); !written.ok()) return written;
  }
  return {};
}

Result<void> SpareFiles::fill(File& file, std::uint64_t bytes) const {
  auto filled = fill_with_zeros(files_, file, bytes);
  return filled.ok() ? file.sync() : filled;
}

bool SpareFiles::is_name(std::string_view name) { return name.starts_with(kSpareName); }

Result<void> SpareFiles::find() {
  const auto names = files_.list();
  if (!names.ok()) return names.failure();
  for (const std::string& name : names.value()) {
    if (!is_name(name)) continue;
    std::uint64_t number = 0;
    std::from_chars(name.data() + kSpareName.size(), name.data() + name.size(), number);
    last_ = std::max(last_, number);
    const auto file = files_.open(name);
    if (!file.ok()) return file.failure();
    const auto size = file.value()->size();
    if (!size.ok()) return size.failure();
    if (wants(size.value())) {
      names_.push_back(name);
    } else if (auto removed = files_.remove(name); !removed.ok()) {
      return removed;
    }
  }
  return {};
}

Result<void> SpareFiles::clear() {
  for (; !names_.empty(); names_.pop_back()) {
    if (auto removed = files_.remove(names_.back()); !removed.ok()) return removed;
  }
  return {};
}

std::string SpareFiles::next_name() { return std::string(kSpareName) + std::to_string(++last_); }

Result<std::unique_ptr<File>> SpareFiles::make(const std::string& name) const {
  auto file = files_.create(name);
  if (!file.ok()) return file;
  if (auto filled = fill(*file.value(), bytes_); !filled.ok()) return filled.failure();
  return file;
}

Result<SpareFile> SpareFiles::take_spare() {
  auto file = files_.open(names_.back());
  if (!file.ok()) return file.failure();
  SpareFile spare{std::move(names_.back()), std::move(file).value(), bytes_};
  names_.pop_back();
  return spare;
}

Result<SpareFile> SpareFiles::take_new(const std::vector<std::uint64_t>& rooms) {
  Result<void> filled;
  for (const std::uint64_t room : rooms) {
    SpareFile spare{next_name(), nullptr, room};
    auto file = files_.create(spare.name);
    if (!file.ok()) return file.failure();
    spare.file = std::move(file).value();
    filled = fill(*spare.file, room);
    cramped_ = !filled.ok();
    if (filled.ok()) return spare;
    spare.file.reset();
    (void)files_.remove(spare.name);  // Frees the room that it took; the next opening removes it.
    if (!filled.failure().passes) break;
  }
  return filled.failure();
}

void SpareFiles::put_back(const SpareFile& spare) {
  if (spare.room == bytes_) return add(spare.name);
  (void)files_.remove(spare.name);  // The next opening removes it else.
}

Result<SpareFile> SpareFiles::take(std::uint64_t bytes) {
  const bool usual = bytes <= bytes_;
  if (usual && !names_.empty()) return take_spare();
  std::vector<std::uint64_t> rooms;
  if (usual && !cramped_ && has_room()) rooms.push_back(bytes_);
  for (const std::uint64_t room : {std::max(std::min(bytes_, kSmallBytes), bytes), bytes}) {
    if (rooms.empty() || room < rooms.back()) rooms.push_back(room);
  }
  return take_new(rooms);
}

}  // namespace anabranch::storage
