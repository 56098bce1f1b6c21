// The two pages at the beginning of an LMDB file that say where everything else is. LMDB believes
// them: a page size of nothing or a root behind the end would end the process. So they are looked
// at, by reading them as any file, before LMDB maps it.
#pragma once

#include <string>

#include "core/result.h"

namespace anabranch::storage {

// Fails with kCorrupt, naming what is wrong, when one of the two pages cannot be of a whole file of
// this machine's kind. Whoever may not read the file learns that from LMDB.
core::Result<void> check_meta_pages(const std::string& file);

}  // namespace anabranch::storage
