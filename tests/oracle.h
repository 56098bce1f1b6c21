// The oracle: the visible state, decided from the history of intents alone. It knows nothing of
// rows, slots, ops or joins; its one rule is that an effect is undone by acts that had observed it
// and by nothing else. Written a second time after `Oracle` of tests/model/model.py, so that the
// two agree.
//
// Every write is recorded once, where it was made, with its dot and its context: the dots that it
// had observed. A context is a version vector, so several undos together undo all that the join of
// their contexts covers: the history of a path is judged in one pass. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
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
    std::optional<std::string> base = {};
    auto operator<=>(const Value&) const = default;
  };

  // The demanded state; empty paths are left out.
  struct View {
    std::map<core::Path, std::vector<Value>> cells;  // Each sorted, none empty.
    std::map<core::Path, core::Number> tallies;      // Those with at least one addition.
    bool operator==(const View&) const = default;
  };

  void put(core::Dot dot, const core::VersionVector& context, core::Path path, core::Hlc hlc,
           std::string value, std::optional<std::string> base = {});
  void remove(core::Dot dot, const core::VersionVector& context, core::Path path);
  void add(core::Dot dot, core::Path path, core::Number amount);
  void reset(core::Dot dot, const core::VersionVector& context, core::Path path);
  // Undoes both kinds of effects at and below `prefix`.
  void clear(core::Dot dot, const core::VersionVector& context, core::Path prefix);
  // Undoes puts alone: the part of a clear that other regions see until its author lists the
  // tallies.
  void clear_cells(core::Dot dot, const core::VersionVector& context, core::Path prefix);

  // The state that must be visible when exactly the writes that `survived` covers are there: the
  // rest was lost with its leader, together with its undos.
  [[nodiscard]] View visible(const core::VersionVector& survived) const {
    return visible(survived, core::Path());
  }
  // The same at and below a path.
  [[nodiscard]] View visible(const core::VersionVector& survived, const core::Path& prefix) const;

  // Returns whether an addition is in the sum that visible() gives.
  [[nodiscard]] bool counts(const core::Path& path, core::Dot addition,
                            const core::VersionVector& survived) const;

  // Promises that visible() will only be asked for vectors that include `floor`, now and later.
  // Effects that `floor` covers and that acts covered by it undo are forgotten, and so are these
  // acts: writes recorded from now on were not observed by them.
  void settle(const core::VersionVector& floor);
  // How many effects are remembered.
  [[nodiscard]] std::size_t size() const;

 private:
  struct Put {
    core::Dot dot;
    core::Hlc hlc;
    std::string value;
    std::optional<std::string> base;
  };
  struct Add {
    core::Dot dot;
    core::Number amount;
  };
  struct Undo {
    core::Dot by;
    core::VersionVector context;
  };
  using Undos = std::vector<Undo>;
  // The acts at one path itself.
  struct Row {
    std::vector<Put> puts;
    std::vector<Add> adds;
    Undos of_puts;
    Undos of_adds;
  };
  using Clears = std::map<core::Path, core::VersionVector>;  // {prefix: dots undone below it}

  // The dots that the surviving undos have observed together.
  [[nodiscard]] static core::VersionVector undone_by(const Undos& undos,
                                                     const core::VersionVector& survived);
  // Of the clears that concern rows at or below a path.
  [[nodiscard]] static Clears surviving(const std::map<core::Path, Undos>& clears,
                                        const core::VersionVector& survived,
                                        const core::Path& path = {});
  // Adds the dots that were cleared at a path or above it.
  static void join_clears(core::VersionVector& undone, const Clears& clears,
                          const core::Path& path);

  std::map<core::Path, Row> rows_;
  std::map<core::Path, Undos> clears_;
  std::map<core::Path, Undos> cell_clears_;
};

// For failures: one line per path.
std::string to_string(const Oracle::View& view);
// For failures: the lines that differ between two views.
std::string difference(const Oracle::View& shown, const Oracle::View& demanded);

}  // namespace anabranch::test
