// Bugs that are found by the tests of salvage, where lost writes are written again.

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <array>

#include "tests/planted_tests.h"

namespace {

using anabranch::core::Bug;
using Plant = anabranch::test::PlantedBug;

constexpr std::array kPlants{
    Plant{Bug::kNoteSalvageLater, "what is written again is noted with the next commit",
          "killed at each call*"},
    Plant{Bug::kWriteOverNewer, "lost writes are written over those that came later",
          "keys that have changed*"},
    Plant{Bug::kSalvageUnsettled, "others that may have the lost writes are not waited for",
          "while others may have*"},
};

}  // namespace

int main(int argc, char** argv) { return anabranch::test::find_planted(kPlants, argc, argv); }
