// Linked regions in a test: carries their messages in order and at once, in virtual time. Nothing
// gets lost unless the test says so, and no message is late; for that there is tests/sim. Other
// faults here are those that the test makes on disks.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/node.h"

namespace anabranch::test {

class LinkedNodes {
 public:
  // With kInterval committed batches are sent before they are durable.
  enum class Durability : std::uint8_t { kSync, kInterval };
  explicit LinkedNodes(Durability durability = Durability::kSync) : durability_(durability) {}

  // Adds a region without links; the first one has the index 0.
  std::size_t add(std::unique_ptr<Node> node);
  // `count` regions, each linked with each, with the origins 1, 2, ...
  void mesh(std::size_t count);
  [[nodiscard]] Node& at(std::size_t index) { return *nodes_[index]; }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  // One dials the other, at "tcp://rINDEX:7400".
  void connect(std::size_t one, std::size_t other);
  void disconnect(std::size_t one, std::size_t other);
  // Ends a region's process, and starts another one in its place with the same links.
  void replace(std::size_t index, std::unique_ptr<Node> node);

  // How far a region's wall clock is ahead of time; negative: behind. 0 until this is called.
  void set_clock_ahead(std::size_t index, core::Millis ahead) { ahead_ms_[index] = ahead; }

  // Commits a transaction and sends it.
  void write(std::size_t index, const std::function<void(regions::Group&)>& function);
  // Publishes a message of presence.
  void publish(std::size_t index, std::string channel, std::string body);
  void run(core::Millis duration);
  // Lets time pass until all have applied the same; returns whether that took at most so long.
  [[nodiscard]] bool run_until_equal(core::Millis at_most);
  [[nodiscard]] core::Millis now() const { return now_; }

  // Loses `count` messages of a kind, of any sender, once `after` more of it have gone.
  void lose(std::uint8_t kind, std::size_t count, std::size_t after = 0) {
    losses_[kind] = {after, count};
  }
  // How many messages of a kind have been sent.
  [[nodiscard]] std::uint64_t sent(std::uint8_t kind) const;
  // How many batches have been sent.
  [[nodiscard]] std::uint64_t batches_sent() const { return batches_sent_; }
  // The bytes of the newest message of a kind that a region has sent; 0 when there was none.
  [[nodiscard]] std::size_t bytes_sent(std::size_t index, std::uint8_t kind) const;
  // The alarms and notices of a region, for an operator.
  [[nodiscard]] const std::vector<std::string>& alarms(std::size_t index) { return alarms_[index]; }
  [[nodiscard]] const std::vector<std::string>& notices(std::size_t index) {
    return notices_[index];
  }
  // The messages of presence that a region has heard.
  [[nodiscard]] const std::vector<regions::Presence>& heard(std::size_t index) {
    return heard_[index];
  }

 private:
  struct End {
    std::size_t at = 0;
    regions::LinkId other = 0;
  };
  struct Mail {
    regions::LinkId link = 0;  // At the receiver.
    std::uint8_t kind = 0;
    std::string body;
  };

  void link(std::size_t one, std::size_t other);
  void unlink(std::size_t one, std::size_t other);
  // Does the work of a leader's turn for a region.
  void turn(std::size_t index);
  void carry_out(std::size_t index);
  void deliver_all();
  [[nodiscard]] bool is_lost(std::uint8_t kind);

  std::map<std::size_t, core::Millis> ahead_ms_;  // Of wall clocks.
  Durability durability_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::set<std::pair<std::size_t, std::size_t>> connections_;
  std::map<regions::LinkId, End> ends_;
  regions::LinkId last_link_ = 0;
  std::deque<Mail> mail_;
  std::map<std::size_t, std::vector<std::string>> alarms_;
  std::map<std::size_t, std::vector<std::string>> notices_;
  std::map<std::size_t, std::vector<regions::Presence>> heard_;
  std::uint64_t batches_sent_ = 0;
  std::map<std::uint8_t, std::uint64_t> sent_;  // By kind.
  struct Loss {
    std::size_t after = 0;
    std::size_t count = 0;
  };
  std::map<std::uint8_t, Loss> losses_;
  std::map<std::pair<std::size_t, std::uint8_t>, std::size_t> bytes_sent_;
  core::Millis now_ = 1000;
};

}  // namespace anabranch::test
