// `anabranch status`: what a leader knows of itself and of its peers.

#include <iostream>

#include <nlohmann/json.hpp>

#include "server/cli/ask.h"
#include "server/cli/command.h"
#include "server/cli/printable.h"
#include "server/cli/table.h"

namespace anabranch::server::cli {
namespace {

using nlohmann::json;
using Rows = std::vector<std::vector<std::string>>;

// A field as text; "-" when it is empty.
std::string field(const json& object, const char* name) {
  const json& value = object.at(name);
  const std::string text = value.is_string() ? printable(value.get<std::string>()) : value.dump();
  return text.empty() ? "-" : text;
}

std::string state_of(const json& peer) {
  std::string state = peer.at("connected").get<bool>() ? "connected" : "not connected";
  if (peer.at("paused").get<bool>()) state = "paused";
  const std::string note = field(peer, "note");
  return note == "-" ? state : state + ": " + note;
}

std::string head_of(const json& status) {
  Rows rows{{"region", field(status, "region")},
            {"origin", field(status, "origin")},
            {"mesh", field(status, "mesh")},
            {"listens", field(status, "endpoint")},
            {"writes", status.at("writable").get<bool>() ? "accepted" : "refused until reopened"},
            {"log", field(status, "log_records") + " records"},
            {"held", field(status, "held_batches") + " batches wait for others"}};
  if (status.at("resolver_failures") != 0) {
    rows.push_back({"resolvers", "failed " + field(status, "resolver_failures") + " times"});
  }
  return table_of(rows);
}

std::string peers_of(const json& status) {
  Rows rows{{"peer", "address", "origin", "lag ops", "lag ms", "behind ops", "state"}};
  for (const json& peer : status.at("peers")) {
    rows.push_back({field(peer, "region"), field(peer, "address"), field(peer, "origin"),
                    field(peer, "lag_ops"), field(peer, "lag_ms"), field(peer, "behind_ops"),
                    state_of(peer)});
  }
  return rows.size() == 1 ? "no peers\n" : table_of(rows);
}

std::string applied_of(const json& status) {
  Rows rows{{"applied", "origin", "seq"}};
  for (const json& applied : status.at("applied")) {
    rows.push_back({field(applied, "region"), field(applied, "origin"), field(applied, "seq")});
  }
  return rows.size() == 1 ? "nothing applied yet\n" : table_of(rows);
}

ExitCode run(const Arguments& arguments) {
  const core::Result<std::string> answer = ask(arguments, {"STATUS"});
  if (!answer.ok()) return complain(answer.failure().message);
  try {
    const json status = json::parse(answer.value());
    if (arguments.has(kJson.name)) {
      std::cout << status.dump(2) << '\n';
    } else {
      std::cout << head_of(status) << '\n' << peers_of(status) << '\n' << applied_of(status);
    }
  } catch (const json::exception& error) {
    return complain("the server's answer cannot be read: " + std::string(error.what()));
  }
  return kClean;
}

}  // namespace

Command status_command() {
  return {"status", "a leader, its peers and how far they are", {kRedis, kJson}, run};
}

}  // namespace anabranch::server::cli
