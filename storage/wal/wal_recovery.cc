#include "storage/wal/wal_recovery.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/planted_bug.h"
#include "storage/wal/log_end.h"
#include "storage/wal/loss_note.h"
#include "storage/wal/loss_survey.h"
#include "storage/wal/spare_files.h"
#include "storage/wal/wal_record.h"
#include "storage/wal/wal_segment.h"

namespace anabranch::storage {

using core::Bug;
using core::planted;
using core::Result;

namespace {

// The first segment of an opening until it has its name; never made of a spare file, whose old
// bytes an earlier try at this opening may have written under the same number.
constexpr const char* kNewSegment = "new";

class Recovery {
 public:
  Recovery(Files& files, const WalOptions& options, const WalBase& base)
      : files_(files),
        options_(options),
        base_(base),
        spares_(files, options.segment_bytes, options.spares) {}

  Result<OpenedWal> run(const Redo& redo, const AcceptShort& accept);
  Result<OpenedWal> look(const Redo& redo);

 private:
  Result<void> find(const Redo& redo);
  void judge();
  // Whether the newest segment that the tables have noted is gone.
  [[nodiscard]] bool lacks_newest() const;
  // How far a flush was to go that had begun and not ended; 0: there was none. A later opening has
  // found that all of it is in the log, or has told of its loss.
  [[nodiscard]] std::uint64_t begun_flush() const {
    const bool is_old = found_.opening > base_.begun.opening;
    return is_old ? 0 : base_.begun.to.end;
  }
  // Adds what is missing to what earlier openings have found, and has it on disk.
  Result<void> note_loss(LogLoss loss);
  Result<LogLoss> survey() const;
  // The segments that this opening takes out of the log, where it has lost something.
  [[nodiscard]] std::vector<std::string> taken_out() const;
  // Whether a segment that is no longer of the log is kept for people.
  [[nodiscard]] bool sets_aside(const std::string& name) const;
  [[nodiscard]] bool loses() const {
    return verdict_ == WalVerdict::kDamaged || verdict_ == WalVerdict::kShort;
  }
  void choose_begin();
  [[nodiscard]] std::uint64_t begin_of_segment(std::uint64_t place) const;
  void begin_behind_tables();
  Result<void> remove_unfinished();
  Result<void> begin();
  Result<void> copy_tail(Segment& segment);
  Result<void> write_opening(Segment& segment);
  Result<void> name(Segment& segment);
  Result<void> cut();
  Result<void> cut_last_kept();
  // Writes the headers of segments that stay, and had bad ones.
  Result<void> write_headers();
  Result<void> load_indexes();
  OpenedWal append_to_old();
  OpenedWal opened();

  [[nodiscard]] std::uint64_t first_bytes() const {
    return std::min(options_.first_bytes, options_.segment_bytes);
  }
  [[nodiscard]] bool has_tail() const { return from_ < end_.end; }

