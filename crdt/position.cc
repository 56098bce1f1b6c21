#include "crdt/position.h"

#include <array>
#include <limits>
#include <vector>

#include "core/assert.h"
#include "crdt/common_prefix.h"

namespace anabranch::crdt {

namespace {

constexpr unsigned char kNewOrigin = 0xFF;
constexpr std::size_t kOriginBytes = 8;
constexpr unsigned char kZero = 0x80;
constexpr std::int64_t kOneByteMax = 0x60;
constexpr unsigned char kLengths = 0xDF;  // Followed by a length from 1 to 8.
constexpr std::int64_t kFirst = 1;        // The number of a run's first element.

unsigned char byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

void put_big_endian(std::string& out, std::uint64_t value, std::size_t length) {
  for (std::size_t i = length; i-- > 0;) out.push_back(static_cast<char>(value >> (8 * i) & 0xFFU));
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) value = value << 8U | byte_at(bytes, i);
  return value;
}

void put_number(std::string& out, std::int64_t n) {
  const std::size_t begin = out.size();
  const std::int64_t size = n < 0 ? -(n + 1) : n;
  if (size < kOneByteMax) {
    out.push_back(static_cast<char>(kZero + size));
  } else {
    std::size_t length = 1;
    while (length < kOriginBytes && (size >> (8 * length)) != 0) ++length;
    out.push_back(static_cast<char>(kLengths + length));
    put_big_endian(out, static_cast<std::uint64_t>(size), length);
  }
  if (n >= 0) return;
  for (std::size_t i = begin; i < out.size(); ++i) out[i] = static_cast<char>(~out[i]);
}

// Reads a number at `at` and moves `at` behind it; nullopt for bytes that put_number() does not
// make.
std::optional<std::int64_t> take_number(std::string_view bytes, std::size_t& at) {
  if (at >= bytes.size()) return std::nullopt;
  const bool negative = byte_at(bytes, at) < kZero;
  const auto flip = static_cast<unsigned char>(negative ? 0xFF : 0);
  const auto head = static_cast<unsigned char>(byte_at(bytes, at) ^ flip);
  ++at;
  std::int64_t size = head - kZero;
  if (head > kLengths) {
    const std::size_t length = head - kLengths;
    if (length > kOriginBytes || bytes.size() - at < length) return std::nullopt;
    std::uint64_t value = 0;
    for (const std::size_t end = at + length; at < end; ++at) {
      value = value << 8U | static_cast<unsigned char>(byte_at(bytes, at) ^ flip);
    }
    constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
    const bool shortest = length == 1 || value >> (8 * (length - 1)) != 0;
    if (!shortest || value > kMax || value < kOneByteMax) return std::nullopt;
    size = static_cast<std::int64_t>(value);
  }
  return negative ? -size - 1 : size;
}

// One step of the path to a position. Ends are offsets in its bytes.
struct Step {
  std::size_t begin = 0;
  core::Origin origin = 0;
  std::int64_t first = 0;        // The seq of the waypoint's dot.
  std::size_t waypoint_end = 0;  // The common prefix of the entries of the waypoint.
  std::int64_t entry = 0;
  std::size_t run_end = 0;  // The common prefix of the elements of the run.
  std::int64_t number = 0;
  std::size_t end = 0;
};
using Steps = std::vector<Step>;

// The distinct origins of the steps of a position, in the order of their first occurrence: nearly
// always a few.
class Origins {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] core::Origin operator[](std::size_t i) const {
    return i < kFew ? few_[i] : more_[i - kFew];
  }
  // Returns the index of an origin; the size if it is not there.
  [[nodiscard]] std::size_t find(core::Origin origin) const {
    std::size_t i = 0;
    while (i < size_ && (*this)[i] != origin) ++i;
    return i;
  }
  void add(core::Origin origin) {
    if (size_ < kFew) {
      few_[size_] = origin;
    } else {
      more_.push_back(origin);
    }
    ++size_;
  }
  // Forgets all from an index on.
  void shrink(std::size_t size) {
    size_ = size;
    more_.resize(size > kFew ? size - kFew : 0);
  }

 private:
  static constexpr std::size_t kFew = 8;
  std::array<core::Origin, kFew> few_{};
  std::vector<core::Origin> more_;
  std::size_t size_ = 0;
};

Origins origins_of(const Steps& steps, std::size_t count) {
  Origins origins;
  for (std::size_t i = 0; i < count; ++i) {
    if (origins.find(steps[i].origin) == origins.size()) origins.add(steps[i].origin);
  }
  return origins;
}

