// The two pages at the beginning of an LMDB file, the roots of all other pages. LMDB trusts them: a
// page size of 0 or a root behind the end would end the process. So they are checked, by reading
// them like any file, before LMDB maps it.
#pragma once

#include <string>

#include "core/result.h"

namespace anabranch::storage {

// Fails with kCorrupt, naming the fault, when one of the two pages cannot belong to a file of this
// machine's kind, or the page of the newer transaction cannot belong to a whole file. LMDB does not
// use the roots of the other page, and they may be wrong: when a meta page cannot be written, it
// writes the page's old number and size back, and leaves the new roots there. Succeeds when the
// file may not be read: LMDB reports that itself.
core::Result<void> check_meta_pages(const std::string& file);

}  // namespace anabranch::storage
