// The note of what openings of a write-ahead log have found missing. It lies in a file beside the
// segments, from before the opening changes anything until the owner of the log has taken it over.
// docs/formats.md has the bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "storage/log_loss.h"
#include "storage/wal/files.h"

namespace anabranch::storage {

// Reads what earlier openings have noted; empty when their owner has taken all of them over. A file
// that cannot be read, also the empty one of an earlier version, is a loss of which nothing is
// known. Fails when the disk does.
core::Result<std::vector<LogLoss>> noted_losses(Files& files);
// Notes losses in place of those noted before; on disk when it returns.
core::Result<void> note_losses(Files& files, const std::vector<LogLoss>& losses);
// Forgets them, and has that on disk: their owner has taken them over.
core::Result<void> forget_losses(Files& files);
// Before the name of a segment with records behind a damage, from the opening on that found it, and
// of a file beside these with the loss that they belong to.
inline constexpr std::string_view kSetAsidePrefix = "damaged-";
// Notes losses for a look at the files that are set aside, without tables.
core::Result<void> note_set_aside(Files& files, const std::vector<LogLoss>& losses);
// Returns the losses with files that are set aside; for files without such a note, as
// earlier versions left them, one with each, from the beginning of the file on.
core::Result<std::vector<LogLoss>> losses_set_aside(Files& files);
// Returns how many bytes such files have.
core::Result<std::uint64_t> bytes_set_aside(Files& files);
// Removes the files with such names.
core::Result<void> remove_set_aside(Files& files);

}  // namespace anabranch::storage
