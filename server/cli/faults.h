// The message of the program when memory cannot be read. A data file is read through a memory map:
// if its disk cannot deliver a page, or the file was shortened, the process gets SIGBUS or SIGSEGV.
#pragma once

namespace anabranch::server::cli {

// Installs the handlers: such a signal prints a line on standard error. If the address lies in a
// data file, or LMDB was led astray, the line names that file and the remedy, and the process ends
// with kDamaged; otherwise it ends by the signal. Damage found by storage ends the process with
// kDamaged as well.
void explain_faults();

}  // namespace anabranch::server::cli
