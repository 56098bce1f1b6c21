#include "leader/backup/manifest.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "core/text.h"
#include "transport/keys.h"

namespace anabranch::leader {

using core::Result;

namespace {

constexpr std::string_view kTitle = "anabranch backup ";
constexpr std::string_view kSum = "checksum ";
constexpr std::size_t kDigits = 6;
constexpr std::size_t kHexDigits = 16;

using Words = std::vector<std::string_view>;

Words words_of(std::string_view line) {
  Words words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

template <int kBase = 10>
bool read(std::string_view word, std::uint64_t& number) {
  const auto read = core::parse_number<std::uint64_t, kBase>(word);
  if (read) number = *read;
  return read.has_value();
}

bool read(std::string_view word, core::Hash128& hash) {
  return word.size() == 2 * kHexDigits && read<16>(word.substr(0, kHexDigits), hash.high) &&
         read<16>(word.substr(kHexDigits), hash.low);
}

bool read_file(const Words& words, BackupFile& file) {
  if (words.size() < 5) return false;
  const std::string_view name = words[1];
  const std::size_t dash = name.rfind('-');
  if (!is_backup_file(name)) return false;
  file.part = name.substr(0, dash);
  return read(name.substr(dash + 1), file.number) && read(words[2], file.entries) &&
         read(words[3], file.bytes) && read<16>(words[4], file.checksum);
}

bool read_hole(const Words& words, Manifest& manifest) {
  if (words.size() < 3) return false;
  const storage::Position before = manifest.holes.empty() ? 0 : manifest.holes.back().last;
  storage::LogHole& hole = manifest.holes.emplace_back();
  return read(words[1], hole.first) && read(words[2], hole.last) && hole.first > before + 1 &&
         hole.last >= hole.first && hole.last <= manifest.log_last;
}

// Reads a line; one with an unknown first word is of a newer version, and is passed over.
bool read_line(const Words& words, Manifest& manifest) {
  const std::string_view word = words[0];
  if (words.size() < 2) return false;
  if (word == "data") return read(words[1], manifest.data_format);
  if (word == "mesh") return read(words[1], manifest.mesh);
  if (word == "region") {
    manifest.region = words[1];
    return transport::is_region_name(words[1]);
  }
  if (word == "origin") return read<16>(words[1], manifest.origin);
  if (word == "begun") {
    const auto begun = core::parse_number<core::Millis>(words[1]);
    manifest.begun_ms = begun.value_or(0);
    return begun.has_value();
  }
  if (word == "rows") return read(words[1], manifest.rows);
  if (word == "digest") return read(words[1], manifest.digest);
  if (word == "log") return read(words[1], manifest.log_last);
  if (word == "hole") return read_hole(words, manifest);
  if (word == "applied") {
    core::Origin origin = 0;
    core::Seq seq = 0;
    const bool good = words.size() > 2 && read<16>(words[1], origin) && read(words[2], seq);
    if (good) manifest.applied.set(origin, seq);
    return good;
  }
  if (word == "file") return read_file(words, manifest.files.emplace_back());
  return true;
}

// Returns the number of a part, or that of parts when there is none of the name.
std::size_t place_of(std::string_view part) {
  const auto* const found = std::ranges::find(kParts, part, &Part::name);
  return static_cast<std::size_t>(found - kParts.begin());
}

// Whether every file stands in its place, and none is left out.
bool in_order(const std::vector<BackupFile>& files) {
  const BackupFile* before = nullptr;
  for (const BackupFile& file : files) {
    const bool same = before != nullptr && before->part == file.part;
    if (file.number != (same ? before->number + 1 : 1)) return false;
    if (!same && before != nullptr && place_of(file.part) <= place_of(before->part)) return false;
    before = &file;
  }
  return true;
}

}  // namespace

std::string BackupFile::name() const {
  std::string digits = std::to_string(number);
  if (digits.size() < kDigits) digits.insert(0, kDigits - digits.size(), '0');
  return part + '-' + digits;
}

std::uint64_t Manifest::bytes() const {
  std::uint64_t sum = 0;
  for (const BackupFile& file : files) sum += file.bytes;
  return sum;
}

std::string encode_manifest(const Manifest& manifest) {
  std::string text(kTitle);
  const auto line = [&text](std::string_view word, const std::string& rest) {
    text.append(word).append(" ").append(rest).append("\n");
  };
  const bool has_holes = !manifest.holes.empty();
  text += std::to_string(has_holes ? Manifest::kFormatWithHoles : Manifest::kFormat) + '\n';
  line("data", std::to_string(manifest.data_format));
  line("mesh", core::to_string(manifest.mesh));
  line("region", manifest.region);
  line("origin", core::to_string(manifest.origin));
  line("begun", std::to_string(manifest.begun_ms));
  line("rows", std::to_string(manifest.rows));
  line("digest", core::to_string(manifest.digest));
  line("log", std::to_string(manifest.log_last));
  for (const storage::LogHole& hole : manifest.holes) {
    line("hole", std::to_string(hole.first) + ' ' + std::to_string(hole.last));
  }
  for (const auto& [origin, seq] : manifest.applied) {
    line("applied", core::to_string(origin) + ' ' + std::to_string(seq));
  }
  for (const BackupFile& file : manifest.files) {
    line("file", file.name() + ' ' + std::to_string(file.entries) + ' ' +
                     std::to_string(file.bytes) + ' ' + core::to_hex(file.checksum));
  }
  const std::string sum = core::to_hex(core::checksum64(text));
  return text.append(kSum).append(sum).append("\n");
}

Result<Manifest> decode_manifest(std::string_view text) {
  if (!text.starts_with(kTitle)) return core::corrupt("it does not begin as one");
  const std::string_view number =
      text.substr(kTitle.size(), text.find('\n') - kTitle.size()).substr(0, kHexDigits);
  if (number != std::to_string(Manifest::kFormat) &&
      number != std::to_string(Manifest::kFormatWithHoles)) {
    return core::invalid("its format is " + std::string(number) + ", this version knows only " +
                         std::to_string(Manifest::kFormat) + " and " +
                         std::to_string(Manifest::kFormatWithHoles));
  }
  const std::size_t end = text.rfind(kSum);
  const std::string_view body = text.substr(0, std::min(end, text.size()));
  if (end == text.npos || !body.ends_with('\n') ||
      text.substr(end) != std::string(kSum) + core::to_hex(core::checksum64(body)) + "\n") {
    return core::corrupt("its checksum is wrong");
  }
  Manifest manifest;
  std::string_view rest = body.substr(body.find('\n') + 1);
  while (!rest.empty()) {
    const std::size_t stop = rest.find('\n');
    const std::string_view line = rest.substr(0, stop);
    rest.remove_prefix(stop + 1);
    const Words words = words_of(line);
    if (words.empty() || !read_line(words, manifest)) {
      return core::corrupt("it has a line that means nothing: " + std::string(line));
    }
  }
  if (manifest.data_format != storage::kFormat) {
    return core::invalid("its data have format " + std::to_string(manifest.data_format) +
                         ", this version knows only " + std::to_string(storage::kFormat));
  }
  if (manifest.region.empty() || !in_order(manifest.files)) {
    return core::corrupt("it lacks a part");
  }
  return manifest;
}

bool is_backup_file(std::string_view name) {
  const std::size_t dash = name.rfind('-');
  if (dash == name.npos || place_of(name.substr(0, dash)) == kParts.size()) return false;
  const std::string_view digits = name.substr(dash + 1);
  return digits.size() >= kDigits &&
         std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace anabranch::leader
