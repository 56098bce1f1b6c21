// Merging the rows of two replicas: `merge` of tests/model/model.py.
#pragma once

#include "core/version_vector.h"
#include "regions/stage.h"

namespace anabranch::regions {

// Joins another replica's rows into a stage over the own ones, with what each side has applied.
void merge_rows(Stage& mine, const core::VersionVector& mine_applied, const RowReader& theirs,
                const core::VersionVector& theirs_applied);

}  // namespace anabranch::regions
