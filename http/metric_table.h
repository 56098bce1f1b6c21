// The metrics of GET /metrics: one row for each figure of a status (control/verbs/status_fields.h,
// and the figures that a server adds). A test fails for a figure without a row.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace anabranch::http {

struct MetricRow {
  // A gauge of kKnown is left out while it is negative: it is unknown then.
  enum class Kind : std::uint8_t { kCounter, kGauge, kKnown };

  // Of the figure in the status, with dots between names. Of a list of objects: one metric for each
  // of them; of a list of texts: their number.
  std::string_view path;
  std::string_view name;  // Without "anabranch_".
  Kind kind;
  double scale;  // The factor that makes seconds out of milliseconds; else 1.
  std::string_view help;
};

// A field of the objects of a list, and the label that its text becomes.
struct LabelRow {
  std::string_view list;
  std::string_view field;
  std::string_view label;
};

std::span<const MetricRow> metric_rows();
std::span<const LabelRow> label_rows();
// Paths of figures that no metric shows, since another one says the same.
std::span<const std::string_view> unshown_figures();

}  // namespace anabranch::http
