// All settings, their sources, and the messages about mistakes.

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "server/cli/config/page.h"
#include "server/config.h"
#include "server/config_doubts.h"
#include "tests/temp_dir.h"

namespace anabranch::server::config_test {
namespace {

std::vector<std::string> problems_of(std::string_view text) {
  Config config;
  return apply_toml(text, "leader.toml", config);
}

std::string problem_of(std::string_view text) {
  const std::vector<std::string> problems = problems_of(text);
  REQUIRE(problems.size() == 1);
  CHECK(problems.front().find('\n') == std::string::npos);
  return problems.front();
}

const Setting& setting_of(std::string_view key) {
  const auto found = std::ranges::find(settings(), key, &Setting::key);
  REQUIRE(found != settings().end());
  return *found;
}

core::Result<void> apply_variables(const std::map<std::string, std::string>& variables,
                                   Config& config) {
  const auto variable = [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
  return apply_environment(variable, config);
}

TEST_SUITE_BEGIN("server: configuration");

TEST_CASE("a file sets everything that it names") {
  Config config;
  const auto problems = apply_toml(R"(
      region = "eu"
      data = "/tmp/eu"
      listen = "tcp://127.0.0.1:7400"
      peers = ["tcp://127.0.0.1:7401", "tcp://127.0.0.1:7402"]
      redis = "127.0.0.1:0"
      mesh = "story"
      compress = "always"
      policy = ["max 0 bids/", "lww+base 3 doc/"]
      log_level = "warning"
      value_bytes_max = 1_000
    )",
                                   "leader.toml", config);
  CHECK(problems.empty());
  CHECK(config.store.region == "eu");
  CHECK(config.store.path == "/tmp/eu");
  CHECK(config.store.listen == "tcp://127.0.0.1:7400");
  CHECK(config.store.peers ==
        std::vector<std::string>{"tcp://127.0.0.1:7401", "tcp://127.0.0.1:7402"});
  CHECK(config.redis == "127.0.0.1:0");
  CHECK(config.store.mesh == "story");
  CHECK(config.store.compress == CompressLinks::kAlways);
  CHECK(config.log_level == LogLevel::kWarning);
  CHECK(config.store.value_bytes_max == 1000);
  REQUIRE(config.store.policies.size() == 2);
  CHECK(config.store.policies[0].prefix == "bids/");
  CHECK(config.store.policies[0].policy == Policy::max());
  CHECK(config.store.policies[1].policy == Policy::lww().with_base());
  CHECK(config.store.policies[1].database == 3);
}

TEST_CASE("an unknown key is told with its place and the nearest known one") {
  CHECK(problem_of("region = \"eu\"\n  regoin = 5\n") ==
        "leader.toml:2:3: unknown key 'regoin'; did you mean 'region'?");
  CHECK(problem_of("[tls]\nkey = 1\n") == "leader.toml:1:2: unknown key 'tls'");
}

TEST_CASE("a value of the wrong type is told with its place") {
  CHECK(problem_of("region = 5") == "leader.toml:1:10: region: must be a string");
  CHECK(problem_of("\npeers = \"tcp://127.0.0.1:7401\"") ==
        "leader.toml:2:9: peers: must be a list of strings");
  CHECK(problem_of("peers = [\"tcp://127.0.0.1:7401\", 5]") ==
        "leader.toml:1:9: peers: must be a list of strings");
  CHECK(problem_of("map_bytes = true") ==
        "leader.toml:1:13: map_bytes: must be an integer, or a string with a unit");
  CHECK(problem_of("once_max = \"1\"") == "leader.toml:1:12: once_max: must be an integer");
}

TEST_CASE("a value that cannot be is told with its place") {
  CHECK(problem_of("value_bytes_max = -1") ==
        "leader.toml:1:19: value_bytes_max: must be a size, such as 1048576, 64MiB or 1GiB, not "
        "'-1'");
  CHECK(problem_of("value_bytes_max = 0") ==
        "leader.toml:1:19: value_bytes_max: must be a positive integer, not '0'");
  CHECK(problem_of("log_age_ms_max = '7 days'") ==
        "leader.toml:1:18: log_age_ms_max: must be a time, such as 500ms, 30s, 5min, 24h or 7d, "
        "not '7 days'");
  CHECK(problem_of("redis = \"6400\"") ==
        "leader.toml:1:9: redis: must be HOST:PORT, such as 127.0.0.1:6400, not '6400'");
  CHECK(problem_of("listen = \"127.0.0.1:7400\"").starts_with("leader.toml:1:10: listen: "));
  CHECK(problem_of("log_level = \"loud\"") ==
        "leader.toml:1:13: log_level: must be debug, info, warning, error or off, not 'loud'");
  CHECK(problem_of("compress = \"lz4\"") ==
        "leader.toml:1:12: compress: must be never, remote or always, not 'lz4'");
  CHECK(problem_of("policy = [\"most 0 k\"]")
            .starts_with("leader.toml:1:10: policy: there is no kind of policy 'most': lww"));
  CHECK(problem_of("region = \"\"") == "leader.toml:1:10: region: must not be empty");
}

TEST_CASE("a syntax error is told with its place") {
  CHECK(problem_of("region = \"eu\"\nmesh = \n").starts_with("leader.toml:2:"));
  CHECK(problem_of("region = \"eu").starts_with("leader.toml:1:"));
}

TEST_CASE("several problems come in the order of the file") {
  const auto problems = problems_of("zone = 1\nmesh = 2\nlisten = 3\n");
  REQUIRE(problems.size() == 3);
  for (std::size_t i = 0; i < problems.size(); ++i) {
    CHECK(problems[i].starts_with("leader.toml:" + std::to_string(i + 1) + ":"));
  }
}

TEST_CASE("a file that cannot be read is one problem") {
  Config config;
  const test::TempDir folder;
  const std::string absent = (folder.path() / "absent.toml").string();
  CHECK(apply_file(absent, config) ==
        std::vector<std::string>{"cannot read " + absent + ": No such file or directory"});
  CHECK(apply_file(folder.path().string(), config) ==
        std::vector<std::string>{"cannot read " + folder.path().string() + ": Is a directory"});
  const std::string pipe = (folder.path() / "pipe.toml").string();
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(apply_file(pipe, config) ==
        std::vector<std::string>{"cannot read " + pipe + ": it is no regular file"});
  const std::string empty = (folder.path() / "empty.toml").string();
  std::ofstream(empty).close();
  CHECK(apply_file(empty, config).empty());
}

TEST_CASE("the environment overrides the file, and a flag overrides both") {
  Config config;
  CHECK(apply_toml("region = 'file'\nmesh = 'file'\npeers = ['tcp://127.0.0.1:1']", "f", config)
            .empty());
  CHECK(apply_variables({{"ANABRANCH_REGION", "environment"},
                         {"ANABRANCH_PEERS", "tcp://127.0.0.1:2,tcp://127.0.0.1:3"},
                         {"ANABRANCH_VALUE_BYTES_MAX", "7"}},
                        config)
            .ok());
  CHECK(apply_flag(setting_of("region"), {"flag"}, config).ok());
  CHECK(config.store.region == "flag");
  CHECK(config.store.mesh == "file");
  CHECK(config.store.peers == std::vector<std::string>{"tcp://127.0.0.1:2", "tcp://127.0.0.1:3"});
  CHECK(config.store.value_bytes_max == 7);
}

TEST_CASE("peers are called peers or peer, in the file and in the environment, but not both") {
  Config config;
  CHECK(apply_toml("peer = ['tcp://127.0.0.1:1']", "f", config).empty());
  CHECK(config.store.peers == std::vector<std::string>{"tcp://127.0.0.1:1"});
  CHECK(apply_variables({{"ANABRANCH_PEER", "tcp://127.0.0.1:2"}}, config).ok());
  CHECK(config.store.peers == std::vector<std::string>{"tcp://127.0.0.1:2"});
  CHECK(problem_of("peers = ['tcp://127.0.0.1:1']\npeer = ['tcp://127.0.0.1:2']") ==
        "leader.toml:2:1: peer: is the same as peers, which is given, too");
  const auto both = apply_variables(
      {{"ANABRANCH_PEER", "tcp://127.0.0.1:1"}, {"ANABRANCH_PEERS", "tcp://127.0.0.1:2"}}, config);
  REQUIRE(!both.ok());
  CHECK(both.failure().message ==
        "ANABRANCH_PEER: is the same as ANABRANCH_PEERS, which is given, too");
  CHECK(setting_of("peers").also_flag == "--peers");
}

TEST_CASE("a variable that is no setting is told with the nearest one, but not one of tests") {
  const auto lines = unknown_variables({"ANABRANCH_LISTN", "ANABRANCH_PEERS", "ANABRANCH_PEER",
                                        "ANABRANCH_CONFIG", "ANABRANCH_TEST_SEED", "PATH",
                                        "ANABRANCH_XYZZY_NOTHING_LIKE_IT", "ANABRANCH_BOGUS"});
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] ==
        "the variable ANABRANCH_LISTN is no setting and does nothing; did you mean "
        "ANABRANCH_LISTEN?");
  CHECK(lines[1].find("ANABRANCH_XYZZY_NOTHING_LIKE_IT is no setting") != std::string::npos);
  CHECK(lines[2] ==
        "the variable ANABRANCH_BOGUS is no setting and does nothing; see anabranch serve --help");
}

