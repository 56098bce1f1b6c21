// The words of the commands about backups.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "leader/backup/report.h"
#include "regions/wire/signatures.h"
#include "server/cli/command.h"

namespace anabranch::server::cli {

// The positional of all three.
constexpr Argument kFolder{"FOLDER", Argument::Kind::kPositional, "", "the folder of the backup"};
constexpr Argument kPeersKeys{
    "--peers-keys-file", Argument::Kind::kValue, "FILE",
    "the public keys of all regions: verify the signatures in the backup as well"};

// Returns the signatures to verify with; null if no keys are given.
core::Result<std::unique_ptr<regions::Signatures>> signatures_of(const Arguments& arguments);

// "region eu, 12 rows with digest 0123..., 3 log records, 1.2 MiB, begun 2026-11-23 14:31:00.123
// UTC, applied 0000000000000001:12".
std::string summary(const leader::Manifest& manifest, std::uint64_t records);
// Prints the findings and notes, a line each.
void print_findings(const leader::BackupReport& report);

}  // namespace anabranch::server::cli
