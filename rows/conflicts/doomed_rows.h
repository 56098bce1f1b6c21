// Notes of values under a deadline that their author had not seen, or the author of the deadline
// not them: they go when the key expires, though nobody has chosen that.
//
// Under a string a deadline names the values that it is for, so only elements, fields and flags can
// be doomed. A deadline that is set anew does not save a value from its note.
#pragma once

#include <cstddef>

#include "core/batch.h"
#include "core/version_vector.h"
#include "rows/conflicts/conflict_note.h"
#include "rows/published_expiry.h"
#include "rows/row_reader.h"

namespace anabranch::rows {

// So many rows of a key are searched when a deadline comes, in the order of their paths.
inline constexpr std::size_t kDoomedRowsMax = 1000;
// So many rows and values are looked at for a batch; what is behind them is counted as not noted.
inline constexpr std::size_t kDoomedLooksMax = 4'000'000;

// Adds the notes of a batch of another leader that has been applied to `rows`; `deps` is all that
// its leader had applied before. Costs a look at the filter for each put, and nothing where no key
// ever had a deadline.
void note_doomed_rows(const RowReader& rows, const PublishedExpiry& expiries,
                      const core::Batch& batch, const core::VersionVector& deps,
                      ConflictNotes& notes);

}  // namespace anabranch::rows