TEST_CASE("a leader that is among its own peers is a note, and no doubt") {
  Config config;
  config.store.listen = "tcp://127.0.0.1:7400";
  config.store.peers = {"tcp://localhost:7400", "tcp://127.0.0.1:7401"};
  REQUIRE(notes(config).size() == 1);
  CHECK(notes(config)[0].find("localhost:7400 is where this leader itself listens") !=
        std::string::npos);
  CHECK(doubts(config).empty());
}

TEST_CASE("what reads well and cannot be is doubted, a sentence each") {
  const auto doubts_of = [](const std::function<void(Config&)>& change) {
    Config config;
    change(config);
    return doubts(config);
  };
  CHECK(doubts_of([](Config&) {}).empty());
  const auto oneself = doubts_of([](Config& config) {
    config.store.listen = "tcp://127.0.0.1:7400";
    config.store.peers = {"tcp://localhost:7400", "tcp://127.0.0.1:7401", "tcp://127.0.0.1:7401"};
  });
  REQUIRE(oneself.size() == 1);
  CHECK(oneself[0] == "peers: tcp://127.0.0.1:7401 is there twice");
  const auto unknown = doubts_of([](Config& config) {
    config.store.insecure = true;
    config.store.peers = {"tcp://no-such-host.invalid:7400"};
  });
  REQUIRE(unknown.size() == 1);
  CHECK(unknown[0].find("no-such-host.invalid cannot be looked up") != std::string::npos);
  const auto alone = doubts_of([](Config& config) { config.store.peers = {"tcp://127.0.0.1:1"}; });
  REQUIRE(alone.size() == 1);
  CHECK(alone[0].find("listens nowhere") != std::string::npos);
  CHECK(alone[0].find("connection refused") != std::string::npos);
  const auto plain = doubts_of([](Config& config) { config.redis = "0.0.0.0:6400"; });
  REQUIRE(plain.size() == 1);
  CHECK(plain[0].find("0.0.0.0:6400 is refused without TLS") != std::string::npos);
  CHECK(doubts_of([](Config& config) {
          config.redis = "0.0.0.0:6400";
          config.redis_insecure = true;
        }).empty());
  const auto open = doubts_of([](Config& config) { config.redis_tls = "[::]:6401"; });
  REQUIRE(!open.empty());
  CHECK(open[0].find("[::]:6401 is refused without passwords") != std::string::npos);
  const auto refused = doubts_of([](Config& config) { config.store.map_bytes = 1; });
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].find("64 MiB") != std::string::npos);
}

