// Questions to a running leader: ANABRANCH STATUS, PEER, SHOW and DIGEST.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "server/cli/command.h"

namespace anabranch::server::cli {

// Connects to the leader that --redis names, sends ANABRANCH and the words, and returns its answer.
core::Result<std::string> ask(const Arguments& arguments, std::vector<std::string> words);

}  // namespace anabranch::server::cli
