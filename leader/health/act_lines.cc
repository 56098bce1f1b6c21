#include "leader/health/act_lines.h"

#include "core/log.h"
#include "core/system/standard_error.h"
#include "transport/log_peer.h"

namespace anabranch::leader {

using regions::Retirement;

void log_paused(const std::string& region, std::string_view peer) {
  const transport::LogPeer about(peer);
  core::log_info(region, "paused the exchange with " + std::string(peer) +
                             " until it is resumed, or until this leader starts again");
}

void log_resumed(const std::string& region, std::string_view peer) {
  const transport::LogPeer about(peer);
  core::log_info(region, "resumed the exchange with " + std::string(peer));
}

void log_forgotten(const std::string& region) {
  core::log_warning(region, "an operator has ended the loss of its write-ahead log");
}

void log_promoted(const std::string& region) {
  core::log_info(region, "promoted: this leader leads its region from now on");
}

void log_retired(const std::string& region, std::string_view other, Retirement retirement) {
  const transport::LogPeer about(other);
  const std::string name = "region " + std::string(other);
  if (retirement == Retirement::kNone) return core::log_info(region, name + " is waited for again");
  core::log_info(region, name + (retirement == Retirement::kLost ? " is declared lost here"
                                                                 : " is retired here"));
}

void log_closed(const std::string& region, const core::Result<bool>& closed, bool flushes) {
  if (!closed.ok()) {
    core::log_warning(region, "closing: " + closed.failure().message +
                                  "; all that was acknowledged is in the log");
  } else if (flushes && !closed.value()) {
    core::log_info(region, "closed before the tables had all of the log: the next start reads it");
  }
  (void)core::StandardError::flush();
}

}  // namespace anabranch::leader
