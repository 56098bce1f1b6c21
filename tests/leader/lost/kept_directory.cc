#include "tests/leader/lost/kept_directory.h"

#include <array>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "storage/wal/posix_files.h"
#include "storage/wal/wal_segment.h"

namespace anabranch::test {

namespace fs = std::filesystem;

namespace {

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Within the file that is there, if one is.
void write(const fs::path& file, const std::string& bytes) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << bytes;
  if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
}

// Adds the parts of a segment; returns the place in the stream where it ends.
std::uint64_t add_parts(const storage::Segment& segment, const std::string& file,
                        std::vector<LogPart>& parts) {
  using Kind = LogPart::Kind;
  parts.push_back({Kind::kSegmentHeader, file, 0, storage::kSegmentHeaderSize});
  storage::SegmentScan scan(segment);
  for (std::uint64_t place = segment.start();;) {
    const auto found = scan.at(place);
    if (!found.ok() || !found.value().sound()) return place;
    const storage::RecordHeader& header = found.value().header;
    const std::uint64_t offset = segment.offset(place);
    if (header.batches > 0) {
      for (LogPart& part : parts) part.last = false;
    }
    parts.push_back({Kind::kRecordHeader, file, offset, storage::kRecordHeaderSize, true});
    if (header.body_size() > 0) {
      const std::uint64_t body = offset + storage::kRecordHeaderSize;
      parts.push_back({Kind::kBody, file, body, header.body_size(), true});
    }
    place = header.end();
  }
}

}  // namespace

KeptDirectory::KeptDirectory(fs::path data) : data_(std::move(data)) {
  for (const auto& each : fs::recursive_directory_iterator(data_)) {
    if (each.is_regular_file()) files_[fs::relative(each.path(), data_).string()] = read(each);
  }
}

void KeptDirectory::put_back() const {
  std::vector<fs::path> others;
  for (const auto& each : fs::recursive_directory_iterator(data_)) {
    const bool is_file = each.is_regular_file();
    if (is_file && !files_.contains(fs::relative(each.path(), data_).string())) {
      others.push_back(each.path());
    }
  }
  for (const fs::path& other : others) fs::remove(other);
  for (const auto& [name, bytes] : files_) {
    fs::create_directories((data_ / name).parent_path());
    write(data_ / name, bytes);
  }
}

std::string to_string(LogPart::Kind kind) {
  constexpr std::array kNames{"the header of a segment", "the header of a record",
                              "the body of a record", "a footer", "room"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::vector<LogPart> parts_of_log(const fs::path& data) {
  const fs::path folder = data / "wal";
  const auto files = storage::posix_files(folder.string());
  std::vector<LogPart> parts;
  const auto names = files->list();
  std::vector<storage::SegmentName> segments;
  for (const std::string& name : names.ok() ? names.value() : std::vector<std::string>()) {
    if (const auto segment = storage::SegmentName::parse(name)) segments.push_back(*segment);
  }
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const auto segment = storage::open_segment(*files, segments[i]);
    if (!segment.ok()) throw std::runtime_error(segment.failure().message);
    const std::string file = segments[i].text();
    const std::uint64_t end = segment.value().offset(add_parts(segment.value(), file, parts));
    const std::uint64_t size = fs::file_size(folder / file);
    const bool is_last = i + 1 == segments.size();
    using Kind = LogPart::Kind;
    if (size > end) {
      parts.push_back({is_last ? Kind::kRoom : Kind::kFooter, file, end, size - end, is_last});
    }
  }
  return parts;
}

void flip(const fs::path& file, std::uint64_t offset, std::uint8_t bits) {
  std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
  stream.seekg(static_cast<std::streamoff>(offset));
  char byte = 0;
  stream.get(byte);
  stream.seekp(static_cast<std::streamoff>(offset));
  stream.put(static_cast<char>(static_cast<std::uint8_t>(byte) ^ bits));
  if (!stream.flush()) throw std::runtime_error("cannot change " + file.string());
}

}  // namespace anabranch::test
