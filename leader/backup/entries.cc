#include "leader/backup/entries.h"

#include <utility>

#include "core/varint.h"

namespace anabranch::leader {

using core::Failure;
using core::Result;

namespace {

constexpr std::size_t kNumber = sizeof(std::uint64_t);

}  // namespace

PartWriter::PartWriter(std::string folder, std::string_view part, Manifest& manifest,
                       transport::Compressor& compressor)
    : folder_(std::move(folder)),
      manifest_(manifest),
      compressor_(compressor),
      next_({.part = std::string(part), .number = 1}) {}

Result<bool> PartWriter::add(std::string_view key, std::string_view value) {
  core::put_bytes(block_, key);
  core::put_bytes(block_, value);
  ++next_.entries;
  if (block_.size() < kBlockBytes) return false;
  if (auto written = write_block(); !written.ok()) return written.failure();
  return true;
}

Result<void> PartWriter::finish() {
  if (!block_.empty()) {
    if (auto written = write_block(); !written.ok()) return written;
  }
  return file_ ? end_file() : Result<void>();
}

Result<void> PartWriter::write_block() {
  if (!file_) {
    auto created = BlockWriter::create(folder_, next_.name(), compressor_);
    if (!created.ok()) return created.failure();
    file_.emplace(std::move(created).value());
  }
  if (auto added = file_->add(block_); !added.ok()) return added;
  raw_bytes_ += block_.size();
  block_.clear();
  if (block_.capacity() > 2 * kBlockBytes) std::string().swap(block_);
  return raw_bytes_ < kFileBytes ? Result<void>() : end_file();
}

Result<void> PartWriter::end_file() {
  if (auto done = file_->finish(); !done.ok()) return done;
  next_.bytes = file_->size();
  next_.checksum = file_->checksum();
  manifest_.files.push_back(next_);
  file_.reset();
  raw_bytes_ = 0;
  next_ = {.part = next_.part, .number = next_.number + 1};
  return {};
}

FileEntries::FileEntries(std::string folder, const BackupFile& file)
    : folder_(std::move(folder)), file_(file) {}

Failure FileEntries::failed(const Failure& failure) const {
  return {failure.code, file_.name() + ": " + failure.message};
}

Result<bool> FileEntries::next_block() {
  if (!reader_) {
    auto opened = BlockReader::open(folder_, file_.name());
    if (!opened.ok()) return core::corrupt(file_.name() + ": " + opened.failure().message);
    reader_.emplace(std::move(opened).value());
    if (reader_->size() != file_.bytes) {
      return failed(core::corrupt("it has " + std::to_string(reader_->size()) +
                                  " bytes instead of " + std::to_string(file_.bytes)));
    }
  }
  const Result<bool> more = reader_->next();
  if (!more.ok()) return failed(more.failure());
  rest_ = reader_->content();
  if (more.value()) return true;
  if (reader_->checksum() != file_.checksum || entries_ != file_.entries) {
    return failed(core::corrupt("it is whole, but not the file that the manifest describes"));
  }
  return false;
}

Result<bool> FileEntries::next() {
  while (rest_.empty()) {
    Result<bool> more = next_block();
    if (!more.ok() || !more.value()) return more;
  }
  const auto key = core::take_bytes(rest_);
  const auto value = key ? core::take_bytes(rest_) : std::nullopt;
  if (!value) {
    return failed(
        core::corrupt("at byte " + std::to_string(reader_->place()) + ": a block cannot be read"));
  }
  key_ = *key;
  value_ = *value;
  ++entries_;
  return true;
}

std::string log_key(const storage::StoredRecord& record) {
  return storage::big_endian(record.position) + storage::big_endian(record.origin) +
         storage::big_endian(record.first) + storage::big_endian(record.last);
}

bool names_ops(const storage::StoredRecord& record) {
  return record.origin != 0 && record.first != 0 && record.first <= record.last;
}

Result<storage::StoredRecord> record_of(std::string_view key, std::string_view value) {
  if (key.size() != 4 * kNumber) return core::corrupt("a record of the log has no place");
  const auto number = [&](std::size_t i) {
    return storage::from_big_endian(key.substr(i * kNumber, kNumber));
  };
  return storage::StoredRecord{number(0), number(1), number(2), number(3), std::string(value)};
}

}  // namespace anabranch::leader
