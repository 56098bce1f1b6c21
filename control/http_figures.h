// Figures of the HTTP servers of this process. The servers are a layer above; the status of a
// leader shows them, as `http`.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <tuple>

#include "control/verbs/status_fields.h"

namespace anabranch::control {

struct HttpStatus {
  std::uint64_t connections = 0;  // Now, at most 256...
  std::uint64_t streams = 0;      // ...and of these, streams of events.
  std::uint64_t requests = 0;     // Since the start.
  // Since the start: connections beyond the limit, foreign hosts and origins, wrong tokens and
  // passwords, and users without the right.
  std::uint64_t refused = 0;
};

template <>
inline constexpr auto kFields<HttpStatus> = std::tuple{
    Field{"connections", &HttpStatus::connections},
    Field{"streams", &HttpStatus::streams},
    Field{"requests", &HttpStatus::requests},
    Field{"refused", &HttpStatus::refused},
};

static_assert(kIsComplete<HttpStatus>);

// Thread-safe.
class HttpFigures {
 public:
  std::atomic<std::uint64_t> connections = 0;
  std::atomic<std::uint64_t> streams = 0;
  std::atomic<std::uint64_t> requests = 0;
  std::atomic<std::uint64_t> refused = 0;

  [[nodiscard]] HttpStatus status() const { return {connections, streams, requests, refused}; }
};

// Returns the figures of a data directory, the same for all servers that hold them. Thread-safe.
std::shared_ptr<HttpFigures> http_figures(const std::string& directory);

// Adds the figures of a data directory to a status, if there is an HTTP server. Thread-safe.
void describe_http(nlohmann::ordered_json& status, const std::string& directory);

}  // namespace anabranch::control
