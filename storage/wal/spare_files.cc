#include "storage/wal/spare_files.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace anabranch::storage {

using core::Result;

namespace {

constexpr std::string_view kSpareName = "spare-";

}  // namespace

Result<void> fill_with_zeros(File& file, std::uint64_t bytes) {
  constexpr std::uint64_t kPiece = std::uint64_t{1} << 20U;
  const std::string zeros(std::min(bytes, kPiece), '\0');
  for (std::uint64_t at = 0; at < bytes; at += zeros.size()) {
    const auto piece = std::string_view(zeros).substr(0, std::min(kPiece, bytes - at));
    if (auto written = file.write(at, piece); !written.ok()) return written;
  }
  return {};
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
  if (auto filled = fill_with_zeros(*file.value(), bytes_); !filled.ok()) return filled.failure();
  if (auto synced = file.value()->sync(); !synced.ok()) return synced.failure();
  return file;
}

Result<SpareFile> SpareFiles::take(std::uint64_t bytes) {
  SpareFile spare;
  const bool usual = bytes <= bytes_;
  if (usual && !names_.empty()) {
    spare.name = std::move(names_.back());
    names_.pop_back();
    auto file = files_.open(spare.name);
    if (!file.ok()) return file.failure();
    spare.file = std::move(file).value();
    return spare;
  }
  spare.name = next_name();
  if (usual && has_room()) {
    auto filled = make(spare.name);
    if (filled.ok()) {
      spare.file = std::move(filled).value();
      return spare;
    }
    (void)files_.remove(spare.name);  // Frees the room that it took.
    spare.name = next_name();
  }
  auto file = files_.create(spare.name);
  if (!file.ok()) return file.failure();
  spare.file = std::move(file).value();
  return spare;
}

}  // namespace anabranch::storage