std::optional<core::Origin> take_origin(std::string_view bytes, std::size_t& at, Origins& known) {
  const unsigned char reference = byte_at(bytes, at++);
  if (reference != kNewOrigin) {
    if (reference == 0 || reference > known.size()) return std::nullopt;
    return known[reference - 1U];
  }
  if (bytes.size() - at < kOriginBytes) return std::nullopt;
  const core::Origin origin = big_endian(bytes.substr(at, kOriginBytes));
  at += kOriginBytes;
  if (const std::size_t found = known.find(origin); found == known.size()) {
    known.add(origin);
  } else if (found < kNewOrigin - 1) {
    return std::nullopt;  // A shorter encoding exists.
  }
  return origin;
}

// Takes the step at an offset of a position; nullopt for bytes that are none.
std::optional<Step> take_step(std::string_view position, std::size_t at, Origins& known) {
  Step step{.begin = at};
  const auto origin = take_origin(position, at, known);
  const auto first = origin ? take_number(position, at) : std::nullopt;
  step.waypoint_end = at;
  const auto entry = first ? take_number(position, at) : std::nullopt;
  step.run_end = at;
  const auto number = entry ? take_number(position, at) : std::nullopt;
  if (!number || *first < 1) return std::nullopt;
  step.origin = *origin;
  step.first = *first;
  step.entry = *entry;
  step.number = *number;
  step.end = at;
  return step;
}

bool is_element(std::int64_t number) { return number > 0 && number % 2 == 1; }

// Calls function(step) for each step of a position; returns false for bytes that are no position.
template <typename Function>
bool each_step(std::string_view position, const Function& function) {
  Origins known;
  std::int64_t last = 0;
  for (std::size_t at = 0; at < position.size();) {
    const auto step = take_step(position, at, known);
    if (!step) return false;
    last = step->number;
    at = step->end;
    function(*step);
  }
  return is_element(last);
}

// Splits a position into its steps; nullopt for bytes that are no position.
std::optional<Steps> steps_of(std::string_view position) {
  Steps steps;
  const bool sound = each_step(position, [&](const Step& step) { steps.push_back(step); });
  return sound ? std::optional(std::move(steps)) : std::nullopt;
}

// A neighbour of the inserted elements; empty at the beginning and at the end.
struct Neighbour {
  std::string_view bytes;
  Steps steps;

  explicit Neighbour(std::string_view position) : bytes(position) {
    if (position.empty()) return;
    auto found = steps_of(position);
    ANABRANCH_ASSERT(found.has_value());
    steps = *std::move(found);
  }
  [[nodiscard]] bool is_below(std::string_view prefix) const { return bytes.starts_with(prefix); }
};

// Returns the entry of a new op in a waypoint of the same origin, behind it or in front; nullopt
// when the entry would not come behind, or before, the entry on the path to the neighbour.
std::optional<std::string> own_entry(const Neighbour& side, const Step& step,
                                     const Neighbour& other, core::Dot dot, bool behind) {
  const std::string_view waypoint = side.bytes.substr(0, step.waypoint_end);
  if (step.origin != dot.origin || other.is_below(waypoint)) return std::nullopt;
  const std::int64_t since = static_cast<std::int64_t>(dot.seq) - step.first;
  if (since <= 0 || since <= (behind ? step.entry : -step.entry)) return std::nullopt;
  std::string position(waypoint);
  put_number(position, behind ? since : -since);
  put_number(position, kFirst);
  return position;
}

// Returns a new waypoint in a gap of the run that ends `count` steps of a neighbour; for 0 steps,
// in the root.
std::string new_waypoint(const Neighbour& side, std::size_t count, std::int64_t gap,
                         core::Dot dot) {
  std::string position;
  if (count > 0) {
    position = side.bytes.substr(0, side.steps[count - 1].run_end);
    put_number(position, gap);
  }
  const Origins known = origins_of(side.steps, count);
  const std::size_t reference = known.find(dot.origin) + 1;
  if (reference > known.size() || reference >= kNewOrigin) {
    position.push_back(static_cast<char>(kNewOrigin));
    put_big_endian(position, dot.origin, kOriginBytes);
  } else {
    position.push_back(static_cast<char>(reference));
  }
  put_number(position, static_cast<std::int64_t>(dot.seq));
  put_number(position, 0);
  put_number(position, kFirst);
  return position;
}

// Returns whether the right neighbour is below the left one, on its right: in the same run or a gap
// of it, or in a later entry of a waypoint, since each entry is a right child of the one before.
// (In front of a waypoint each entry is a left child of the one behind it.)
bool is_right_descendant(const Neighbour& right, const Neighbour& left) {
  const Step& last = left.steps.back();
  return right.is_below(left.bytes.substr(0, last.run_end)) ||
         (last.entry >= 0 && right.is_below(left.bytes.substr(0, last.waypoint_end)));
}

