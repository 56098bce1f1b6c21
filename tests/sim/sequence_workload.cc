#include "tests/sim/sequence_workload.h"

#include <vector>

#include "core/assert.h"
#include "crdt/position.h"

namespace anabranch::test {

namespace {

using core::Path;
using Positions = std::vector<std::string>;

constexpr std::string_view kSpace{"\1"};

// The positions of all rows directly below a prefix, in order.
Positions positions_below(regions::Group& group, const Path& prefix) {
  Positions positions;
  const std::size_t depth = prefix.components().size();
  group.stage().scan(core::PathRange::below(prefix), [&](const Path& path, const crdt::Row&) {
    const core::Components components = path.components();
    const bool is_element = components.size() == depth + 1;
    if (is_element && crdt::place_of(components.back())) positions.push_back(components.back());
    return true;
  });
  return positions;
}

// A position somewhere between them; `within` a run at times.
std::string random_position(regions::Group& group, Random& random, const Positions& all,
                            bool within) {
  const std::size_t at = random.below(all.size() + 1);
  std::string left = at == 0 ? "" : all[at - 1];
  std::string right = at == all.size() ? "" : all[at];
  if (within && at > 0 && random.chance(0.5)) {
    const auto place = crdt::place_of(left);
    right = crdt::position_at({place->run, place->index + 1});
  }
  const std::string position = crdt::position_between(left, right, group.next());
  ANABRANCH_ASSERT(left < position && (right.empty() || position < right));
  return position;
}

void act_on_list(regions::Group& group, Random& random, const Path& list) {
  const Positions all = positions_below(group, list);
  if (all.empty() || random.chance(0.5)) {
    const std::string position = random_position(group, random, all, false);
    group.put(list.child(position), std::to_string(random.below(100)));
    return;
  }
  const std::string& element = random.pick(all);
  const Path moved = list.child("m").child(element);
  if (random.chance(0.5)) {
    group.put(moved, random_position(group, random, all, false));
  } else {
    group.remove(list.child(element));
    group.remove(moved);
  }
}

// Elements with contents: an erase clears what it has seen of them, and only the member row of an
// element that is there is ever put.
void act_on_items(regions::Group& group, Random& random, const Path& list) {
  const Positions all = positions_below(group, list);
  if (all.empty() || random.chance(0.3)) {
    group.put(list.child(random_position(group, random, all, false)), "");
    return;
  }
  const std::string& position = random.pick(all);
  const Path element = list.child(position);
  const double what = random.unit();
  if (what < 0.25) {
    group.clear(element);
    group.remove(list.child("m").child(position));
  } else if (what < 0.4) {
    group.put(list.child("m").child(position), random_position(group, random, all, false));
  } else if (what < 0.6) {
    group.add(element.child("h").child("votes").child("s"), 1);
  } else if (what < 0.7) {
    act_on_list(group, random, element.child("l"));
  } else {
    group.put(element.child("h").child("text").child("s"), std::to_string(random.below(100)));
  }
}

void act_on_text(regions::Group& group, Random& random, const Path& text) {
  const Positions all = positions_below(group, text);
  if (all.empty() || random.chance(0.5)) {
    const std::string position = random_position(group, random, all, true);
    group.put(text.child(position), std::string(1 + random.below(9), 'x'));
    return;
  }
  const Path run = text.child(random.pick(all));
  if (random.chance(0.3)) {
    group.clear(run);
  } else {
    const std::string part{static_cast<char>(random.below(8)),
                           static_cast<char>(1 + random.below(3))};
    group.put(run.child(part), "");
  }
}

}  // namespace

void random_sequence_act(regions::Group& group, Random& random, const std::string& key) {
  const bool list = random.chance(0.5);
  const Path place{kSpace, key, list ? "l" : "t"};
  list ? act_on_list(group, random, place) : act_on_text(group, random, place);
}

void random_items_act(regions::Group& group, Random& random, const std::string& key) {
  act_on_items(group, random, Path{kSpace, key, "i"});
}

}  // namespace anabranch::test
