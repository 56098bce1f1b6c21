// The files of the pages: HTML, styles, modules, out of one folder.
#pragma once

#include <string>

#include "examples/board/http.h"

namespace board {

// Returns a file of a folder, or 304 when the browser has it. Throws Refused{404} for names other
// than those of its kinds; no name leads out of the folder.
Answer read_file(const std::string& folder, const Request& request);

}  // namespace board