TEST_CASE("a mistake in the environment or in a flag names the variable or the flag") {
  Config config;
  const auto environment = apply_variables({{"ANABRANCH_MAP_BYTES", "much"}}, config);
  REQUIRE(!environment.ok());
  CHECK(environment.failure().message ==
        "ANABRANCH_MAP_BYTES: must be a size, such as 1048576, 64MiB or 1GiB, not 'much'");
  const auto flag = apply_flag(setting_of("peers"), {"tcp://127.0.0.1"}, config);
  REQUIRE(!flag.ok());
  CHECK(flag.failure().message.starts_with("--peer: "));
}

TEST_CASE("a limit of answers under which they would wait for ever is refused") {
  Config config;
  const std::vector<std::string> problems = apply_toml("output_bytes_max = '63KiB'", "f", config);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].find("must be at least 64KiB, not 64512") != std::string::npos);
  CHECK(apply_toml("output_bytes_max = '64KiB'", "f", config).empty());
}

TEST_CASE("all settings are told as one text each") {
  Config config;
  config.store.peers = {"tcp://a:1", "tcp://b:2"};
  std::map<std::string, std::string> all;
  for (const auto& [key, value] : settings_in(config)) all[key] = value;
  CHECK(all.size() == settings().size());
  CHECK(all.at("peers") == "tcp://a:1,tcp://b:2");
  CHECK(all.at("output_stall_ms") == "5s");
  CHECK(all.at("region").empty());
}

TEST_CASE("region and data directory must come from somewhere") {
  Config config;
  CHECK(check_complete(config).failure().message.find("--region") != std::string::npos);
  config.store.region = "eu";
  CHECK(check_complete(config).failure().message.find("--data") != std::string::npos);
  config.store.path = "/tmp/eu";
  CHECK(check_complete(config).ok());
}

TEST_CASE("every setting has a key, a flag and a variable of its own") {
  std::set<std::string> names;
  for (const Setting& setting : settings()) {
    CAPTURE(setting.key);
    CHECK(names.insert(std::string(setting.key)).second);
    CHECK(names.insert(std::string(setting.flag)).second);
    CHECK(names.insert(environment_name(setting.key)).second);
    CHECK(setting.flag.starts_with("--"));
    CHECK(!setting.help.empty());
  }
}

