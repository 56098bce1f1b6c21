// Questions to a running leader.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/result.h"
#include "server/cli/command.h"

namespace anabranch::server::cli {

// Connects to the leader that --redis names, sends ANABRANCH and the words, and returns its answer.
// Words that name keys mean those of `database`, as the user has typed it; empty: of database 0.
core::Result<std::string> ask(const Arguments& arguments, std::vector<std::string> words,
                              const std::string& database = {});

// Asks what is answered in JSON and prints the answer: as it is with --json, else as `text` puts
// it. Complains when there is no answer, or one that `text` cannot read.
ExitCode print_answer(const Arguments& arguments, std::vector<std::string> words,
                      std::string (*text)(const nlohmann::json& answer),
                      const std::string& database = {});

}  // namespace anabranch::server::cli
