#include "server/resp/connection.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace anabranch::server {
namespace {

constexpr std::size_t kReadMin = std::size_t{16} << 10U;  // A larger buffer is not kept.
static_assert(kReadMin >= Stream::kRoomMin);
constexpr std::size_t kKeptMax = std::size_t{64} << 10U;  // The same for answers.
// The system buffers a few megabytes at most for a client that does not read, and hardly more once
// they were full.
constexpr std::size_t kTakenUnread = std::size_t{8} << 20U;
constexpr std::size_t kTakenFull = std::size_t{256} << 10U;

constexpr ParserLimits kOfStrangers{.arguments_max = Strangers::kWordsMax,
                                    .bulk_bytes_max = Strangers::kInputMax,
                                    .line_bytes_max = Strangers::kInputMax,
                                    .request_bytes_max = Strangers::kInputMax,
                                    .unauthenticated = true};

}  // namespace

Connection::Connection(Stream stream, std::uint64_t id, std::string address,
                       const ServerOptions& options)
    : stream_(std::move(stream)),
      options_(options),
      client_(id, std::move(address), options.output_bytes_max),
      parser_(options.parser) {}

Connection::Received Connection::receive(std::size_t bytes_max) {
  const std::size_t most = stranger() ? kReadMin : std::max(kReadMin, bytes_max);
  reserve(std::clamp(missing(), kReadMin, most));
  const std::size_t room = std::min(input_.capacity() - input_end_, most);
  std::size_t got = 0;
  const Transfer done = stream_.receive(input_.get() + input_end_, room, got);
  if (done == Transfer::kBytes) {
    input_end_ += got;
    touched_ = std::max(touched_, input_end_);
    received_ += got;
    client_.heard = steady_now();
    client_.input_used = input_end_ - input_begin_;
    client_.input_free = input_.capacity() - input_end_;
    return Received::kBytes;
  }
  return done == Transfer::kNothing ? Received::kNothing : Received::kEnd;
}

Parser::Outcome Connection::next_request() {
  if (std::exchange(put_back_, false)) return Parser::Outcome::kRequest;
  parser_.set_limits(stranger() ? kOfStrangers : options_.parser);
  return parser_.next({input_.get() + input_begin_, input_end_ - input_begin_});
}

void Connection::reserve(std::size_t wanted) {
  input_begin_ += parser_.consumed();
  parser_.drop_consumed();
  const std::size_t live = input_end_ - input_begin_;
  if (input_.capacity() - input_end_ >= wanted) return;
  if (input_begin_ > 0 && live > 0) {
    std::memmove(input_.get(), input_.get() + input_begin_, live);
  }
  if (live + wanted > input_.capacity()) {
    input_.grow(std::max(live + wanted, input_.capacity() * 2), live);
    touched_ = std::max(touched_, live);
  }
  input_begin_ = 0;
  input_end_ = live;
}

void Connection::give_input_back() {
  input_.reset();
  input_begin_ = input_end_ = touched_ = 0;
  client_.input_used = client_.input_free = 0;
}

void Connection::drop_input() {
  runnable = put_back_ = false;
  parser_ = Parser(options_.parser);
  client_.queue.close();
  client_.closing = true;
  give_input_back();
}

void Connection::trim() {
  if (input_empty() && input_.capacity() > kReadMin) {
    parser_.drop_consumed();
    give_input_back();
  }
  if (input_empty() && parser_.bytes() > kReadMin) parser_.trim();
  if (client_.output.empty() && client_.output.capacity() > kKeptMax) {
    client_.output.shrink();
  }
}

void Connection::took(std::size_t bytes) {
  sent_ += bytes;
  taken_ = steady_now();
  taken_all_ += bytes;
  if (full_) taken_full_ += bytes;
  reads_ = reads_ || taken_full_ >= kTakenFull || taken_all_ >= kTakenUnread;
}

void Connection::stalls() {
  reads_ = false;
  taken_full_ = taken_all_ = 0;
}

bool Connection::send() {
  while (pending() > 0) {
    std::size_t sent = 0;
    const Transfer done = stream_.send(client_.output.from(sent_), sent);
    if (done != Transfer::kBytes) {
      if (done == Transfer::kEnd) return false;
      full_ = true;
      sent_ -= client_.output.drop_sent(sent_);
      return true;
    }
    took(sent);
  }
  client_.output.clear();
  sent_ = 0;
  return true;
}

void Connection::watch(const Epoll& epoll, std::uint32_t events) {
  if (interest == events) return;
  interest = events;
  if (!epoll.change(fd(), this, events)) gone = true;
}

}  // namespace anabranch::server
