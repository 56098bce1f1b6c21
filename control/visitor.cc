#include "control/visitor.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <nlohmann/json.hpp>

#include "control/http_figures.h"
#include "control/verbs/find_verb.h"
#include "control/verbs/policy_words.h"
#include "control/verbs/words.h"
#include "core/log.h"

namespace anabranch::control {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10U;
constexpr std::size_t kWordsMax = 1024;

ParserLimits limits() {
  return {.arguments_max = kWordsMax,
          .bulk_bytes_max = Visitor::kRequestBytesMax,
          .line_bytes_max = kReadBytes,
          .request_bytes_max = Visitor::kRequestBytesMax};
}

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

constexpr std::size_t kNotedWordsMax = 8;

// Notes a verb that changes the leader in the log.
void note_act(const std::string& region, Words words) {
  std::string line;
  for (const std::string_view word : words.first(std::min(words.size(), kNotedWordsMax))) {
    line.append(line.empty() ? "" : " ").append(printable(word));
  }
  core::log_info(region, line + ", at the control socket");
}

// The control socket of an embedded store.
class Embedded final : public Front {
 public:
  explicit Embedded(Owner& owner) : owner_(owner) {}
  [[nodiscard]] StoreStatus status() override { return owner_.status(); }
  void describe(nlohmann::ordered_json& status) override {
    describe_http(status, owner_.directory());
  }
  void note_shown(const Key& /*row*/) override {}

 private:
  Owner& owner_;
};

}  // namespace

Visitor::Visitor(File socket, Owner& owner)
    : socket_(std::move(socket)),
      owner_(owner),
      parser_(limits()),
      reply_(output_, kAnswerBytesMax),
      last_(std::chrono::steady_clock::now()) {}

short Visitor::events() const { return output_.empty() ? POLLIN : POLLOUT; }

bool Visitor::go_on(Time now) {
  if (!output_.empty()) {
    if (!send(now)) return false;
    if (!output_.empty()) return true;
  } else if (!receive(now)) {
    return false;
  }
  while (output_.empty() && run_next()) {
    if (!send(now)) return false;
  }
  return !closing_ || !output_.empty();
}

bool Visitor::receive(Time now) {
  std::array<char, kReadBytes> bytes;
  const ssize_t size = ::recv(socket_.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (size < 0) return would_block();
  if (size == 0) return false;
  input_.append(bytes.data(), static_cast<std::size_t>(size));
  last_ = now;
  return true;
}

bool Visitor::send(Time now) {
  while (sent_ < output_.size()) {
    const std::string_view rest = output_.from(sent_);
    const ssize_t size =
        ::send(socket_.fd(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size < 0) return would_block();
    sent_ += static_cast<std::size_t>(size);
    last_ = now;
  }
  output_ = {};
  sent_ = 0;
  return !closing_;
}

bool Visitor::run_next() {
  const Parser::Outcome outcome = parser_.next(input_);
  switch (outcome) {
    case Parser::Outcome::kIncomplete:
      break;
    case Parser::Outcome::kRequest:
      run(parser_.arguments());
      break;
    case Parser::Outcome::kTooLarge:
      reply_.error("ERR the request is over the limit of " + std::to_string(kRequestBytesMax) +
                   " bytes");
      break;
    case Parser::Outcome::kBroken:
      reply_.error("ERR " + std::string(parser_.error()));
      closing_ = true;
      return true;
  }
  input_.erase(0, parser_.consumed());
  parser_.drop_consumed();
  return outcome != Parser::Outcome::kIncomplete;
}

void Visitor::run(Words words) {
  if (same_word(words[0], "select")) return select(words);
  if (same_word(words[0], "ping")) return reply_.status("PONG");
  if (same_word(words[0], "quit")) {
    closing_ = true;
    return reply_.ok();
  }
  if (!same_word(words[0], "anabranch")) {
    return reply_.error("ERR the control socket takes ANABRANCH and its verbs, not '" +
                        std::string(printable(words[0])) + "'");
  }
  const Found found = find_verb(words);
  if (found.help_of != nullptr) return reply_help(*found.help_of, reply_);
  if (found.verb == nullptr) return reply_.error(found.error);
  const std::size_t mark = reply_.mark();
  try {
    run_verb(*found.verb, words);
  } catch (const Error& error) {
    reply_.rewind(mark);
    reply_.error(error_text(error));
  } catch (const std::exception& error) {  // Such as std::bad_alloc.
    reply_.rewind(mark);
    reply_.error("ERR " + std::string(error.what()));
  }
}

void Visitor::run_verb(const Verb& verb, Words words) {
  if (verb.acts) note_act(owner_.status().region, words);
  Embedded front(owner_);
  const auto run = [&](leader::Leader& leader, Scope* scope) {
    Call call{leader, scope, front, words, database_, reply_};
    verb.run(call);
  };
  const auto alone = [&](leader::Leader& leader) { run(leader, nullptr); };
  switch (verb.access) {
    case Access::kNone:
      break;
    case Access::kReads:
      return owner_.read([&](leader::Leader& leader, Scope& scope) { run(leader, &scope); });
    case Access::kBeside:
      return owner_.look(alone);
    case Access::kBetween:
      return owner_.between(alone);
    case Access::kWrites:
      return owner_.write(alone);
  }
}

void Visitor::select(Words words) {
  if (words.size() != 2) return reply_.error(arity_error("select"));
  const core::Result<std::uint8_t> number = parse_database(words[1]);
  if (!number.ok()) return reply_.error("ERR DB index is out of range");
  database_ = number.value();
  reply_.ok();
}

}  // namespace anabranch::control
