// Two regions of a test of concerns: us, embedded, and eu with its Redis port. Their link can be
// cut.

#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include <anabranch/anabranch.h>

#include "tests/leader/store_world.h"
#include "tests/server/resp_client.h"
#include "tests/server/running_server.h"

namespace anabranch::test {

inline constexpr const char* kOk = "+OK\r\n";
inline constexpr const char* kLacking = "-CONCERN it is written here; lacking: us-1\r\n";

inline Options of_eu(const Store& peer) {
  Options options;
  options.peers = {peer.status().endpoint};
  options.listen = "tcp://127.0.0.1:0";
  options.node_name = "eu-1";
  options.zone = "a";
  return options;
}

inline Options of_us(const TempDir& folder) {
  Options options = listening(folder, "us");
  options.node_name = "us-1";
  options.zone = "b";
  return options;
}

inline Words set_words(const std::vector<std::string>& words) {
  Words all{"ANABRANCH", "CONCERN", "SET"};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

// The region `us`, embedded, and `eu` with its Redis port; `client` has a concern for both.
struct ConcernWorld {
  TempDir folder;
  std::unique_ptr<Store> us{new Store(Store::open(of_us(folder)))};
  RunningServer eu{of_eu(*us)};
  RespClient client = eu.client();
  RespClient other = eu.client();

  ConcernWorld() {
    REQUIRE(eventually([&] { return demand({"MEMBER", "us-1", "WITHIN", "60000"}) == kOk; }));
    REQUIRE(client.ask({"SET", "first", "v"}) == kOk);
  }
  std::string demand(Words words) {
    words.insert(words.begin(), "DURABLE");
    return client.ask(set_words(words));
  }
  void cut() { REQUIRE(us->pause("eu")); }
  void heal() { REQUIRE(us->resume("eu")); }
  // Sends a request of `client` whose answer is held: when this returns, what it writes is written.
  void hold(const Words& words) {
    client.send(request(words));
    REQUIRE(waiting(1));
  }
  // Whether in time so many answers are held. A client that is blocked may still be writing.
  bool waiting(std::size_t count) {
    return eventually([&] { return figure(other, "held_answers") == count; });
  }
  // The concern of the client, and where it comes from; of its writes to a key, if one is named.
  nlohmann::json in_force(const std::string& key = {}) {
    const Words words = key.empty() ? Words{"ANABRANCH", "CONCERN", "GET"}
                                    : Words{"ANABRANCH", "CONCERN", "KEY", key};
    return nlohmann::json::parse(bulk(client.ask(words)));
  }
  nlohmann::json last() {
    return nlohmann::json::parse(bulk(client.ask({"ANABRANCH", "CONCERN", "LAST"})));
  }
  // The warning of the status about concerns; empty if there is none.
  std::string warning() {
    const auto status = nlohmann::json::parse(bulk(other.ask({"ANABRANCH", "STATUS"})));
    for (const auto& each : status["warnings"]) {
      if (each["kind"] == "concern") return each["text"];
    }
    return {};
  }
  std::string id() {
    const std::string reply = client.ask({"CLIENT", "ID"});
    return reply.substr(1, reply.size() - 3);
  }
};

}  // namespace anabranch::test