  Files& files_;
  const WalOptions& options_;
  const WalBase& base_;
  SpareFiles spares_;
  FoundSegments found_;
  std::size_t searched_ = 0;  // The segments from here on have their index.
  LogEnd end_;
  WalVerdict verdict_ = WalVerdict::kWhole;
  std::vector<LogLoss> losses_;
  std::vector<Position> headers_;  // Where segments begin that had bad ones.
  std::uint64_t from_ = 0;         // Where the new segment begins.
  std::uint64_t opening_ = 1;
  std::string record_;
  std::optional<Segment> new_;
};

Result<void> Recovery::find(const Redo& redo) {
  auto found = FoundSegments::in(files_, base_.ticket.end);
  if (!found.ok()) return found.failure();
  found_ = std::move(found).value();
  for (const Segment& segment : found_.segments) {
    if (segment.renewed) headers_.push_back(segment.header.first);
  }
  opening_ = std::max(found_.opening, base_.opening) + 1;
  auto noted = noted_losses(files_);
  if (!noted.ok()) return noted.failure();
  losses_ = std::move(noted).value();
  if (found_.segments.empty()) {
    end_.closed = base_.ticket.end == 0;
    end_.position = std::max(base_.position, base_.given);
    return {};
  }
  auto& segments = found_.segments;
  while (searched_ + 1 < segments.size() && segments[searched_ + 1].start() <= base_.ticket.end) {
    ++searched_;
  }
  auto end = LogEndSearch(segments, base_, redo).run();
  if (!end.ok()) return end.failure();
  end_ = end.value();
  // The name of a segment proves that all before it was on disk, and it never was empty.
  if (lacks_newest()) end_.synced = std::max(end_.synced, base_.segment->start + 1);
  // A flush begins when its part of the log is on disk.
  end_.synced = std::max(end_.synced, begun_flush());
  return {};
}

// An opening that begins a segment may remove the one that was noted before.
bool Recovery::lacks_newest() const {
  if (!base_.segment || planted(Bug::kForgetNewest)) return false;
  if (found_.opening > base_.segment->opening) return false;
  return std::ranges::none_of(found_.names,
                              [&](const SegmentName& name) { return name == *base_.segment; });
}

void Recovery::judge() {
  const std::uint64_t base = base_.ticket.end;
  const bool lost = end_.end < end_.synced && !planted(Bug::kCutDamage);
  verdict_ = end_.more ? WalVerdict::kCut : WalVerdict::kWhole;
  if (lost) verdict_ = WalVerdict::kDamaged;
  if (end_.end < base && !end_.more) verdict_ = WalVerdict::kShort;
}

// A segment with little in it is copied whole: many openings of a store with few writes leave few
// files. So is the sound part of a damaged one, which is kept for a person to look at.
void Recovery::choose_begin() {
  from_ = std::min(end_.end, end_.synced);
  const std::uint64_t begin = std::max(begin_of_segment(end_.end), end_.sound);
  const bool small = end_.end - begin <= first_bytes() / 2;
  if (verdict_ == WalVerdict::kDamaged || small) from_ = std::min(from_, begin);
  if (planted(Bug::kTrustTail)) from_ = end_.end;
  if (end_.end < base_.ticket.end && !planted(Bug::kIgnoreShortLog)) begin_behind_tables();
}

std::uint64_t Recovery::begin_of_segment(std::uint64_t place) const {
  std::uint64_t begin = place;
  for (const Segment& segment : found_.segments) {
    if (segment.start() <= place) begin = segment.start();
  }
  return begin;
}

// The log goes on where the tables end: no ticket of theirs is given a second time. The segments
// that end before would not join.
void Recovery::begin_behind_tables() {
  from_ = end_.end = base_.ticket.end;
  for (const Segment& segment : found_.segments) {
    found_.strays.push_back(segment.header.name.text());
  }
  found_.segments.clear();
}

Result<LogLoss> Recovery::survey() const {
  Result<LogLoss> loss =
      LogLoss{.is_short = true, .place = base_.ticket.end, .first = base_.position + 1};
  if (verdict_ == WalVerdict::kDamaged) loss = LossSurvey(found_.segments, end_, base_).run();
  if (!loss.ok()) return loss;
  loss.value().half_flushed = std::max(end_.end, base_.ticket.end) < begun_flush();
  return loss;
}

std::vector<std::string> Recovery::taken_out() const {
  std::vector<std::string> names = found_.strays;
  for (const Segment& segment : found_.segments) {
    if (segment.start() >= from_) names.push_back(segment.header.name.text());
  }
  return names;
}

// An opening that was killed before it changed anything has noted the same.
Result<void> Recovery::note_loss(LogLoss loss) {
  if (!loses()) return {};
  loss.files = taken_out();
  if (std::ranges::count(losses_, loss) > 0) return {};
  losses_.push_back(std::move(loss));
  return note_losses(files_, losses_);
}

bool Recovery::sets_aside(const std::string& name) const {
  return std::ranges::any_of(
      losses_, [&](const LogLoss& loss) { return std::ranges::count(loss.files, name) > 0; });
}

Result<void> Recovery::remove_unfinished() {
  const auto names = files_.list();
  if (!names.ok()) return names.failure();
  if (std::ranges::count(names.value(), kNewSegment) > 0) {
    if (auto removed = files_.remove(kNewSegment); !removed.ok()) return removed;
  }
  if (auto found = spares_.find(); !found.ok()) return found;
  // Without a segment, nothing tells the number of the opening that wrote into a spare file.
  const bool is_known = !found_.segments.empty() || !found_.strays.empty();
  if (!is_known && !planted(Bug::kKeepSpares)) return spares_.clear();
  return {};
}

Result<void> Recovery::begin() {
  auto file = files_.create(kNewSegment);
  if (!file.ok()) return file.failure();
  Segment segment;
  segment.file = std::move(file).value();
  segment.room = first_bytes();
  if (auto filled = fill_with_zeros(files_, *segment.file, segment.room); !filled.ok())
    return filled;
  segment.header = {.name = {from_, opening_},
                    .synced = end_.end + kRecordHeaderSize,
                    .first = end_.position + 1};
  for (const Segment& old : found_.segments) {
    if (old.start() < from_) segment.header.previous = old.start();
  }
  if (has_tail()) {
    if (auto copied = copy_tail(segment); !copied.ok()) return copied;
  }
  if (auto written = write_opening(segment); !written.ok()) return written;
  if (auto named = name(segment); !named.ok()) return named;
  new_ = std::move(segment);
  return {};
}

// All of the tail lies in one segment: another one would prove that this one was on disk.
Result<void> Recovery::copy_tail(Segment& segment) {
  const auto old = std::find_if(found_.segments.rbegin(), found_.segments.rend(),
                                [&](const Segment& each) { return each.start() <= from_; });
  SegmentScan scan(*old);
  for (std::uint64_t place = from_; place < end_.end;) {
    const auto found = scan.at(place, end_.end);
    if (!found.ok()) return found.failure();
    if (!found.value().sound()) return core::corrupt("the log changes while it is read");
    RecordHeader header = found.value().header;
    if (place == from_) segment.header.first = header.first;
    header.opening = opening_;
    encode_copy(record_, header, found.value().body);
    auto written = segment.file->write(segment.offset(place), record_);
    if (!written.ok()) return written;
    add_to_index(segment.index, header, found.value().body);
    place = header.end();
  }
  return {};
}

Result<void> Recovery::write_opening(Segment& segment) {
  RecordHeader header{.kind = RecordKind::kOpening,
                      .place = end_.end,
                      .opening = opening_,
                      .synced = from_,
                      .first = end_.position + 1};
  if (auto made = encode_record(record_, header, {}, {}); !made.ok()) return made;
  auto written = segment.file->write(segment.offset(header.place), record_);
  if (!written.ok()) return written;
  return segment.file->write(0, encode_segment_header(segment.header));
}

Result<void> Recovery::name(Segment& segment) {
  if (!planted(Bug::kSkipOpeningSync)) {
    if (auto synced = segment.file->sync(); !synced.ok()) return synced;
  }
  auto named = files_.rename(kNewSegment, segment.header.name.text());
  if (!named.ok() || planted(Bug::kSkipOpeningSync)) return named;
  return files_.sync_folder();
}

// The new segment has its name: by its number, everything at or behind its begin is void already.
// Then each file also says so by itself.
Result<void> Recovery::cut() {
  auto& segments = found_.segments;
  bool removed_any = !found_.strays.empty();
  for (; !segments.empty() && segments.back().start() >= from_; segments.pop_back()) {
    found_.strays.push_back(segments.back().header.name.text());
    removed_any = true;
  }
  if (auto cut = cut_last_kept(); !cut.ok()) return cut;
  if (auto written = write_headers(); !written.ok()) return written;
  if (std::ranges::any_of(found_.strays,
                          [this](const std::string& name) { return sets_aside(name); })) {
    if (auto noted = note_set_aside(files_, losses_); !noted.ok()) return noted;
  }
  for (const std::string& name : found_.strays) {
    auto removed = sets_aside(name) ? files_.rename(name, std::string(kSetAsidePrefix) + name)
                                    : files_.remove(name);
    if (!removed.ok()) return removed;
  }
  if (removed_any) return files_.sync_folder();
  return {};
}

Result<void> Recovery::cut_last_kept() {
  if (found_.segments.empty()) return {};
  Segment& last = found_.segments.back();
  last.index.cut(from_);
  if (auto cut = last.file->truncate(last.offset(from_)); !cut.ok()) return cut;
  if (auto written = write_footer(last, from_); !written.ok()) return written;
  return last.file->sync();
}

Result<void> Recovery::write_headers() {
  for (Segment& segment : found_.segments) {
    if (!segment.renewed) continue;
    auto done = segment.file->write(0, encode_segment_header(segment.header));
    if (done.ok()) done = segment.file->sync();
    if (!done.ok()) return done;
  }
  return {};
}

Result<void> Recovery::load_indexes() {
  auto& segments = found_.segments;
  for (std::size_t i = 0; i < std::min(searched_, segments.size()); ++i) {
    const std::uint64_t end = i + 1 < segments.size() ? segments[i + 1].start() : from_;
    auto index = read_index(segments[i], end);
    if (!index.ok()) return index.failure();
    segments[i].index = std::move(index).value();
  }
  return {};
}

// For the planted bug alone.
OpenedWal Recovery::append_to_old() {
  Segment& last = found_.segments.back();
  last.room = options_.segment_bytes;
  opening_ = last.header.name.opening;
  return opened();
}

OpenedWal Recovery::opened() {
  std::vector<std::shared_ptr<Segment>> all;
  for (Segment& segment : found_.segments) {
    all.push_back(std::make_shared<Segment>(std::move(segment)));
  }
  if (new_) all.push_back(std::make_shared<Segment>(std::move(*new_)));
  const std::uint64_t end = end_.end + (new_ ? kRecordHeaderSize : 0);
  Wal::State state{std::move(all), std::move(spares_), {Ticket{end}, end_.position}, opening_};
  if (!new_ && !planted(Bug::kAppendToOldSegment)) {
    state.closed = core::invalid("the log is only looked at");
  }
  OpenedWal opened;
  opened.wal = std::make_unique<Wal>(files_, options_, std::move(state));
  opened.verdict = verdict_;
  opened.losses = std::move(losses_);
  opened.closed = end_.closed;
  opened.redone = end_.redone;
  opened.passed = std::move(end_.passed);
  opened.headers = std::move(headers_);
  return opened;
}

Result<OpenedWal> Recovery::run(const Redo& redo, const AcceptShort& accept) {
  if (auto found = find(redo); !found.ok()) return found.failure();
  judge();
  if (verdict_ == WalVerdict::kShort && accept) {
    if (auto accepted = accept(); !accepted.ok()) return accepted.failure();
  }
  auto loss = loses() ? survey() : LogLoss{};
  if (!loss.ok()) return loss.failure();
  choose_begin();
  if (auto noted = note_loss(std::move(loss).value()); !noted.ok()) return noted.failure();
  if (auto loaded = load_indexes(); !loaded.ok()) return loaded.failure();
  if (auto removed = remove_unfinished(); !removed.ok()) return removed.failure();
  if (planted(Bug::kAppendToOldSegment) && verdict_ == WalVerdict::kCut) return append_to_old();
  if (auto begun = begin(); !begun.ok()) return begun.failure();
  if (auto cut_off = cut(); !cut_off.ok()) return cut_off.failure();
  return opened();
}

Result<OpenedWal> Recovery::look(const Redo& redo) {
  if (auto found = find(redo); !found.ok()) return found.failure();
  judge();
  auto loss = loses() ? survey() : LogLoss{};
  if (!loss.ok()) return loss.failure();
  if (loses()) losses_.push_back(std::move(loss).value());
  from_ = end_.end;
  if (auto loaded = load_indexes(); !loaded.ok()) return loaded.failure();
  return opened();
}

}  // namespace

Result<OpenedWal> open_wal(Files& files, const WalOptions& options, const WalBase& base,
                           const Redo& redo, const AcceptShort& accept) {
  return Recovery(files, options, base).run(redo, accept);
}

Result<OpenedWal> look_at_wal(Files& files, const WalOptions& options, const WalBase& base,
                              const Redo& redo) {
  return Recovery(files, options, base).look(redo);
}

}  // namespace anabranch::storage
