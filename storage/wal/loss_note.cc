#include "storage/wal/loss_note.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "core/hash.h"
#include "core/text.h"

namespace anabranch::storage {

using core::Result;

namespace {

constexpr const char* kNote = "commits-missing";
// The note until it is on disk.
constexpr const char* kNewNote = "commits-missing-new";
constexpr std::string_view kLossPrefix = "damaged-loss-";

bool is_segment_set_aside(std::string_view name) {
  return name.starts_with(kSetAsidePrefix) && !name.starts_with(kLossPrefix);
}

Result<bool> has(const Files& files, std::string_view name) {
  const auto names = files.list();
  if (!names.ok()) return names.failure();
  return std::ranges::count(names.value(), name) > 0;
}

Result<void> remove_if_there(Files& files, const char* name) {
  const auto there = has(files, name);
  if (!there.ok()) return there.failure();
  return there.value() ? files.remove(name) : Result<void>();
}

Result<std::string> read_all(Files& files, const std::string& name) {
  auto file = files.open(name);
  if (!file.ok()) return file.failure();
  const auto size = file.value()->size();
  if (!size.ok()) return size.failure();
  std::string bytes(size.value(), '\0');
  const auto got = file.value()->read(0, bytes);
  if (!got.ok()) return got.failure();
  bytes.resize(got.value());
  return bytes;
}

}  // namespace

Result<std::vector<LogLoss>> noted_losses(Files& files) {
  const auto noted = has(files, kNote);
  if (!noted.ok()) return noted.failure();
  if (!noted.value()) return std::vector<LogLoss>();
  const auto bytes = read_all(files, kNote);
  if (!bytes.ok()) return bytes.failure();
  auto losses = decode_losses(bytes.value());
  return losses.ok() ? std::move(losses) : std::vector<LogLoss>{LogLoss{}};
}

Result<void> note_losses(Files& files, const std::vector<LogLoss>& losses) {
  if (auto removed = remove_if_there(files, kNewNote); !removed.ok()) return removed;
  auto file = files.create(kNewNote);
  if (!file.ok()) return file.failure();
  if (auto written = file.value()->write(0, encode_losses(losses)); !written.ok()) return written;
  if (auto synced = file.value()->sync(); !synced.ok()) return synced;
  if (auto named = files.rename(kNewNote, kNote); !named.ok()) return named;
  return files.sync_folder();
}

// Without the sync a loss of power would bring the note of a loss again that has ended since.
Result<void> forget_losses(Files& files) {
  const auto there = has(files, kNote);
  if (!there.ok()) return there.failure();
  if (!there.value()) return {};
  if (auto removed = files.remove(kNote); !removed.ok()) return removed;
  auto synced = files.sync_folder();
  if (synced.ok()) return synced;
  core::Failure failed = synced.failure();
  failed.passes = false;
  return failed;
}

Result<void> note_set_aside(Files& files, const std::vector<LogLoss>& losses) {
  for (const LogLoss& loss : losses) {
    const std::string bytes = encode_losses({loss});
    const std::string name = std::string(kLossPrefix) + core::to_hex(core::checksum64(bytes));
    if (auto removed = remove_if_there(files, name.c_str()); !removed.ok()) return removed;
    auto file = files.create(name);
    if (!file.ok()) return file.failure();
    if (auto written = file.value()->write(0, bytes); !written.ok()) return written;
    if (auto synced = file.value()->sync(); !synced.ok()) return synced;
  }
  return {};
}

Result<std::vector<LogLoss>> losses_set_aside(Files& files) {
  const auto names = files.list();
  if (!names.ok()) return names.failure();
  std::vector<LogLoss> losses;
  std::set<std::string> told;
  for (const std::string& name : names.value()) {
    if (!name.starts_with(kLossPrefix)) continue;
    const auto bytes = read_all(files, name);
    if (!bytes.ok()) return bytes.failure();
    auto noted = decode_losses(bytes.value());
    if (!noted.ok()) continue;  // An opening was killed while it wrote that: another one tells.
    for (LogLoss& loss : noted.value()) {
      told.insert(loss.files.begin(), loss.files.end());
      losses.push_back(std::move(loss));
    }
  }
  std::ranges::stable_sort(losses, {}, &LogLoss::first);
  for (const std::string& name : names.value()) {
    if (!is_segment_set_aside(name)) continue;
    const std::string segment = name.substr(kSetAsidePrefix.size());
    if (told.contains(segment)) continue;
    losses.push_back(LogLoss{.files = {segment}});
  }
  return losses;
}

Result<std::uint64_t> bytes_set_aside(Files& files) {
  const auto names = files.list();
  if (!names.ok()) return names.failure();
  std::uint64_t bytes = 0;
  for (const std::string& name : names.value()) {
    if (!name.starts_with(kSetAsidePrefix)) continue;
    auto file = files.open(name);
    if (!file.ok()) return file.failure();
    const auto size = file.value()->size();
    if (!size.ok()) return size.failure();
    bytes += size.value();
  }
  return bytes;
}

Result<void> remove_set_aside(Files& files) {
  const auto names = files.list();
  if (!names.ok()) return names.failure();
  for (const std::string& name : names.value()) {
    if (!name.starts_with(kSetAsidePrefix)) continue;
    if (auto removed = files.remove(name); !removed.ok()) return removed;
  }
  return {};
}

}  // namespace anabranch::storage
