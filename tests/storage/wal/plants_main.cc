// Bugs that the tests of the write-ahead log and of the engine find.

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <array>

#include "tests/planted_tests.h"

namespace {

using anabranch::core::Bug;
using Plant = anabranch::test::PlantedBug;

constexpr std::array kPlants{
    Plant{Bug::kSkipOpeningSync, "rule 1: an opening begins before its record is on disk"},
    Plant{Bug::kCutDamage, "rule 2: a bad record that was on disk is taken for the end",
          "the last segment*"},
    Plant{Bug::kAppendToOldSegment, "rule 3: an opening goes on in the last segment",
          "a log in random lives*"},
    Plant{Bug::kTrustTail, "rule 4: what can be read is taken for what is on disk",
          "where commits do not wait*"},
    Plant{Bug::kIgnoreShortLog, "rule 5: a log that ends before the tables goes on where it ends",
          "rule 5: a log that ends*"},
    Plant{Bug::kKeepUnjoined, "rule 5: segments before a gap are kept", "a log in random lives*"},
    Plant{Bug::kForgetNewest, "rule 5: the newest segment is not missed", "the last segment*"},
    Plant{Bug::kRollWithoutSync, "a segment is closed without a sync", "what was acknowledged*"},
    Plant{Bug::kNameBeforeSync, "a segment gets its name before the one before it is synced"},
    Plant{Bug::kWriteBeforeName, "a segment is written before its name is on disk"},
    Plant{Bug::kCloseUnsynced, "a closing record is written before all before it is on disk",
          "the closing record says*"},
    Plant{Bug::kKeepSpares, "spare files are kept where no segment tells whose records they have",
          "spare files of a log*"},
    Plant{Bug::kNameUnfenced, "shared log, rule 1: a name is changed without a look at the epoch",
          "a shared log: two holders*"},
    Plant{Bug::kWriteUnfenced, "shared log, rule 2: a file is written without a look at its epoch",
          "a shared log: two holders*"},
    Plant{Bug::kReadUnsealed, "shared log, rule 3: files are read before their epochs are raised",
          "a shared log: two holders*"},
    Plant{Bug::kSealAny, "shared log, rule 3: an epoch of a file is lowered",
          "a holder that was stopped*"},
    Plant{Bug::kRepeatObjects, "shared log, rule 4: two holders give objects the same names",
          "a shared log: two holders*"},
    Plant{Bug::kGoOnAfterFailure, "shared log, rule 5: a holder goes on after it got no answer",
          "a shared log: an operation*"},
    Plant{Bug::kReuseGeneration, "engine: a generation is used again before it was emptied"},
    Plant{Bug::kKeepNextTables, "engine: an opening keeps next tables that were not swapped in"},
    Plant{Bug::kNoteFormerGenerations, "engine: a flush notes the generations before a swap"},
    Plant{Bug::kFlushUnsynced, "engine: a flush writes what the log could lose",
          "what was acknowledged*"},
    Plant{Bug::kPassLostPositions, "positions of what a log has lost are passed over",
          "what was acknowledged*"},
    Plant{Bug::kGoOnBelowTrim, "engine: positions go on below what is trimmed",
          "what was trimmed before*"},
    Plant{Bug::kForgetTrim, "engine: a trim that is told while one is noted is forgotten",
          "a trim that is told*"},
    Plant{Bug::kForgetSwaps, "engine: merged tables that a damaged log has lost are not missed",
          "merged tables that*"},
    Plant{Bug::kForgetNoteEarly, "engine: the note of a loss goes before the tables have it",
          "the note of a loss*"},
    Plant{Bug::kTrimHeld, "engine: a trim takes what a backup holds", "a trim keeps what is held*"},
};

}  // namespace

int main(int argc, char** argv) { return anabranch::test::find_planted(kPlants, argc, argv); }
