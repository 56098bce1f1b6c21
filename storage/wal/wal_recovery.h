// The opening of the write-ahead log: finds its end, gives back the commits that the tables on disk
// have not got, and begins a new segment. The rules, each for a loss that it prevents:
//
// 1. Before the first commit of an opening, its number and a record of it are on disk: no two
//    openings have the same number, so that no bytes of an older one pass for those of a newer one.
// 2. A bad record is the end of the log when nothing says that it was ever on disk: all behind it
//    is cut, later segments too. Each record says how far the log was on disk when it was written,
//    and so does each segment; a bad record before the greatest of these is damage.
// 3. Nothing is ever appended to an old segment: what lies behind its end could turn valid again.
//    It is cut, and the next one begun, in the order in which a loss of power at any time is safe.
// 4. The part of the log that is not known to be on disk is copied to the new segment and synced
//    there: after a failed sync or a killed process, a file that can be read proves nothing about
//    the disk.
// 5. Segments that do not join the others are removed; a log that ends before the tables do is told
//    of, and goes on behind them. What is missing is on disk before the log is changed
//    (loss_note.h), and is told by each opening until the owner has taken it over.
//
// Positions go on behind all that is kept. Those of batches that are lost are given again: nothing
// that is left names them. Logs of earlier versions, which passed them over, have holes there.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "storage/log_loss.h"
#include "storage/wal/files.h"
#include "storage/wal/ticket.h"
#include "storage/wal/wal.h"
#include "storage/wal/wal_segment.h"

namespace anabranch::storage {

// How far the tables on disk reach, as they say themselves. All zero without tables.
struct WalBase {
  Ticket ticket;                            // The newest commit in them...
  Position position = 0;                    // ...and the last batch up to there.
  std::uint64_t opening = 0;                // The number of the opening that wrote it.
  std::optional<SegmentName> segment = {};  // The newest one that was noted.
  BegunFlush begun = {};                    // A flush that had begun.
  // Says, behind the last commit that was given back, whether next tables have begun by then.
  std::function<bool()> has_next = {};
  // No batch has a position up to here again. It may be greater than those of batches that lie
  // behind the tables: what was trimmed counts as given.
  Position given = 0;
};

enum class WalVerdict : std::uint8_t {
  kWhole,    // Nothing was found behind the end.
  kCut,      // Something was, and nothing of it was ever known to be on disk.
  kDamaged,  // A part that was on disk is lost: everything from the first bad record on.
  kShort,    // The log ends before the tables do.
};

struct OpenedWal {
  std::unique_ptr<Wal> wal;
  WalVerdict verdict = WalVerdict::kWhole;
  // What is missing that was once on disk: found now, and by earlier openings after which nobody
  // has called forget_losses().
  std::vector<LogLoss> losses = {};
  bool closed = false;       // The last opening ended well, or there was none.
  std::uint64_t redone = 0;  // The commits given back.
  // Damage that loses nothing: of records that the tables have, at about these positions, the first
  // twenty; and of headers of segments, at the positions where these begin.
  std::vector<Position> passed = {};
  std::vector<Position> headers = {};
};

// Says whether a log that ends before the tables may be begun anew: a failure ends the opening
// before it has changed anything.
using AcceptShort = std::function<core::Result<void>()>;

// Is given the bytes of the changes of a commit, valid until it returns. A failure ends the
// opening.
using Redo = std::function<core::Result<void>(Ticket ticket, std::string_view changes)>;

// Opens the log in a folder, or begins one. Gives the commits behind the tables to `redo`, oldest
// first, before it changes anything. All that it gave is on disk when it returns. After kDamaged
// and kShort, commits may be missing that were once known to be on disk; the segments that may have
// them are kept under names that begin with `damaged-`, for a person to look at. Fails with kIo
// when the disk does: then nothing was lost, and the opening can be tried again. A log that is
// short is begun anew if `accept` does not fail. `files` must outlive the log.
core::Result<OpenedWal> open_wal(Files& files, const WalOptions& options, const WalBase& base,
                                 const Redo& redo, const AcceptShort& accept = {});

// As open_wal(), but changes nothing on the disk, and nothing can be appended: for tools that look
// at a folder that nobody has open.
core::Result<OpenedWal> look_at_wal(Files& files, const WalOptions& options, const WalBase& base,
                                    const Redo& redo);

}  // namespace anabranch::storage
