// What the program says when memory cannot be read. A data file is read through a map: where its
// disk does not give a page, or somebody has shortened it, the process gets SIGBUS or SIGSEGV.
#pragma once

namespace anabranch::server::cli {

// From now on such a signal gives a line on standard error. Where the address lies in a data file,
// or LMDB was led astray, the line names that file and what to do, and the process ends with
// kDamaged; elsewhere it ends by the signal. Whatever storage finds damaged ends the process with
// kDamaged as well.
void explain_faults();

}  // namespace anabranch::server::cli
