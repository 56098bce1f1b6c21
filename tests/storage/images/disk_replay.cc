#include "tests/storage/images/disk_replay.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace anabranch::storage::test {
namespace {

// LMDB's tables: the pages with the newest state have no checksum, and lie in one sector each.
constexpr std::string_view kTables = "data.mdb";

// The replay has neither limits nor faults, so a call that fails is none that could be recorded.
void must(const core::Result<void>& done) {
  if (!done.ok()) throw std::runtime_error{"a call cannot be repeated: " + done.failure().message};
}

}  // namespace

DiskReplay::DiskReplay() : disk_(std::make_unique<RecordedFiles>(1, Journal::kNone)) {
  disk_->never_tear(std::string(kTables));
}

void DiskReplay::apply(const SystemCall& call) {
  using Kind = SystemCall::Kind;
  switch (call.kind) {
    case Kind::kOpen:
    case Kind::kCreate: {
      auto file = call.kind == Kind::kOpen ? disk_->open(call.name) : disk_->create(call.name);
      if (!file.ok()) throw std::runtime_error{file.failure().message};
      if (call.file != 0) open_[call.file] = std::move(file).value();
      return;
    }
    case Kind::kWrite:
      return must(open_.at(call.file)->write(call.offset, call.bytes));
    case Kind::kSync:
      return must(open_.at(call.file)->sync());
    case Kind::kTruncate:
      return must(open_.at(call.file)->truncate(call.offset));
    case Kind::kRename:
      return must(disk_->rename(call.name, call.to));
    case Kind::kRemove:
      return must(disk_->remove(call.name));
    case Kind::kSyncFolder:
      return disk_->sync_names_in(call.name);
    case Kind::kNote:
      return;
  }
}

std::unique_ptr<RecordedFiles> DiskReplay::image(Survival survival, std::uint64_t seed) const {
  auto image = disk_->image(survival, seed);
  const std::vector<std::string> names = image->list().value();
  std::set<std::string> folders;           // That are there.
  for (const std::string& name : names) {  // Sorted: a folder comes before what is in it.
    const std::size_t end = name.find_last_not_of('/');
    const std::size_t slash = name.rfind('/', end);
    if (slash != std::string::npos && !folders.contains(name.substr(0, slash + 1))) {
      must(image->remove(name));
    } else if (name.ends_with('/')) {
      folders.insert(name);
    }
  }
  must(image->sync_folder());
  return image;
}

void write_files(const RecordedFiles& disk, const std::string& folder) {
  namespace fs = std::filesystem;
  fs::create_directory(folder);
  const std::vector<std::string> names = disk.list().value();
  for (const std::string& name : names) {  // Sorted: a folder comes before what is in it.
    const std::string path = folder + '/' + name;
    if (name.ends_with('/')) {
      fs::create_directory(path);
      continue;
    }
    std::ofstream file(path, std::ios::binary);
    file << disk.content(name);
    file.close();
    if (!file) throw std::runtime_error{"cannot write " + path};
  }
}

}  // namespace anabranch::storage::test