TEST_CASE("sizes and times have units, in every source") {
  Config config;
  CHECK(apply_toml("log_bytes_max = '2 GiB'\nlog_age_ms_max = '7d'\nonce_ms = 500", "f", config)
            .empty());
  CHECK(config.store.log_bytes_max == std::uint64_t{2} << 30U);
  CHECK(config.store.log_age_ms_max == 7 * 24 * 3'600'000);
  CHECK(config.store.once_ms == 500);
  CHECK(apply_variables({{"ANABRANCH_LOG_BYTES_MAX", "3MiB"}}, config).ok());
  CHECK(config.store.log_bytes_max == std::uint64_t{3} << 20U);
  CHECK(apply_flag(setting_of("expiry_grace_ms"), {"30s"}, config).ok());
  CHECK(config.store.expiry_grace_ms == 30'000);
  CHECK(apply_flag(setting_of("reserve_bytes"), {"0"}, config).ok());
  CHECK(config.store.reserve_bytes == 0);
  CHECK(!apply_flag(setting_of("log_bytes_max"), {"9999999TiB"}, config).ok());
  CHECK(!apply_flag(setting_of("log_bytes_max"), {"1MB"}, config).ok());
  CHECK(!apply_flag(setting_of("log_bytes_max"), {"GiB"}, config).ok());
}

TEST_CASE("a setting is shown in its greatest unit, with the place that it comes from") {
  Config config;
  CHECK(apply_toml("\nlog_bytes_max = 1024", "leader.toml", config).empty());
  CHECK(
      apply_variables({{"ANABRANCH_MESH", "one"}, {"ANABRANCH_PEER", "tcp://127.0.0.1:2"}}, config)
          .ok());
  CHECK(apply_flag(setting_of("once_ms"), {"90min"}, config).ok());
  CHECK(values_in(config, setting_of("log_bytes_max")) == std::vector<std::string>{"1KiB"});
  CHECK(values_in(config, setting_of("once_ms")) == std::vector<std::string>{"90min"});
  CHECK(values_in(config, setting_of("log_age_ms_max")) == std::vector<std::string>{"7d"});
  CHECK(values_in(config, setting_of("no_control")) == std::vector<std::string>{"false"});
  CHECK(config.from ==
        std::map<std::string, std::string, std::less<>>{{"log_bytes_max", "leader.toml:2"},
                                                        {"mesh", "ANABRANCH_MESH"},
                                                        {"peers", "ANABRANCH_PEER"},
                                                        {"once_ms", "--once-ms"}});
}

TEST_CASE("every setting can be read again, and has a default or an example") {
  for (const Setting& setting : settings()) {
    CAPTURE(setting.key);
    const bool can_be_read = setting.access.get != nullptr;
    REQUIRE(can_be_read);
    const std::vector<std::string> usual = values_in(Config{}, setting);
    CHECK(usual.empty() == !setting.example.empty());
    Config config;
    for (const std::string& value : usual) {
      if (setting.kind != Setting::Kind::kSwitch) {
        CHECK(apply_flag(setting, {value}, config).ok());
      }
    }
    CHECK(values_in(config, setting) == usual);
  }
}

TEST_CASE("the commented configuration is valid, as it is and with every comment taken away") {
  Config given;
  CHECK(apply_flag(setting_of("region"), {"eu \"1\"\n"}, given).ok());
  CHECK(apply_flag(setting_of("peers"), {"tcp://127.0.0.1:1", "us@tcp://[::1]:2"}, given).ok());
  CHECK(apply_flag(setting_of("map_bytes"), {"1GiB"}, given).ok());
  const std::string page = cli::config_page(given);
  Config config;
  CHECK(apply_toml(page, "page", config).empty());
  CHECK(config.from.size() == 3);
  CHECK(config.store.region == given.store.region);
  CHECK(config.store.peers == given.store.peers);
  CHECK(config.store.map_bytes == given.store.map_bytes);
  const std::string all =
      std::regex_replace(cli::config_page(Config{}), std::regex("\n#([a-z_]+ = )"), "\n$1");
  Config example;
  CHECK(apply_toml(all, "page", example).empty());
  CHECK(example.from.size() == settings().size());
  for (const Setting& setting : settings()) {
    const std::vector<std::string> usual = values_in(Config{}, setting);
    CHECK(values_in(example, setting) ==
          (usual.empty() ? std::vector<std::string>{std::string(setting.example)} : usual));
  }
}

TEST_CASE("the nearest name is near, or there is none") {
  const std::vector<std::string_view> names{"region", "listen", "peers"};
  CHECK(nearest("regions", names) == "region");
  CHECK(nearest("lisetn", names) == "listen");
  CHECK(nearest("password", names).empty());
}

TEST_SUITE_END();

}  // namespace
}  // namespace anabranch::server::config_test
