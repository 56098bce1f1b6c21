// Questions to a running leader.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/result.h"
#include "server/cli/client.h"
#include "server/cli/command.h"

namespace anabranch::server::cli {

// Where a leader's Redis port is unless it is told.
constexpr std::string_view kUsualPort = "127.0.0.1:6400";

// Connects to the Redis port at an address, in the way that the arguments say: TLS, user and
// password.
core::Result<Client> connect_to_port(const Arguments& arguments, const std::string& address);

// Connects to the leader named by --redis or --data, sends ANABRANCH and the words, and returns the
// answer. Words that name keys refer to keys of `database`, as typed by the user; empty: of
// database 0.
core::Result<std::string> ask(const Arguments& arguments, std::vector<std::string> words,
                              const std::string& database = {});

// Prints why a question has no answer. Returns kSilent if the leader does not answer, else kFailed.
ExitCode print_unanswered(const core::Failure& failure);

// Sends a question whose answer is JSON, and prints the answer: unchanged with --json, else as
// formatted by `text`. Prints an error if no answer arrives, or if `text` cannot read it.
ExitCode print_answer(const Arguments& arguments, std::vector<std::string> words,
                      std::string (*text)(const nlohmann::json& answer),
                      const std::string& database = {});

// Returns bytes of an answer: a string if they are UTF-8, else {"hex": "00ff..."}. Throws
// nlohmann::json::exception when the value is neither.
std::string bytes_of(const nlohmann::json& value);

}  // namespace anabranch::server::cli
