// Answers with the files of the page.
#pragma once

#include <optional>

#include "http/request.h"

namespace anabranch::http {

// Returns the file at "/" or "/NAME", or that the browser has it already; none if there is no such
// file. Thread-safe.
std::optional<Answer> page_at(const Request& request);

}  // namespace anabranch::http
