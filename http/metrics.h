// The status of a leader in the text format of Prometheus.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace anabranch::http {

// Returns the metrics of metric_table.h that the status has figures for, each with the label
// `region`, of this leader, and anabranch_info with its other names as labels.
std::string metrics_of(const nlohmann::ordered_json& status);

}  // namespace anabranch::http
