// Rows inside elements that are not in their list of containers any more: they are hidden from the
// moment of the erase on, and gone in the end.
#include <algorithm>
#include <optional>

#include <anabranch/error.h>

#include "core/text.h"
#include "leader/scopes/view.h"
#include "tests/sim/network.h"

namespace anabranch::test {

using core::Millis;
using core::Path;

namespace {

constexpr Millis kOrphansEveryMs = 300;
constexpr leader::OrphanLimits kOrphanLimits{
    .grace_ms = 3'000, .looks = 20, .clears = 3, .waiting = 10};

// Returns the member row of the element that a row is inside of, in a list of containers at a key:
// the workload nests none. nullopt for other rows.
std::optional<Path> element_of(const Path& row) {
  const core::Components parts = row.components();
  const bool is_inside = parts.size() > 4 && parts[2] == "i" && parts[3] != "m";
  if (!is_inside) return std::nullopt;
  return Path{parts[0], parts[1], parts[2], parts[3]};
}

// Returns the member row of the element whose new position a row holds; nullopt for other rows.
std::optional<Path> moved_element_of(const Path& row) {
  const core::Components parts = row.components();
  const bool is_position = parts.size() == 5 && parts[2] == "i" && parts[3] == "m";
  if (!is_position) return std::nullopt;
  return Path{parts[0], parts[1], parts[2], parts[4]};
}

// Returns whether a view hides a row; nullopt where a policy of a newer version decides whether the
// key has expired: nobody can tell.
std::optional<bool> hides(const leader::View& view, const Path& row) {
  try {
    return view.hidden(row);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kUnsupported) throw;
    return std::nullopt;
  }
}

// Returns the components of a path, those that are not text in hexadecimal digits.
std::string text_of(const Path& path) {
  std::string text;
  for (const std::string& each : path.components()) {
    const bool is_text = std::ranges::all_of(each, [](char c) { return c > ' ' && c < '\x7f'; });
    text += '/' + (is_text ? each : core::to_hex(each));
  }
  return text;
}

// Calls visit(path) for each row that shows something.
template <typename Visit>
void for_each_row(const Visible& visible, const Visit& visit) {
  for (const auto& [path, values] : visible.cells) visit(path);
  for (const auto& [path, sum] : visible.tallies) visit(path);
}

}  // namespace

std::unique_ptr<leader::OrphanSweep> Network::make_orphan_sweep(Node& node) {
  return std::make_unique<leader::OrphanSweep>(node.replica(), node.disk(), kOrphanLimits);
}

void Network::clear_orphans(Index at) {
  Machine& machine = machines_[at];
  if (now_ < machine.next_orphans_ms) return;
  machine.next_orphans_ms = now_ + kOrphansEveryMs;
  machine.broken = fails(at, machine.orphans->slice(now_));
  follow(at);
}

std::string Network::wrong_orphan(Index at) {
  const regions::Replica& replica = node(at).replica();
  const auto rows = replica.reader();
  const Visible visible = node(at).shown();
  const leader::View view(*rows, replica.names(), resolvers_);
  std::string wrong;
  for_each_row(visible, [&](const Path& path) {
    const auto element = element_of(path);
    if (!element || !wrong.empty()) return;
    const bool gone = !visible.cells.contains(*element);
    const std::optional<bool> hidden = hides(view, path);
    if (!hidden || *hidden == gone) return;
    if (gone) wrong = "shows what is inside an element that was erased";
    // All of a key that has expired is hidden.
    if (!gone && !hides(view, *element).value_or(true)) wrong = "hides what is inside an element";
  });
  return wrong;
}

std::vector<Path> Network::orphans(Index at) {
  const Visible visible = node(at).shown();
  std::vector<Path> rows;
  for_each_row(visible, [&](const Path& path) {
    const auto element = element_of(path);
    const auto moved = moved_element_of(path);
    if ((element && !visible.cells.contains(*element)) ||
        (moved && !visible.cells.contains(*moved))) {
      rows.push_back(path);
    }
  });
  return rows;
}

std::string Network::orphans_text() {
  std::string text;
  for (Index at = 0; at < size(); ++at) {
    for (const Path& row : orphans(at)) {
      text += "  " + node(at).replica().identity().region + ": " + text_of(row) + ", " +
              std::to_string(machines_[at].orphans->waiting()) + " wait for its sweep\n";
    }
  }
  return text;
}

bool Network::run_until_no_orphans(Millis at_most) {
  constexpr Millis kLookEveryMs = 500;
  const auto some_left = [&] {
    for (Index at = 0; at < size(); ++at) {
      if (!orphans(at).empty()) return true;
    }
    return false;
  };
  const auto some_look = [&] {
    return std::ranges::any_of(machines_, [](const Machine& each) {
      return !each.node->replica().exchange().follows() && each.orphans->is_behind();
    });
  };
  // Slices are small here: after many writes a sweep needs minutes for the log alone.
  const Millis last = now_ + 100 * at_most;
  for (Millis end = now_ + at_most; some_left(); run(kLookEveryMs)) {
    if (some_look()) end = now_ + at_most;
    if (now_ >= std::min(end, last)) return false;
  }
  return true;
}

}  // namespace anabranch::test
