#include "http/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "http/metric_table.h"

namespace anabranch::http {
namespace {

using Json = nlohmann::ordered_json;
using Labels = std::vector<prometheus::ClientMetric::Label>;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

ClientMetric metric_of(MetricRow::Kind kind, double value, Labels labels) {
  ClientMetric metric;
  metric.label = std::move(labels);
  if (kind == MetricRow::Kind::kCounter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  return metric;
}

// Collects the metrics of one row.
class Family {
 public:
  explicit Family(const MetricRow& row) : row_(row) {
    family_.name = "anabranch_" + std::string(row.name);
    family_.help = row.help;
    family_.type = row.kind == MetricRow::Kind::kCounter ? MetricType::Counter : MetricType::Gauge;
  }

  // Adds the figures at the rest of the path, below `at`; `done` is the path of `at`.
  void walk(const Json& at, std::string_view rest, const std::string& done, const Labels& labels) {
    if (at.is_array() && !rest.empty()) {
      for (const Json& item : at) walk(item, rest, done, labels_of(item, done, labels));
      return;
    }
    if (rest.empty()) return add(at, labels);
    const std::size_t dot = rest.find('.');
    const std::string name(rest.substr(0, dot));
    const auto next = at.find(name);
    if (next == at.end()) return;
    walk(*next, dot == rest.npos ? std::string_view() : rest.substr(dot + 1),
         done.empty() ? name : done + '.' + name, labels);
  }

  [[nodiscard]] MetricFamily take() && { return std::move(family_); }

 private:
  static Labels labels_of(const Json& item, const std::string& list, Labels labels) {
    for (const LabelRow& row : label_rows()) {
      if (row.list != list) continue;
      labels.push_back(
          {std::string(row.label), item.at(std::string(row.field)).get<std::string>()});
    }
    return labels;
  }

  void add(const Json& figure, const Labels& labels) {
    // Two metrics of the same labels would make the whole text invalid.
    if (!seen_.insert(labels).second) return;
    double value = 0;
    if (figure.is_boolean()) value = figure.get<bool>() ? 1 : 0;
    if (figure.is_number()) value = figure.get<double>();
    if (figure.is_array()) value = static_cast<double>(figure.size());
    if (row_.kind == MetricRow::Kind::kKnown && value < 0) return;
    family_.metric.push_back(metric_of(row_.kind, value * row_.scale, labels));
  }

  const MetricRow& row_;
  MetricFamily family_;
  std::set<Labels> seen_;
};

MetricFamily info_of(const Json& status, Labels labels) {
  for (const char* name : {"mesh", "origin"}) {
    labels.push_back({name, status.at(name).get<std::string>()});
  }
  MetricFamily family;
  family.name = "anabranch_info";
  family.help = "1; the names of the leader.";
  family.type = MetricType::Gauge;
  family.metric.push_back(metric_of(MetricRow::Kind::kGauge, 1, std::move(labels)));
  return family;
}

}  // namespace

std::string metrics_of(const Json& status) {
  const Labels labels{{"region", status.at("region").get<std::string>()}};
  std::vector<MetricFamily> families{info_of(status, labels)};
  for (const MetricRow& row : metric_rows()) {
    Family family(row);
    family.walk(status, row.path, "", labels);
    MetricFamily made = std::move(family).take();
    if (!made.metric.empty()) families.push_back(std::move(made));
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace anabranch::http
