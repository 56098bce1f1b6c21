#include "transport/zmq/absence.h"

#include <utility>

namespace anabranch::transport {

namespace {

using std::chrono::duration_cast;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Formats a duration: "10 s", "3 min", "5 h".
std::string words(Absence::Clock::duration time) {
  if (time < minutes(1)) return std::to_string(duration_cast<seconds>(time).count()) + " s";
  if (time < hours(1)) return std::to_string(duration_cast<minutes>(time).count()) + " min";
  return std::to_string(duration_cast<hours>(time).count()) + " h";
}

}  // namespace

void Absence::begin(Clock::time_point now) {
  if (!since_) since_ = now;
}

void Absence::failed(Clock::time_point now) {
  begin(now);
  ++tries_;
}

void Absence::because(std::string why) {
  if (!why.empty()) why_ = std::move(why);
}

Absence::Clock::duration Absence::next() const {
  switch (lines_) {
    case 0:
      return seconds(0);
    case 1:
      return seconds(10);
    case 2:
      return minutes(1);
    default:
      return hours(lines_ - 2);
  }
}

std::optional<Absence::Line> Absence::line(const std::string& address, Clock::time_point now) {
  if (!since_ || why_.empty() || now - *since_ < next()) return std::nullopt;
  const bool first = lines_ == 0;
  said(now);
  if (first && !answered_) {
    return Line{address + " is not reachable yet: " + why_ + "; trying again every second", false};
  }
  if (first) return Line{"cannot reach " + address + ": " + why_};
  return Line{"still cannot reach " + address + " after " + words(now - *since_) + " and " +
              std::to_string(tries_) + (tries_ == 1 ? " try: " : " tries: ") + why_};
}

// Skips the lines that would have been due in the meantime.
void Absence::said(Clock::time_point now) {
  begin(now);
  do {
    ++lines_;
  } while (now - *since_ >= next());
}

}  // namespace anabranch::transport