// Returns the outermost place next to a neighbour, on the side where the other one is; nullopt when
// the other one is below it at every step.
std::optional<std::string> further_out(const Neighbour& side, const Neighbour& other, core::Dot dot,
                                       bool behind) {
  for (std::size_t i = 0; i < side.steps.size(); ++i) {
    const Step& step = side.steps[i];
    if (auto own = own_entry(side, step, other, dot, behind)) return own;
    if (other.is_below(side.bytes.substr(0, step.run_end))) continue;
    const std::int64_t to_gap = step.number % 2 == 0 ? 2 : 1;
    return new_waypoint(side, i + 1, step.number + (behind ? to_gap : -to_gap), dot);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Place> place_of(std::string_view position) {
  Step last;
  if (!each_step(position, [&](const Step& step) { last = step; })) return std::nullopt;
  return Place{position.substr(0, last.run_end), static_cast<std::uint64_t>(last.number) / 2};
}

class PositionReader::State {
 public:
  std::optional<Place> place_of(std::string_view position) {
    const std::size_t common = common_prefix(position, last_);
    while (!steps_.empty() && steps_.back().end > common) steps_.pop_back();
    known_.shrink(steps_.empty() ? 0 : steps_.back().origins);
    last_ = position;
    for (std::size_t at = steps_.empty() ? 0 : steps_.back().end; at < position.size();) {
      const auto step = take_step(position, at, known_);
      if (!step) {
        last_.clear();
        steps_.clear();
        return std::nullopt;
      }
      at = step->end;
      steps_.push_back({step->run_end, at, step->number, known_.size()});
    }
    if (steps_.empty() || !is_element(steps_.back().number)) return std::nullopt;
    const Mark& end = steps_.back();
    return Place{position.substr(0, end.run_end), static_cast<std::uint64_t>(end.number) / 2};
  }

 private:
  // A step of the last position, and the origins up to its end.
  struct Mark {
    std::size_t run_end = 0;
    std::size_t end = 0;
    std::int64_t number = 0;
    std::size_t origins = 0;
  };
  std::string last_;
  std::vector<Mark> steps_;
  Origins known_;
};

PositionReader::PositionReader() : state_(std::make_unique<State>()) {}
PositionReader::~PositionReader() = default;
std::optional<Place> PositionReader::place_of(std::string_view position) {
  return state_->place_of(position);
}

std::string position_at(const Place& place) {
  std::string position(place.run);
  put_number(position, 2 * static_cast<std::int64_t>(place.index) + 1);
  return position;
}

core::Origin origin_of(std::string_view run) {
  core::Origin origin = 0;
  (void)each_step(position_at({run, 0}), [&](const Step& step) { origin = step.origin; });
  return origin;
}

std::strong_ordering compare(const Place& a, const Place& b) {
  if (a.run == b.run) return a.index <=> b.index;
  const auto number = [](const Place& place) {
    return 2 * static_cast<std::int64_t>(place.index) + 1;
  };
  // If a place is below the other's run, its bytes continue with the number of a gap.
  if (std::size_t at = a.run.size(); b.run.starts_with(a.run)) {
    return number(a) <=> take_number(b.run, at).value_or(0);
  }
  if (std::size_t at = b.run.size(); a.run.starts_with(b.run)) {
    return take_number(a.run, at).value_or(0) <=> number(b);
  }
  return a.run <=> b.run;
}

std::optional<std::uint64_t> index_in(std::string_view run, const Place& place) {
  if (place.run == run) return place.index;
  if (!place.run.starts_with(run)) return std::nullopt;
  std::size_t at = run.size();
  const std::int64_t gap = take_number(place.run, at).value_or(0);
  return gap <= 0 ? 0 : static_cast<std::uint64_t>(gap) / 2;
}

std::string position_between(std::string_view left, std::string_view right, core::Dot dot) {
  ANABRANCH_ASSERT(left.empty() || right.empty() || left < right);
  const Neighbour before(left);
  const Neighbour after(right);
  if (!left.empty()) {
    if (auto own = own_entry(before, before.steps.back(), after, dot, true)) return *own;
  }
  if (!right.empty()) {
    if (auto own = own_entry(after, after.steps.back(), before, dot, false)) return *own;
  }
  const bool as_right_child = !left.empty() && !is_right_descendant(after, before);
  const Neighbour& parent = as_right_child || right.empty() ? before : after;
  const std::int64_t number = parent.steps.empty() ? 0 : parent.steps.back().number;
  std::string position =
      new_waypoint(parent, parent.steps.size(), number + (as_right_child ? 1 : -1), dot);
  if (position.size() <= kLongPosition) return position;
  for (const bool behind : {true, false}) {
    auto shorter =
        behind ? further_out(before, after, dot, true) : further_out(after, before, dot, false);
    if (shorter && shorter->size() < position.size()) position = *std::move(shorter);
  }
  return position;
}

}  // namespace anabranch::crdt
