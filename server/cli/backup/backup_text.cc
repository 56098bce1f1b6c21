#include "server/cli/backup/backup_text.h"

#include <iostream>
#include <utility>

#include "leader/backup/files.h"
#include "regions/delivery/key_signatures.h"
#include "server/cli/printable.h"
#include "transport/keys.h"

namespace anabranch::server::cli {

core::Result<std::unique_ptr<regions::Signatures>> signatures_of(const Arguments& arguments) {
  constexpr std::size_t kFileBytesMax = std::size_t{16} << 20U;
  if (!arguments.has(kPeersKeys.name)) return std::unique_ptr<regions::Signatures>();
  const std::string path = arguments.text(kPeersKeys.name);
  const auto text = leader::read_small_file(path, kFileBytesMax);
  if (!text.ok()) return text.failure();
  auto known = transport::decode_known_keys(text.value(), path);
  if (!known.ok()) return known.failure();
  auto keys = std::make_shared<transport::Keys>();
  keys->known = std::move(known).value();
  return std::unique_ptr<regions::Signatures>(
      std::make_unique<regions::KeySignatures>(std::move(keys)));
}

std::string summary(const leader::Manifest& manifest, std::uint64_t records) {
  std::string text = "region " + printable(manifest.region) + ", " + std::to_string(manifest.rows) +
                     " rows with digest " + core::to_string(manifest.digest) + ", " +
                     std::to_string(records) + " log records, " + byte_size(manifest.bytes()) +
                     ", begun " + utc_time(manifest.begun_ms) + " UTC, applied";
  for (const auto& [origin, seq] : manifest.applied) {
    text += ' ' + core::to_string(origin) + ':' + std::to_string(seq);
  }
  return manifest.applied.empty() ? text + " nothing" : text;
}

void print_findings(const leader::BackupReport& report) {
  for (const std::string& finding : report.findings) std::cout << printable(finding) << '\n';
  if (report.damaged + report.faults > report.findings.size()) {
    std::cout << "and " << report.damaged + report.faults - report.findings.size() << " more\n";
  }
  for (const std::string& note : report.notes) std::cout << printable(note) << '\n';
}

}  // namespace anabranch::server::cli
