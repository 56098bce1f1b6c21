// The metrics, and that none is missing.

#include "http/metrics.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "control/verbs/status_json.h"
#include "http/metric_table.h"
#include "tests/http/some_status.h"

namespace anabranch::metrics_test {

using http::MetricRow;

namespace {

using Json = nlohmann::ordered_json;

bool has_row(const std::string& path) {
  return std::ranges::count(http::metric_rows(), path, &MetricRow::path) > 0;
}

bool is_unshown(const std::string& path) {
  return std::ranges::count(http::unshown_figures(), path) > 0;
}

// Adds the paths of all figures: numbers, truths and lists of texts. Lists have an item each.
void collect(const Json& at, const std::string& path, std::set<std::string>& figures) {
  if (at.is_object()) {
    for (const auto& [name, value] : at.items()) {
      collect(value, path.empty() ? name : path + '.' + name, figures);
    }
  } else if (at.is_array() && !at.empty() && at[0].is_object()) {
    collect(at[0], path, figures);
  } else if (at.is_number() || at.is_boolean()) {
    figures.insert(path);
  }
}

std::set<std::string> figures_of(const Json& status) {
  std::set<std::string> figures;
  collect(status, "", figures);
  return figures;
}

bool has_line(const std::string& text, const std::string& line) {
  return ('\n' + text).find('\n' + line + '\n') != std::string::npos;
}

std::string contents(const std::string& name) {
  std::ifstream file(std::string(ANABRANCH_ROOT) + "/packaging/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The names of metrics in a text.
std::set<std::string> names_in(const std::string& text) {
  static const std::regex name("anabranch_[a-z0-9_]*[a-z0-9]\\b");
  const std::sregex_iterator begin(text.begin(), text.end(), name);
  std::set<std::string> names;
  for (auto it = begin; it != std::sregex_iterator(); ++it) names.insert(it->str());
  return names;
}

bool exists(const std::string& name) {
  if (name == "anabranch_info") return true;
  const std::string bare = name.substr(std::string_view("anabranch_").size());
  return std::ranges::count(http::metric_rows(), bare, &MetricRow::name) > 0;
}

}  // namespace

TEST_SUITE("http: metrics") {
  TEST_CASE("every figure of a status is a metric") {
    const std::set<std::string> figures = figures_of(test::some_status_json());
    CHECK(figures.size() > 90);
    for (const std::string& path : figures) {
      CAPTURE(path);
      CHECK(has_row(path) != is_unshown(path));
    }
    for (const char* path : {"clocks", "unproven", "storage_damage", "log_damage",
                             "resolver_alarms", "policy_troubles", "forks"}) {
      CAPTURE(path);
      CHECK(has_row(path));
    }
  }

  TEST_CASE("names follow the conventions, and none is used twice") {
    const std::regex plain("[a-z][a-z0-9_]*");
    std::set<std::string_view> names;
    for (const MetricRow& row : http::metric_rows()) {
      CAPTURE(row.name);
      CHECK(names.insert(row.name).second);
      CHECK(std::regex_match(row.name.begin(), row.name.end(), plain));
      CHECK(row.name.ends_with("_total") == (row.kind == MetricRow::Kind::kCounter));
      CHECK(row.name.ends_with("_seconds") ==
            (row.path.find("_ms") != row.path.npos || row.path.find("_us_") != row.path.npos ||
             row.path.ends_with("seconds_left")));
      CHECK(row.help.ends_with("."));
    }
  }

  TEST_CASE("the metrics of the alerts and of the dashboard exist") {
    const std::string alerts = contents("alerts.yml");
    const Json board = Json::parse(contents("grafana.json"));
    std::string asked = board.at("templating").dump();
    for (const Json& panel : board.at("panels")) {
      for (const Json& target : panel.at("targets")) {
        const std::string query = target.at("expr").get<std::string>();
        CAPTURE(query);
        CHECK(!names_in(query).empty());
        asked += query + '\n';
      }
    }
    CHECK(names_in(alerts).size() > 15);
    for (const std::string& text : {alerts, asked}) {
      for (const std::string& name : names_in(text)) {
        CAPTURE(name);
        CHECK(exists(name));
      }
    }
  }

  TEST_CASE("an alert has an expression, a severity and a summary") {
    const std::string alerts = contents("alerts.yml");
    std::size_t count = 0;
    for (std::size_t at = alerts.find("- alert: "); at != alerts.npos; ++count) {
      const std::size_t next = alerts.find("- alert: ", at + 1);
      const std::string alert = alerts.substr(at, next - at);
      CAPTURE(alert);
      CHECK(alert.find("\n        expr: ") != alert.npos);
      CHECK(alert.find("{severity: ") != alert.npos);
      CHECK(alert.find("\n          summary: \"") != alert.npos);
      at = next;
    }
    CHECK(count == 21);
  }

  TEST_CASE("figures come with their labels, in seconds and bytes") {
    const std::string text = http::metrics_of(test::some_status_json());
    CAPTURE(text);
    CHECK(has_line(text, R"(anabranch_info{region="eu",mesh="m",origin="00000000000000aa"} 1)"));
    CHECK(has_line(text, R"(anabranch_peer_lag_seconds{region="eu",peer="us",)"
                         R"(address="tcp://us:7400",origin="00000000000000bb"} 1.5)"));
    CHECK(has_line(text, R"(anabranch_region_pinned_bytes{region="eu",peer="us"} 4096)"));
    CHECK(has_line(text, "# TYPE anabranch_commits_total counter"));
    CHECK(has_line(text, R"(anabranch_commits_total{region="eu"} 7)"));
    CHECK(has_line(text, R"(anabranch_commit_p50_seconds{region="eu"} 0.00025)"));
    CHECK(has_line(text, R"(anabranch_clock_alarms{region="eu"} 1)"));
    CHECK(has_line(text, R"(anabranch_writable{region="eu"} 1)"));
    CHECK(has_line(text, R"(anabranch_conflicts_met_total{region="eu",policy="max",)"
                         R"(prefix="bids/"} 3)"));
  }

  TEST_CASE("what is unknown is no figure, and 0 is one") {
    Json status = test::some_status_json();
    const auto text_with = [&](int round_trip_ms) {
      status["peers"][0]["round_trip_ms"] = round_trip_ms;
      return http::metrics_of(status);
    };
    const std::string labels =
        R"({region="eu",peer="us",address="tcp://us:7400",origin="00000000000000bb"} )";
    CHECK(text_with(-1).find("anabranch_peer_round_trip_seconds") == std::string::npos);
    CHECK(has_line(text_with(0), "anabranch_peer_round_trip_seconds" + labels + "0"));
    CHECK(has_line(text_with(42), "anabranch_peer_round_trip_seconds" + labels + "0.042"));
    CHECK(text_with(0).find("anabranch_peer_equal_ago_seconds") == std::string::npos);
  }

  TEST_CASE("two peers that look alike make no text that is refused") {
    Json status = test::some_status_json();
    status["peers"].push_back(status["peers"][0]);
    const std::string text = http::metrics_of(status);
    const std::string name = "\nanabranch_peer_connected{";
    const std::size_t first = text.find(name);
    REQUIRE(first != text.npos);
    CHECK(text.find(name, first + 1) == text.npos);
  }

  TEST_CASE("hostile names stay within their label") {
    Json status = test::some_status_json();
    status["region"] = "a\"} 1\nevil{x=\"\\";
    const std::string text = http::metrics_of(status);
    CHECK(text.find("\nevil") == text.npos);
    CHECK(text.find(R"(region="a\"} 1\nevil{x=\"\\")") != text.npos);
  }
}

}  // namespace anabranch::metrics_test
