#include "http/guard.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/log.h"

namespace anabranch::http {
namespace {

constexpr std::chrono::seconds kBetweenLines{10};

Answer refusal(int status, const std::string& error) {
  return {.status = status, .body = nlohmann::json{{"error", error}}.dump()};
}

// "application/json", also with "; charset=utf-8".
bool is_json(std::string_view type) {
  return type.substr(0, type.find_first_of("; ")) == "application/json";
}

}  // namespace

Guard::Guard(Settings settings, std::optional<Token> token,
             std::shared_ptr<control::HttpFigures> figures)
    : settings_(std::move(settings)), token_(std::move(token)), figures_(std::move(figures)) {}

void Guard::set_region(const std::string& region) {
  const std::lock_guard lock(mutex_);
  region_ = region;
}

std::string Guard::region() const {
  const std::lock_guard lock(mutex_);
  return region_;
}

std::optional<Answer> Guard::refuse(const Request& request) {
  if (settings_.hosts.allow(request.host)) return std::nullopt;
  return count(request, refusal(403,
                                "the host must be localhost, an address of this machine, or "
                                "a name of the certificate or in http_hosts"));
}

std::optional<Answer> Guard::refuse_foreign(const Request& request) {
  const std::string own = (settings_.has_tls ? "https://" : "http://") + request.host;
  const std::string& site = request.fetch_site;
  const bool is_own_site = site.empty() || site == "same-origin" || site == "none";
  if ((!request.origin.empty() && request.origin != own) || !is_own_site) {
    return count(request, refusal(403, "a page of another origin cannot act"));
  }
  if (is_json(request.content_type)) return std::nullopt;
  return refusal(415, "the Content-Type must be application/json");
}

std::optional<Answer> Guard::refuse_act(const Request& request) {
  if (auto refused = refuse(request)) return refused;
  if (auto refused = refuse_foreign(request)) return refused;
  if (token_ && token_->is_in(request.authorization)) return std::nullopt;
  Answer answer = refusal(401,
                          "acting needs `Authorization: Bearer TOKEN`, with the token in the "
                          "file http-token of the data directory");
  answer.challenge = "Bearer";
  answer.delay = kWait;
  return count(request, std::move(answer));
}

Answer Guard::count(const Request& request, Answer answer) {
  ++figures_->refused;
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (told_ != std::chrono::steady_clock::time_point{} && now - told_ < kBetweenLines) {
    ++untold_;
    return answer;
  }
  told_ = now;
  std::string line = "HTTP: refused a request of " + request.from + ", " + answer.body;
  if (const auto others = std::exchange(untold_, 0); others > 0) {
    line += ", and " + std::to_string(others) + " before it";
  }
  core::log_warning(region_, line);
  return answer;
}

}  // namespace anabranch::http
