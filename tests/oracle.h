// The oracle: what must be visible, decided from the history of intents alone. It knows nothing of
// rows, slots, ops or joins; its one rule is that an effect is undone by what had observed it and
// by nothing else. Written a second time after `Oracle` of tests/model/model.py, so that the two
// agree.
//
// Every write is recorded once, where it was made, with its dot and its context: the dots that it
// had observed. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/dot.h"
#include "core/hlc.h"
#include "core/number.h"
#include "core/path.h"
#include "core/version_vector.h"

namespace anabranch::test {

class Oracle {
 public:
  // One of the values that a path must show. In the order in which they must be shown.
  struct Value {
    core::Hlc hlc;
    core::Dot dot;
    std::string value;
    auto operator<=>(const Value&) const = default;
  };

  // What must be visible; paths at which nothing is are left out.
  struct View {
    std::map<core::Path, std::vector<Value>> cells;  // Each sorted, none empty.
    std::map<core::Path, core::Number> tallies;      // Those with at least one addition.
    bool operator==(const View&) const = default;
  };

  void put(core::Dot dot, const core::VersionVector& context, core::Path path, core::Hlc hlc,
           std::string value);
  void remove(core::Dot dot, const core::VersionVector& context, core::Path path);
  void add(core::Dot dot, core::Path path, core::Number amount);
  void reset(core::Dot dot, const core::VersionVector& context, core::Path path);
  // Undoes both kinds of effects at and below `prefix`.
  void clear(core::Dot dot, const core::VersionVector& context, core::Path prefix);

  // What must be visible when all writes that `survived` covers are there, and no other: the rest
  // was lost with its leader, together with what it undid.
  [[nodiscard]] View visible(const core::VersionVector& survived) const;

 private:
  struct Put {
    core::Dot dot;
    core::Path path;
    core::Hlc hlc;
    std::string value;
  };
  struct Add {
    core::Dot dot;
    core::Path path;
    core::Number amount;
  };
  // Undoes what its context covers: puts, additions or both, at one path or from a prefix down.
  struct Undo {
    core::Dot by;
    core::VersionVector context;
    bool puts = false;
    bool adds = false;
  };

  // Whether something that survived undoes the put or addition `dot` at `path`.
  [[nodiscard]] bool undone(core::Dot dot, const core::Path& path, bool Undo::*kind,
                            const core::VersionVector& survived) const;

  std::vector<Put> puts_;
  std::vector<Add> adds_;
  std::map<core::Path, std::vector<Undo>> undos_;
  std::map<core::Path, std::vector<Undo>> clears_;
};

// For failures: one line per path.
std::string to_string(const Oracle::View& view);

}  // namespace anabranch::test
