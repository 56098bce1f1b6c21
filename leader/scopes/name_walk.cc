#include "leader/scopes/name_walk.h"

#include <utility>

#include "core/path.h"
#include "crdt/type_table.h"
#include "rows/counts.h"

namespace anabranch::leader {

using core::Path;
using crdt::Row;

namespace {

// The walk reads this many rows of one name one by one, then seeks past the rest of the name.
constexpr std::size_t kRowsToSkip = 16;

// Whether the rows of a name lie beside each other, so that a seek passes them. To go on among
// those of other names costs a look at all of them.
bool is_together(const Path& place) { return place.encoded().size() <= Path::kHashedPrefix; }

}  // namespace

NameWalk::NameWalk(const View& view, const rows::RowReader& rows, Path top, const Span& span)
    : view_(view),
      rows_reader_(rows),
      order_(view, rows),
      top_(std::move(top)),
      rest_(range_of(top_, span)) {}

std::optional<std::string> NameWalk::run(const Scope::VisitName& visit, std::size_t hidden_max) {
  hidden_max_ = hidden_max;
  for (bool going = true; going;) {
    going = false;
    rows_reader_.scan(
        rest_, rows::RowReader::Hidden::kVisit, [&](const Path& path, const Row& row) {
          const Next next = take(path, row, visit);
          if (next == Next::kRow) return true;
          if (next == Next::kEnd) return false;
          (rest_.backwards ? rest_.to : rest_.from) =
              rest_.backwards ? std::string(place_.encoded()) : core::prefix_end(place_.encoded());
          going = true;
          return false;
        });
  }
  return stopped_ ? std::optional(name_of(place_)) : std::nullopt;
}

NameWalk::Next NameWalk::take(const Path& path, const Row& row, const Scope::VisitName& visit) {
  if (path == top_) return Next::kRow;
  const bool same = !place_.empty() && place_.is_prefix_of(path);
  if (same && decided_) {
    return ++rows_ < kRowsToSkip || !is_together(place_) ? Next::kRow : Next::kName;
  }
  const bool shows = crdt::shows(path, row) && rows::counts_at_all(path) && !order_.gone(path);
  if (!shows) ++hidden_;
  if (!same) {
    stopped_ = hidden_ > hidden_max_ && !place_.empty();
    if (stopped_) return Next::kEnd;
    place_ = top_.child(name_of(path));
    rows_ = 0;
    decided_ = false;
  }
  if (shows) return decide(path, true, visit);
  if (++rows_ < kRowsToSkip) return Next::kRow;
  const Next next = decide(path, view_.shows_at(place_), visit);
  return next == Next::kRow && is_together(place_) ? Next::kName : next;
}

NameWalk::Next NameWalk::decide(const Path& path, bool shows, const Scope::VisitName& visit) {
  decided_ = true;
  rows_ = 0;
  const bool expired = shows && order_.expired(path);
  if (expired) ++hidden_;
  return !shows || expired || visit(name_of(path)) ? Next::kRow : Next::kEnd;
}

std::string NameWalk::name_of(const Path& path) const {
  return Path::trusted(path.encoded().substr(top_.encoded().size())).first();
}

}  // namespace anabranch::leader
