// The two pages at the beginning of an LMDB file, the roots of all other pages. LMDB trusts them: a
// page size of 0 or a root behind the end would end the process. So they are checked, by reading
// them like any file, before LMDB maps it.
#pragma once

#include <string>

#include "core/result.h"

namespace anabranch::storage {

// Fails with kCorrupt, naming the fault, when one of the two pages cannot belong to a whole file of
// this machine's kind. Succeeds when the file may not be read: LMDB reports that itself.
core::Result<void> check_meta_pages(const std::string& file);

}  // namespace anabranch::storage
