// A leader's status: every field is shown, in JSON and in INFO, under one name.

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "control/verbs/status_json.h"
#include "tests/server/resp_client.h"
#include "tests/server/running_server.h"

namespace anabranch::status_fields_test {

using test::bulk;
using test::RespClient;
using test::RunningServer;

TEST_SUITE("server: status fields") {
  TEST_CASE("a status is an object of all its fields, with its parts and lists") {
    StoreStatus status;
    status.region = "eu";
    status.rows = 7;
    status.refused.malformed_frames = 3;
    status.peers.resize(1);
    status.peers[0].region = "us";
    status.peers[0].lag_ops = 5;
    status.forks.resize(1);
    status.forks[0].same = {"eu", "us"};
    status.clocks = {"a clock is wrong"};
    const nlohmann::ordered_json json = control::to_json(status);
    CHECK(json.size() == std::tuple_size_v<decltype(control::kFields<StoreStatus>)>);
    CHECK(json.at("region") == "eu");
    CHECK(json.at("rows") == 7);
    CHECK(json.at("writable") == true);
    CHECK(json.at("refused").at("malformed_frames") == 3);
    CHECK(json.at("peers")[0].at("region") == "us");
    CHECK(json.at("peers")[0].at("lag_ops") == 5);
    CHECK(json.at("forks")[0].at("same")[1] == "us");
    CHECK(json.at("clocks")[0] == "a clock is wrong");
    CHECK(json.at("snapshots").is_array());
    CHECK(json.at("rejoin").at("stage") == "");
  }

  TEST_CASE("INFO has every plain field of STATUS, of parts and peers, too, and counts lists") {
    RunningServer server;
    RespClient client = server.client();
    client.ask({"SET", "k", "v"});
    const std::string info = "\r\n" + bulk(client.ask({"INFO", "anabranch"}));
    const auto has = [&](const std::string& line) {
      CAPTURE(line);
      CHECK(info.find("\r\n" + line + "\r\n") != info.npos);
    };
    has("region:eu");
    has("writable:1");
    has("follower:0");
    has("applied:1");
    has("peers:0");
    has("refused_forged_batches:0");
    has("rejoin_stage:");
    const auto json = nlohmann::json::parse(bulk(client.ask({"ANABRANCH", "STATUS"})));
    has("digest:" + json.at("digest").get<std::string>());
    for (const auto& each : json.items()) {
      const std::string& name = each.key();
      // Those of the server itself are in other sections, as Redis names them.
      if (name == "redis" || name == "commands" || !each.value().is_primitive()) continue;
      CAPTURE(name);
      CHECK(info.find("\r\n" + name + ":") != info.npos);
    }
  }
}

}  // namespace anabranch::status_fields_test
