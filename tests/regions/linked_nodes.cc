#include "tests/regions/linked_nodes.h"
#include "tests/write.h"

#include <algorithm>

#include "core/assert.h"

namespace anabranch::test {

using core::Millis;
using regions::LinkId;

namespace {

constexpr Millis kStepMs = 100;

}  // namespace

std::size_t LinkedNodes::add(std::unique_ptr<Node> node) {
  nodes_.push_back(std::move(node));
  return size() - 1;
}

void LinkedNodes::mesh(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    add(std::make_unique<Node>("r" + std::to_string(i), i + 1));
    for (std::size_t other = 0; other < i; ++other) connect(i, other);
  }
}

void LinkedNodes::connect(std::size_t one, std::size_t other) {
  if (connections_.emplace(one, other).second) link(one, other);
}

void LinkedNodes::disconnect(std::size_t one, std::size_t other) {
  if (connections_.erase({one, other}) + connections_.erase({other, one}) > 0) unlink(one, other);
}

void LinkedNodes::replace(std::size_t index, std::unique_ptr<Node> node) {
  std::vector<std::pair<std::size_t, std::size_t>> mine;
  for (const auto& each : connections_) {
    if (each.first == index || each.second == index) mine.push_back(each);
  }
  for (const auto& [one, other] : mine) unlink(one, other);
  nodes_[index] = std::move(node);
  for (const auto& [one, other] : mine) link(one, other);
}

void LinkedNodes::link(std::size_t one, std::size_t other) {
  const LinkId here = ++last_link_;
  const LinkId there = ++last_link_;
  ends_[here] = {one, there};
  ends_[there] = {other, here};
  at(one).replica().link_up(here, "tcp://r" + std::to_string(other) + ":7400", now_);
  at(other).replica().link_up(there, {}, now_);
  carry_out(one);
  carry_out(other);
  deliver_all();
}

void LinkedNodes::unlink(std::size_t one, std::size_t other) {
  std::vector<std::pair<std::size_t, LinkId>> gone;
  for (const auto& [id, end] : ends_) {
    const std::size_t far = ends_.at(end.other).at;
    if ((end.at == one && far == other) || (end.at == other && far == one)) {
      gone.emplace_back(end.at, id);
    }
  }
  for (const auto& [index, id] : gone) {
    ends_.erase(id);
    at(index).replica().link_down(id);
    carry_out(index);
  }
}

void LinkedNodes::write(std::size_t index, const std::function<void(regions::Group&)>& function) {
  at(index).clock().set(now_ + ahead_ms_[index]);
  test::write(at(index).replica(), function);
  ANABRANCH_ASSERT(at(index).replica().commit().ok());
  turn(index);
  deliver_all();
}

void LinkedNodes::publish(std::size_t index, std::string channel, std::string body) {
  at(index).replica().publish(std::move(channel), std::move(body), 0, now_);
  carry_out(index);
  deliver_all();
}

void LinkedNodes::run(Millis duration) {
  for (const Millis end = now_ + duration; now_ < end; now_ += kStepMs) {
    for (std::size_t index = 0; index < size(); ++index) turn(index);
    deliver_all();
  }
}

bool LinkedNodes::run_until_equal(Millis at_most) {
  const auto equal = [&] {
    return std::ranges::all_of(
        nodes_, [&](const auto& node) { return node->vector() == nodes_.front()->vector(); });
  };
  for (const Millis end = now_ + at_most; !equal() && now_ < end;) run(kStepMs);
  return equal();
}

void LinkedNodes::turn(std::size_t index) {
  regions::Replica& replica = at(index).replica();
  const storage::MemoryStorage& storage = at(index).storage();
  at(index).clock().set(now_ + ahead_ms_[index]);
  while (replica.apply(now_).value()) {
  }
  (void)replica.background().work(now_).value();
  if (replica.next_tick_ms() <= now_) replica.tick(now_);
  replica.durable(
      durability_ == Durability::kInterval ? storage.last_position() : storage.durable_position(),
      now_);
  carry_out(index);
}

void LinkedNodes::carry_out(std::size_t index) {
  for (const regions::Effect& effect : std::exchange(at(index).replica().effects(), {})) {
    if (const auto* alarm = std::get_if<regions::Alarm>(&effect)) {
      alarms_[index].push_back(alarm->text);
    }
    if (const auto* notice = std::get_if<regions::Notice>(&effect)) {
      notices_[index].push_back(notice->text);
    }
    if (const auto* heard = std::get_if<regions::Heard>(&effect)) {
      heard_[index].push_back(heard->message);
    }
    ANABRANCH_ASSERT(!std::holds_alternative<regions::Reject>(effect));
    const auto* send = std::get_if<regions::Send>(&effect);
    if (send == nullptr || !ends_.contains(send->link)) continue;
    if (std::holds_alternative<regions::BatchMessage>(send->message)) ++batches_sent_;
    const std::uint8_t kind = regions::kind_of(send->message);
    std::string body = regions::encode_message(send->message);
    bytes_sent_[{index, kind}] = body.size();
    ++sent_[kind];
    if (is_lost(kind)) continue;
    mail_.push_back({ends_.at(send->link).other, kind, std::move(body)});
  }
}

std::size_t LinkedNodes::bytes_sent(std::size_t index, std::uint8_t kind) const {
  const auto found = bytes_sent_.find({index, kind});
  return found == bytes_sent_.end() ? 0 : found->second;
}

std::uint64_t LinkedNodes::sent(std::uint8_t kind) const {
  const auto found = sent_.find(kind);
  return found == sent_.end() ? 0 : found->second;
}

bool LinkedNodes::is_lost(std::uint8_t kind) {
  Loss& loss = losses_[kind];
  if (loss.after > 0) {
    --loss.after;
    return false;
  }
  if (loss.count == 0) return false;
  --loss.count;
  return true;
}

void LinkedNodes::deliver_all() {
  while (!mail_.empty()) {
    const Mail mail = std::move(mail_.front());
    mail_.pop_front();
    const auto end = ends_.find(mail.link);
    if (end == ends_.end()) continue;
    auto message = regions::decode_message(mail.kind, mail.body);
    ANABRANCH_ASSERT(message.ok());
    const std::size_t index = end->second.at;
    at(index).replica().step(mail.link, std::move(message).value(), now_);
    turn(index);
  }
}

}  // namespace anabranch::test
