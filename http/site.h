// The addresses of the HTTP port: requests in, answers out. It asks the leader on two
// threads, one for its status and one for all that may wait, so that a slow write never looks like
// a leader that is not well.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "control/http_figures.h"
#include "http/asker.h"
#include "http/documents.h"
#include "http/gate.h"
#include "http/guard.h"
#include "http/health.h"
#include "http/history.h"
#include "http/request.h"
#include "http/token.h"

namespace anabranch::http {

// Thread-safe.
class Site {
 public:
  struct Settings {
    std::string directory;  // Of the leader.
    Guard::Settings guard;
    std::int64_t ready_lag_ms = 0;
    std::optional<Token> token = {};
    std::shared_ptr<Gate> gate = {};  // Null: there are no users.
    std::string documents = {};       // The folder of the site of the documents; empty: none.
  };

  // The connections that requests came on.
  struct Clients {
    std::function<void(std::uint64_t number, Answer answer)> answer;
    std::function<void(std::shared_ptr<const std::string> event)> tell;
    // Calls a function on the thread that requests come on.
    std::function<void(std::function<void()> function)> run;
  };

  Site(const Settings& settings, std::shared_ptr<control::HttpFigures> figures);
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  // Begins. Throws Error{kIo} if the system has no thread left.
  void start(Clients clients);
  // Ends the threads; clients are no longer called.
  void stop();
  // Returns the answer to a request, or none: then clients get it later, by this number.
  std::optional<Answer> answer(std::uint64_t number, const Request& request);

 private:
  using Json = nlohmann::ordered_json;
  using Run = std::optional<Answer> (Site::*)(std::uint64_t number, const Request& request);
  struct Route {
    std::string_view path;
    Request::Method method;
    Run run;
    // The verb of ANABRANCH that a user must have the right to; without words everybody.
    std::array<std::string_view, 2> verb = {};
    std::string_view field = {};  // Of the body of an act: the last word of its verb.
  };

  static const Route* route_of(std::string_view path);
  // Returns the words of its verb for a request; without a route those for the page.
  static Asker::Words verb_of(const Route* route, const Request& request);

  // Asks the gate whether the user of a request may do that; then goes on.
  std::optional<Answer> ask_gate(std::uint64_t number, const Route* route, const Request& request);
  void go_on(std::uint64_t number, const Request& request, const Gate::Ruling& ruling);
  // Answers a request that may be answered, but for the right to act.
  std::optional<Answer> answer_admitted(std::uint64_t number, const Request& request);

  std::optional<Answer> show_status(std::uint64_t number, const Request& request);
  std::optional<Answer> show_metrics(std::uint64_t number, const Request& request);
  std::optional<Answer> show_health(std::uint64_t number, const Request& request);
  std::optional<Answer> show_readiness(std::uint64_t number, const Request& request);
  std::optional<Answer> show_events(std::uint64_t number, const Request& request);
  std::optional<Answer> show_history(std::uint64_t number, const Request& request);
  std::optional<Answer> show_losers(std::uint64_t number, const Request& request);
  // Runs the verb of its route.
  std::optional<Answer> act(std::uint64_t number, const Request& request);

  // Asks for the status, and answers with the result of the function, or why there is none.
  std::optional<Answer> with_status(std::uint64_t number, std::function<Answer(const Json&)> make);
  // The same with a reason against it, empty if there is none; people without a right to the status
  // are told `against` in place of reasons.
  std::optional<Answer> tell_health(std::uint64_t number, const std::string& against,
                                    const std::function<std::string(const Json&)>& why);
  void take_status(const core::Result<std::string>& status);

  const std::int64_t ready_lag_ms_;
  const std::shared_ptr<Gate> gate_;
  const std::shared_ptr<control::HttpFigures> figures_;
  const Documents documents_;
  Guard guard_;
  History history_;
  Clients clients_;
  Asker status_;
  Asker others_;
};

}  // namespace anabranch::http
