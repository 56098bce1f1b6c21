// Admits requests: pages of other sites, names that lead to this machine by a trick of DNS, and
// acting requests without the token are refused. Users are told apart by a gate (gate.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "control/http_figures.h"
#include "http/hosts.h"
#include "http/request.h"
#include "http/token.h"

namespace anabranch::http {

// Thread-safe.
class Guard {
 public:
  // The answer to a wrong token waits so long.
  static constexpr std::chrono::milliseconds kWait{500};

  struct Settings {
    Hosts hosts;
    bool has_tls = false;
  };

  // Without a token nobody has it.
  Guard(Settings settings, std::optional<Token> token,
        std::shared_ptr<control::HttpFigures> figures);

  // The region of the leader, for lines in the log; empty until it is set.
  void set_region(const std::string& region);
  [[nodiscard]] std::string region() const;

  // Returns the refusal of a request for anything, if it is to be refused: the name of the host is
  // none of this machine.
  std::optional<Answer> refuse(const Request& request);
  // Of an acting request: its origin or type is wrong, so that a page of another site may have made
  // a browser send it.
  std::optional<Answer> refuse_foreign(const Request& request);
  // All of these: also without the token.
  std::optional<Answer> refuse_act(const Request& request);
  // Counts a refusal, and leaves a line in the log.
  Answer count(const Request& request, Answer answer);

 private:
  const Settings settings_;
  const std::optional<Token> token_;
  const std::shared_ptr<control::HttpFigures> figures_;
  mutable std::mutex mutex_;
  std::string region_;
  std::chrono::steady_clock::time_point told_ = {};  // In the log.
  std::uint64_t untold_ = 0;
};

}  // namespace anabranch::http
