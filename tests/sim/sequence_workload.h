// The acts of editors of lists, texts and lists of containers in a simulation: rows at positions
// between existing ones, moved elements, deleted parts, cleared runs, contents of elements.
#pragma once

#include <string>

#include "regions/group.h"
#include "tests/crdt/random.h"

namespace anabranch::test {

// A random act on the list or the text at a key of database 0, as their handles would write it.
void random_sequence_act(regions::Group& group, Random& random, const std::string& key);
// The same on the list of containers there.
void random_items_act(regions::Group& group, Random& random, const std::string& key);

}  // namespace anabranch::test
