#include "http/site.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "core/log.h"
#include "core/text.h"
#include "core/wall_clock.h"
#include "http/basic.h"
#include "http/metrics.h"
#include "http/pages.h"

namespace anabranch::http {
namespace {

using Json = nlohmann::ordered_json;
using Method = Request::Method;
using core::Result;

// A leader that does not tell its status for so long is not well; other verbs wait for its disk.
constexpr std::chrono::seconds kStatusTime{5};
constexpr std::chrono::seconds kOtherTime{30};

constexpr std::size_t kLosers = 20;
constexpr std::size_t kLosersMax = 1000;
constexpr std::size_t kAnswerBytesMax = std::size_t{8} << 20U;

constexpr const char* kBasicChallenge = "Basic realm=\"Anabranch\", charset=\"UTF-8\"";
constexpr const char* kText = "text/plain; charset=utf-8";

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Answer error(int status, const std::string& why) {
  return {.status = status, .body = text_of({{"error", why}})};
}

Answer as_text(int status, const std::string& line) {
  return {.status = status, .type = kText, .body = line + '\n'};
}

Answer crowded() { return error(503, "too much waits for the leader; try again in a moment"); }

Answer failed(const core::Failure& failure) {
  return error(failure.code == ErrorCode::kInvalid ? 400 : 503, failure.message);
}

// An answer of a verb, in JSON.
Answer passed_on(const Result<std::string>& answer) {
  if (!answer.ok()) return failed(answer.failure());
  if (answer.value().size() <= kAnswerBytesMax) return {.body = answer.value()};
  return error(500, "the answer has over 8 MiB: ask for less, or on the command line");
}

// The field of a body {"field": "text"}; empty if there is none.
std::string field_of(const std::string& body, const std::string& field) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return {};
  const auto found = json.find(field);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Words of a request, for a line in the log.
std::string in_line(std::string_view word) {
  constexpr std::size_t kMost = 128;
  std::string line;
  for (const char c : word.substr(0, kMost)) {
    const bool plain = c >= ' ' && c <= '~';
    line += plain ? std::string(1, c) : core::escaped(c);
  }
  return line;
}

// "ANABRANCH PEER PAUSE".
std::string verb_name(const Asker::Words& words) {
  std::string name = "ANABRANCH";
  for (std::size_t i = 0; i < words.size() && i < 2; ++i) name += ' ' + in_line(words[i]);
  return name;
}

}  // namespace

Site::Site(const Settings& settings, std::shared_ptr<control::HttpFigures> figures)
    : ready_lag_ms_(settings.ready_lag_ms),
      gate_(settings.gate),
      figures_(figures),
      documents_(settings.documents),
      guard_(settings.guard, settings.token, std::move(figures)),
      status_(settings.directory, kStatusTime,
              {{"STATUS"}, [this](const Result<std::string>& status) { take_status(status); }}),
      others_(settings.directory, kOtherTime, {}) {}

void Site::start(Clients clients) {
  clients_ = std::move(clients);
  status_.start();
  others_.start();
}

void Site::stop() {
  if (gate_) gate_->leave();
  status_.stop();
  others_.stop();
}

const Site::Route* Site::route_of(std::string_view path) {
  static constexpr std::array<Route, 10> kRoutes{{
      {"/status", Method::kGet, &Site::show_status, {"STATUS"}},
      {"/metrics", Method::kGet, &Site::show_metrics, {"STATUS"}},
      {"/healthz", Method::kGet, &Site::show_health},
      {"/readyz", Method::kGet, &Site::show_readiness},
      {"/events", Method::kGet, &Site::show_events, {"STATUS"}},
      {"/history", Method::kGet, &Site::show_history, {"STATUS"}},
      {"/losers", Method::kGet, &Site::show_losers, {"CONFLICTS", "LIST"}},
      {"/put-back", Method::kPost, &Site::act, {"CONFLICTS", "PUTBACK"}, "id"},
      {"/pause", Method::kPost, &Site::act, {"PEER", "PAUSE"}, "peer"},
      {"/resume", Method::kPost, &Site::act, {"PEER", "RESUME"}, "peer"},
  }};
  const auto* const found = std::ranges::find(kRoutes, path, &Route::path);
  return found == kRoutes.end() ? nullptr : found;
}

Asker::Words Site::verb_of(const Route* route, const Request& request) {
  if (route == nullptr) return {"STATUS"};
  Asker::Words words;
  for (const std::string_view word : route->verb) {
    if (!word.empty()) words.emplace_back(word);
  }
  if (!route->field.empty()) words.push_back(field_of(request.body, std::string(route->field)));
  return words;
}

std::optional<Answer> Site::answer(std::uint64_t number, const Request& request) {
  const Route* const route = route_of(request.path);
  const bool is_for_all = route != nullptr && route->verb.front().empty();
  const bool has_users = gate_ && gate_->has_users();
  // Whoever asks a leader with users for its health may call it by any name.
  if (has_users && is_for_all) return answer_admitted(number, request);
  if (auto refused = guard_.refuse(request)) return refused;
  return has_users ? ask_gate(number, route, request) : answer_admitted(number, request);
}

std::optional<Answer> Site::answer_admitted(std::uint64_t number, const Request& request) {
  const Route* const route = route_of(request.path);
  std::optional<Answer> page = route == nullptr ? page_at(request) : std::nullopt;
  if (route == nullptr && !page) page = documents_.at(request);
  if (route == nullptr && !page) return error(404, "there is nothing at this address");
  const Method method = route == nullptr ? Method::kGet : route->method;
  if (request.method != method) {
    const std::string name = method == Method::kGet ? "GET" : "POST";
    Answer wrong = error(405, "this address takes " + name);
    wrong.allow = name;
    return wrong;
  }
  if (route == nullptr) return page;
  if (method == Method::kPost && request.user.empty()) {
    if (auto refused = guard_.refuse_act(request)) return refused;
  }
  return (this->*route->run)(number, request);
}

// ---- Users.

std::optional<Answer> Site::ask_gate(std::uint64_t number, const Route* route,
                                     const Request& request) {
  if (request.method == Method::kPost) {
    if (auto refused = guard_.refuse_foreign(request)) return refused;
  }
  std::optional<Credentials> given = credentials_in(request.authorization);
  if (!given) {
    // The first request of every browser: neither counted nor in the log.
    Answer answer = error(401, "this leader has users: say who you are");
    answer.challenge = kBasicChallenge;
    return answer;
  }
  const bool lasts = route != nullptr && route->run == &Site::show_events;
  Request known = request;
  known.user = given->user;
  known.authorization.clear();
  const auto then = [this, number, known = std::move(known)](const Gate::Ruling& ruling) {
    clients_.run([this, number, known, ruling] { go_on(number, known, ruling); });
  };
  Gate::Question question{std::move(given->user), std::move(given->password),
                          verb_of(route, request), request.from, lasts};
  if (!gate_->ask(std::move(question), then)) return crowded();
  return std::nullopt;
}

void Site::go_on(std::uint64_t number, const Request& request, const Gate::Ruling& ruling) {
  std::optional<Answer> answer;
  switch (ruling.verdict) {
    case Gate::Verdict::kMay:
      answer = answer_admitted(number, request);
      if (!answer) return;
      answer->holds = ruling.holds;
      break;
    case Gate::Verdict::kMayNot:
      answer = guard_.count(request,
                            error(403, "the user " + in_line(request.user) + " has no right to " +
                                           verb_name(verb_of(route_of(request.path), request))));
      break;
    case Gate::Verdict::kUnknown:
      answer = guard_.count(request, error(401, "the user or the password is wrong"));
      answer->challenge = kBasicChallenge;
      break;
  }
  answer->delay = ruling.delay;
  clients_.answer(number, std::move(*answer));
}

// ---- The status.

void Site::take_status(const Result<std::string>& status) {
  const Json json = status.ok() ? Json::parse(status.value(), nullptr, false) : Json();
  std::string event = "event: status\ndata: ";
  if (json.is_object()) {
    event += status.value() + "\n\n";
    try {
      guard_.set_region(json.at("region").get<std::string>());
      history_.add(json, core::SystemClock().now_ms());
    } catch (const Json::exception&) {  // A leader of another version, in another process.
      history_.add_gap();
    }
  } else {
    history_.add_gap();
    const std::string why = status.ok() ? "it tells no status" : status.failure().message;
    event = "event: trouble\ndata: " + text_of({{"error", why}}) + "\n\n";
  }
  // Without streams, too: clients that do not read their answers are looked for then.
  clients_.tell(std::make_shared<const std::string>(std::move(event)));
}

std::optional<Answer> Site::with_status(std::uint64_t number,
                                        std::function<Answer(const Json&)> make) {
  const auto then = [this, number, make = std::move(make)](const Result<std::string>& status) {
    Answer answer =
        failed(status.ok() ? core::corrupt("the leader has told no status") : status.failure());
    const Json json = status.ok() ? Json::parse(status.value(), nullptr, false) : Json();
    try {
      if (json.is_object()) answer = make(json);
    } catch (const Json::exception&) {
      answer = as_text(503, "the leader is of another version: start the HTTP port of that one");
    }
    clients_.answer(number, std::move(answer));
  };
  if (!status_.ask({"STATUS"}, then)) return crowded();
  return std::nullopt;
}

std::optional<Answer> Site::show_status(std::uint64_t number, const Request& /*request*/) {
  const auto then = [this, number](const Result<std::string>& status) {
    clients_.answer(number, passed_on(status));
  };
  if (!status_.ask({"STATUS"}, then)) return crowded();
  return std::nullopt;
}

std::optional<Answer> Site::show_metrics(std::uint64_t number, const Request& /*request*/) {
  return with_status(number, [](const Json& status) {
    return Answer{.type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics_of(status)};
  });
}

std::optional<Answer> Site::tell_health(std::uint64_t number, const std::string& against,
                                        const std::function<std::string(const Json&)>& why) {
  if (!gate_ || !gate_->has_users()) {
    return with_status(number, [why](const Json& status) {
      const std::string reason = why(status);
      return reason.empty() ? as_text(200, readiness(status)) : as_text(503, reason);
    });
  }
  const auto then = [this, number, against, why](const Result<std::string>& status) {
    Answer answer = as_text(503, against);
    const Json json = status.ok() ? Json::parse(status.value(), nullptr, false) : Json();
    try {
      if (json.is_object() && why(json).empty()) answer = as_text(200, "ok");
    } catch (const Json::exception&) {  // A leader of another version: its health is unknown.
      core::log_debug(guard_.region(), "HTTP: the status has not the fields that health needs");
    }
    clients_.answer(number, std::move(answer));
  };
  if (!status_.ask({"STATUS"}, then)) return crowded();
  return std::nullopt;
}

std::optional<Answer> Site::show_health(std::uint64_t number, const Request& /*request*/) {
  return tell_health(number, "not well", why_unwell);
}

std::optional<Answer> Site::show_readiness(std::uint64_t number, const Request& request) {
  const bool to_write = request.args.contains("leader");
  return tell_health(number, "not ready", [this, to_write](const Json& status) {
    std::string why = why_unready(status, ready_lag_ms_);
    return why.empty() && to_write ? why_not_leading(status) : why;
  });
}

std::optional<Answer> Site::show_events(std::uint64_t /*number*/, const Request& /*request*/) {
  return Answer{.type = "text/event-stream", .is_stream = true};
}

std::optional<Answer> Site::show_history(std::uint64_t /*number*/, const Request& request) {
  // The page asks for this first, and learns so that its user needs no token, and whether the
  // documents are here.
  return Answer{.body = text_of(history_.json()),
                .user = in_line(request.user),
                .documents = documents_.are_there() ? "docs/" : ""};
}

std::optional<Answer> Site::show_losers(std::uint64_t number, const Request& request) {
  const auto given = request.args.find("limit");
  const auto limit = given == request.args.end() ? std::optional<std::size_t>(kLosers)
                                                 : core::parse_number<std::size_t>(given->second);
  if (!limit || *limit == 0 || *limit > kLosersMax) {
    return error(400, "limit must be a number from 1 to 1000");
  }
  const auto then = [this, number](const Result<std::string>& losers) {
    clients_.answer(number, passed_on(losers));
  };
  if (!others_.ask({"CONFLICTS", "LIST", "LIMIT", std::to_string(*limit)}, then)) return crowded();
  return std::nullopt;
}

// ---- Acting.

std::optional<Answer> Site::act(std::uint64_t number, const Request& request) {
  const Route* const route = route_of(request.path);
  Asker::Words verb = verb_of(route, request);
  const std::string& value = verb.back();
  if (value.empty()) {
    return error(400, "the body must be {\"" + std::string(route->field) + "\": \"...\"}");
  }
  const std::string actor = request.user.empty()
                                ? request.from
                                : "the user " + in_line(request.user) + " from " + request.from;
  core::log_info(guard_.region(),
                 "HTTP: " + request.path.substr(1) + ' ' + in_line(value) + ", by " + actor);
  const auto then = [this, number](const Result<std::string>& done) {
    clients_.answer(number, done.ok() ? Answer{.body = R"({"ok":true})"} : failed(done.failure()));
  };
  if (!others_.ask(std::move(verb), then, true)) return crowded();
  return std::nullopt;
}

}  // namespace anabranch::http
