// All concerns of this server: those that connections have set, and the rules of users, prefixes
// of keys and the mesh. A latch stays without connections, too.
//
// How far a concern is met is found once for all that wait, in each round: a waiting client costs a
// comparison. Without any concern a write costs one look at any(). Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "leader/leader.h"
#include "server/resp/concern/concern.h"
#include "server/resp/concern/rules.h"
#include "server/steady_clock.h"

namespace anabranch::server {

class Users;

class Concerns {
 public:
  // So many stay latched that nobody has any more.
  static constexpr std::size_t kKeptMax = 64;

  struct Counts {
    std::uint64_t met = 0;       // Answers that were held until their concern was met;
    std::uint64_t missed = 0;    // that became errors;
    std::uint64_t ended = 0;     // likewise, since somebody ended their wait;
    std::uint64_t degraded = 0;  // that were sent although it was not met.
    std::uint64_t latched = 0;   // How often a concern latched.
  };

  explicit Concerns(leader::Leader& leader) : leader_(leader) {}

  // Returns the concern with these terms. Throws Error{kInvalid} where the members that there are
  // cannot meet it.
  [[nodiscard]] SharedConcern take(ConcernTerms terms);
  // Why the members that there are cannot meet terms; empty if they can.
  [[nodiscard]] std::string refusal(const ConcernTerms& terms);
  // Reads the rules, before the first client comes.
  void begin(const Users& users) {
    follow(users);
    read_rules();
  }
  // Takes the concerns of users over, whose addresses stay as long as they exist.
  void follow(const Users& users);

  // Whether anybody has a concern, or had one a moment ago.
  [[nodiscard]] bool any() const { return !all_.empty(); }
  [[nodiscard]] const ConcernRules& rules() const { return rules_; }

  // More may have come to others, or have been committed here: a new round. Any time.
  void renew() { ++round_; }
  // A commit is made: the same, with the rules that it may have set.
  void committed();
  // Has committed() read the rules.
  void expect_rules() { rules_expected_ = true; }
  // A new round; ends latches that are over, and reads the rules if they may be others. The
  // functions below, like this one and the first two, need the leader without a commit under way.
  void look();
  // Whether a concern is met for a write.
  [[nodiscard]] bool met(Concern& concern, const WritePlace& write);
  // The holders of a write, of all that are named by concerns.
  [[nodiscard]] Holding holding_of(const std::vector<SharedConcern>& concerns,
                                   const WritePlace& write);
  // Notes a write of a concern, before all of these about it.
  void note(Concern& concern, const WritePlace& write) { concern.newest_ = write; }
  [[nodiscard]] Counts& counts() { return counts_; }
  [[nodiscard]] const Counts& counts() const { return counts_; }
  // The answer of its newest write is sent without more waiting; latches it.
  void degrade(const SharedConcern& concern, const WritePlace& write);

  // The words of those that are latched.
  [[nodiscard]] std::vector<std::string> latched() const;
  // Rules that this version cannot read, or that the members cannot meet: a sentence each, as of
  // the last second.
  [[nodiscard]] const std::vector<std::string>& troubles() const { return troubles_; }

 private:
  static constexpr std::chrono::milliseconds kReadRules{100};
  static constexpr std::chrono::seconds kLookForTroubles{1};

  [[nodiscard]] SharedConcern intern(ConcernTerms terms);
  [[nodiscard]] const leader::Holders& holders();
  [[nodiscard]] core::Seq reach_of(Concern& concern);
  [[nodiscard]] bool is_over(Concern& concern, SteadyTime now);
  void end_latches(SteadyTime now);
  void forget_some();
  void read_rules();
  [[nodiscard]] ConcernRules::Rule rule_of(const regions::ConcernRow& row);
  void look_for_troubles();
  // Adds a trouble with a concern of a rule or user, if it has any.
  void look_at(const std::string& whose, const SharedConcern& concern);

  leader::Leader& leader_;
  std::map<std::string, std::weak_ptr<Concern>> all_;  // By their words.
  ConcernRules rules_;
  rows::PublishedVector::Shared rules_read_;  // The state that they are of.
  SteadyTime rules_read_at_ = {};
  bool rules_expected_ = false;
  std::vector<SharedConcern> latched_;
  std::string damage_;  // Why the rules could not be read; they are as before.
  std::vector<std::string> troubles_;
  SteadyTime troubles_at_ = {};
  std::uint64_t round_ = 1;
  std::uint64_t looked_round_ = 0;
  const leader::Holders* holders_ = nullptr;  // Of that round.
  Counts counts_;
};

}  // namespace anabranch::server
