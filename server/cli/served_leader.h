// The leader of a configuration with its ports: opened, and opened anew.
#pragma once

#include <memory>
#include <optional>

#include "core/result.h"
#include "http/port.h"
#include "leader/leader.h"
#include "server/config.h"
#include "server/file_limit.h"
#include "server/reopenings.h"
#include "server/resp/server.h"

namespace anabranch::server::cli {

[[nodiscard]] DescriptorNeeds needs_of(const Config& config);

struct ServedLeader {
  std::unique_ptr<leader::Leader> leader;
  std::unique_ptr<Server> server;
  std::unique_ptr<http::Port> http;  // Null: there is none.
};

// Why one could not be opened.
struct Refusal {
  core::Failure failure;
  bool misconfigured = false;  // Another start would find the same.
};

// Opens all of it. Returns why not, and leaves `opened` empty then.
[[nodiscard]] std::optional<Refusal> open(ServedLeader& opened, const Config& config,
                                          const DescriptorShares& shares, Reopenings& reopenings);
// The same for a directory that this process has had open: fails where it has no data.
[[nodiscard]] std::optional<Refusal> open_anew(ServedLeader& opened, const Config& config,
                                               const DescriptorShares& shares,
                                               Reopenings& reopenings);
// The configuration of the next opening: the same ports, and nothing that was said of one opening.
[[nodiscard]] Config of_next_opening(Config config, const ServedLeader& opened);

}  // namespace anabranch::server::cli
