#include "tests/sim/simulation.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "tests/sim/client.h"
#include "tests/sim/faults.h"
#include "tests/sim/intruder.h"
#include "tests/sim/workload.h"

namespace anabranch::test {

namespace {

using core::Millis;

constexpr Millis kAfterwardsMs = 2'500;         // Late messages change nothing.
constexpr std::uint64_t kQuietEventsMax = 500;  // Of two leaders, beside those underway.
constexpr std::size_t kCheckEvery = 100;
constexpr std::uint64_t kEventsPerStepMax = 50'000;
constexpr std::uint64_t kEventsPerSecondMax = 1'000;  // More, in a step that takes long.
constexpr std::string_view kGone = "a leader that is gone";
constexpr std::string_view kUnsigned = "that do not fit what its region has signed";
constexpr std::string_view kSameTime = "gives way to it at the same time";
constexpr std::string_view kUnproven = "have been waiting for a signature";

class Simulation {
 public:
  explicit Simulation(const Plan& plan) : plan_(plan), scene_(plan) {
    outcome_.planned.resize(faults().size());
    outcome_.fired.resize(faults().size());
    struck_.resize(faults().size());
    for (std::size_t i = 0; i < plan.clients; ++i) clients_.emplace_back("c" + std::to_string(i));
  }

  Outcome run() {
    std::size_t season = 0;
    for (const Step& step : plan_.steps()) {
      if (!outcome_.failure.empty()) break;
      if (step.round * plan_.seasons / plan_.rounds > season) {
        season = step.round * plan_.seasons / plan_.rounds;
        calm();
      }
      if (outcome_.failure.empty()) take(step);
    }
    if (outcome_.failure.empty()) calm();
    outcome_.virtual_ms = scene_.network().now();
    outcome_.events = scene_.network().events();
    outcome_.carried = scene_.network().carried();
    for (const Client& client : clients_) {
      outcome_.visits += client.visits();
      outcome_.refusals += client.refusals();
    }
    return std::move(outcome_);
  }

 private:
  void take(const Step& step) {
    Network& network = scene_.network();
    const std::uint64_t events = network.events();
    const Millis begun_ms = network.now();
    ++outcome_.steps_taken;
    network.reseed(step.seed);
    scene_.let_due_happen();
    if (step.fault == Step::kWrite) {
      write();
    } else {
      ++outcome_.planned[step.fault];
      strike(step.fault);
    }
    const bool check = outcome_.steps_taken % kCheckEvery == 0;
    note(check ? network.wrong() : network.failure());
    check_alarms();
    const auto seconds = static_cast<std::uint64_t>(network.now() - begun_ms) / 1'000;
    const std::uint64_t events_max = kEventsPerStepMax + seconds * kEventsPerSecondMax;
    if (network.events() - events > events_max) note("messages without end");
  }

  // One that has begun something has fired once that has done harm, before calm comes.
  void strike(std::size_t row) {
    const Fault& fault = faults()[row];
    const Carried before = scene_.network().carried();
    if (!fault.strike(scene_)) return;
    ++struck_[row];
    if (std::uint64_t Carried::*const harm = harm_of(fault)) {
      begun_.push_back({row, before.*harm});
    } else {
      ++outcome_.fired[row];
    }
  }

  void see_what_has_harmed() {
    for (const Begun& each : std::exchange(begun_, {})) {
      const std::uint64_t now = scene_.network().carried().*harm_of(faults()[each.fault]);
      outcome_.fired[each.fault] += now > each.before ? 1 : 0;
    }
  }

  void write() {
    Network& network = scene_.network();
    if (const auto at = scene_.writable_region()) {
      const core::VersionVector seen = network.node(*at).vector();
      const core::Origin origin = network.node(*at).origin();
      const std::size_t transactions = network.random().chance(0.3) && !plan_.single_ops ? 3 : 1;
      const bool done = network.write(
          *at,
          [&](regions::Group& group) {
            random_transaction(group, network.random(), plan_, seen);
            Random apart = network.random();  // All other draws stay the same.
            if (!plan_.requests || !apart.chance(0.3)) return;
            random_request(group, apart, network.request_id(apart));
          },
          transactions);
      ++outcome_.writes;
      outcome_.refused += done ? 0 : 1;
      if (done) outcome_.ops += network.node(*at).vector().at(origin) - seen.at(origin);
    }
    publish();
    visit();
    const bool pause = network.random().chance(0.02);
    network.run(network.random().between(0, plan_.gap_ms_max) * (pause ? 20 : 1));
  }

  void publish() {
    if (!plan_.presence) return;
    Network& network = scene_.network();
    Random apart = network.random();  // All other draws stay the same.
    if (apart.chance(0.5)) network.publish(apart.below(network.size()));
  }

  // Writes on a copy that gives way later come back under other names.
  void visit() {
    Network& network = scene_.network();
    if (clients_.empty() || network.anybody_strays()) return;
    Client& client = clients_[network.random().below(clients_.size())];
    const auto at = scene_.readable_region();
    if (!at) return;
    const core::Origin origin = network.node(*at).origin();
    const core::Seq before = network.node(*at).vector().at(origin);
    note(client.visit(network, *at));
    outcome_.ops += network.node(*at).vector().at(origin) - before;
  }

  void calm() {
    Network& network = scene_.network();
    see_what_has_harmed();
    network.reseed(plan_.seed);
    scene_.calm_down();
    // A leader asks each intruder for its rows that shows more than others, and waits in vain.
    const core::Millis patience =
        plan_.healed_ms() +
        static_cast<core::Millis>(network.intruders()) * plan_.limits.snapshots.timeout_ms;
    bool equal = network.run_until_equal(patience);
    while (!equal && (network.begin_anew() || network.start_denied_again())) {
      equal = network.run_until_equal(patience);
    }
    note(network.failure());  // Whatever follows from it.
    if (!equal) {
      note("not equal " + std::to_string(patience) + " ms after everything has healed\n" +
           positions());
      return;
    }
    note(network.run_until_led());
    const std::uint64_t pairs = network.size() * network.size();
    const std::uint64_t events_max =
        network.events() + network.underway() + pairs * kQuietEventsMax;
    network.run(kAfterwardsMs);
    const bool quiet = network.events() <= events_max;
    if (!quiet && network.intruders() == 0) note("messages without end where all is equal");
    if (!network.run_until_equal(patience)) note("equal only for a while\n" + positions());
    note(network.wrong());
    network.shut_out_intruders();  // Nothing settles while they are there: they may have anything.
    if (!network.run_until_settled(plan_.healed_ms()))
      note("what has ended is not settled\n" + positions());
    if (!network.run_until_no_orphans(plan_.healed_ms()))
      note("rows inside erased elements are still stored\n" + network.orphans_text() + positions());
    if (plan_.presence && outcome_.failure.empty()) note(network.wrong_presence());
    check_alarms();
  }

  std::string positions() {
    std::string text;
    for (Network::Index at = 0; at < scene_.network().size(); ++at) {
      const regions::Replica& replica = scene_.network().node(at).replica();
      text += scene_.network().stray_text(at) + "  " + replica.identity().region + ", now " +
              core::to_string(replica.identity().origin) + ", " +
              to_string(replica.applied().vector()) + " holds " +
              std::to_string(replica.inbox().held().size()) + " batches, " +
              std::to_string(replica.inbox().proofs().provenance().bytes()) + " bytes unproven" +
              (replica.background().upkeep().sweeping() ? ", sweeps" : "") +
              (scene_.network().broken(at) ? ", broken" : "") +
              (replica.broken() ? ": " + replica.broken()->message : "") + "\n";
      for (const auto& [id, link] : replica.exchange().links().all()) {
        text += "    link " + std::to_string(id) + " to " + core::to_string(link.peer) +
                ", renewed " + std::to_string(link.renewals) + " times, greeted at " +
                std::to_string(link.greeted_ms) + " ms, heard at " + std::to_string(link.heard_ms) +
                " ms" + (link.refused ? ", refused: " + link.why_refused : "") + "\n";
      }
      for (const auto& [origin, peer] : replica.exchange().peers()) {
        text += "    follows through " + peer.region + " " + core::to_string(origin) + ":";
        for (const core::Origin each : peer.in.origins) text += " " + core::to_string(each);
        text += "\n    which has more: " +
                to_string(core::difference(peer.applied, replica.applied().vector())) +
                ", and serves from " + to_string(peer.served_from) + "\n";
      }
      for (const auto& [origin, by_peer] : replica.exchange().forks().all()) {
        for (const auto& [peer, fork] : by_peer) {
          text += "    has another history of " + core::to_string(origin) + " than " + fork.region +
                  ": common " + std::to_string(fork.common) + ", differs at " +
                  std::to_string(fork.differs) + "\n";
        }
      }
      for (const core::VersionVector::Entry& each : replica.applied().vector()) {
        for (const core::Origin waiting : replica.exchange().forks().waiting_for(each.origin)) {
          text += "    does not follow " + core::to_string(waiting) +
                  ": it may depend on another history of " + core::to_string(each.origin) + "\n";
        }
      }
      replica.inbox().held().for_each_next(
          replica.applied().vector(), [&](const core::Batch& batch) {
            text += "    next of " + core::to_string(batch.origin) + " needs " +
                    to_string(core::difference(batch.deps_changed, replica.applied().vector())) +
                    "\n";
          });
      text += unproven(replica);
      if (const auto& damaged = replica.state().damaged(); damaged.any())
        text += "    takes all its rows again: " + damaged.why() + "\n";
      for (const auto& each : replica.background().snapshots().status(scene_.network().now())) {
        text += "    " + each.stage + " a snapshot of " + each.region + ": " +
                std::to_string(each.bytes) + " of " + std::to_string(each.bytes_total) + " bytes\n";
      }
    }
    for (const std::string& alarm : scene_.network().alarms()) text += "  alarm: " + alarm + "\n";
    for (Network::Index at = 0; at < scene_.network().size(); ++at) text += reports(at);
    return text + "  promised " + to_string(scene_.network().ledger().promised()) + "\n";
  }

  // The applied positions that a leader cannot prove, and the batches that wait for a proof.
  static std::string unproven(const regions::Replica& replica) {
    std::string text;
    const regions::Proofs& proofs = replica.inbox().proofs();
    for (const auto& [origin, seq] : replica.applied().vector()) {
      if (!proofs.signer().active() || proofs.signer().proves_head(origin)) continue;
      const regions::SignedPosition* const newest = proofs.signer().newest(origin);
      text += "    proves " + core::to_string(origin) + " of region " +
              replica.applied().head(origin).region + " up to " +
              std::to_string(newest == nullptr ? 0 : newest->seq) + " of " + std::to_string(seq) +
              "\n";
    }
    proofs.provenance().for_each_unproven(
        [&](core::Origin origin, std::string_view region, core::Seq first, core::Origin from) {
          text += "    unproven from " + std::to_string(first) + " of " + core::to_string(origin) +
                  " of region " + std::string(region) + ", sent by " + core::to_string(from) + "\n";
        });
    return text;
  }

  // The ended origins that a leader does not call settled, and the reports that it has.
  std::string reports(Network::Index at) {
    const regions::Replica& replica = scene_.network().node(at).replica();
    const regions::RegionList& list = replica.members().list();
    std::string text = "  at " + core::to_string(replica.identity().origin) + " list " +
                       core::to_string(list.hash().low) + ", ended and not settled:";
    for (const core::Origin origin : list.ended()) {
      if (!replica.members().settled().contains(origin)) text += " " + core::to_string(origin);
    }
    for (const auto& [origin, report] : replica.keeper().reports().all()) {
      text += "\n    " + core::to_string(origin) + " of line " +
              core::to_string(list.line(report.region, origin, report.previous)) + " reports " +
              to_string(report.durable) + " by list " +
              (report.list ? core::to_string(report.list->low) : "none") + ", open:";
      for (const core::Origin each : report.open) text += " " + core::to_string(each);
    }
    for (const auto& [name, region] : list.all()) {
      for (const auto& [origin, known] : region.origins) {
        text += "\n    listed: " + name + " " + core::to_string(origin) + " after " +
                core::to_string(known.previous) + " of line " + core::to_string(list.line(origin));
      }
    }
    return text + "\n";
  }

  // No alarm without a cause. Only intruders leave before they are named.
  void check_alarms() {
    const std::vector<std::string>& alarms = scene_.network().alarms();
    for (; alarms_seen_ < alarms.size(); ++alarms_seen_) {
      const std::string& alarm = alarms[alarms_seen_];
      const bool has_cause = std::ranges::any_of(faults(), [&](const Fault& fault) {
        const auto row = static_cast<std::size_t>(&fault - faults().data());
        if (struck_[row] == 0 || fault.alarm.empty()) return false;
        const auto says = [&](std::string_view text) { return alarm.find(text) != alarm.npos; };
        const bool left = fault.alarm == Intruder::kName && says(kGone);
        // Of two histories of one origin, both signed, waiting batches can belong to one only; and
        // of two leaders that would give way to each other one does not.
        const bool parted = fault.name == "clone" && (says(kUnsigned) || says(kSameTime));
        const bool trimmed = fault.name == "log-flip" && says("the log no longer has all");
        const bool back = fault.name == "log-flip" && says("has come back from other leaders");
        return left || parted || back || trimmed || says(fault.alarm);
      });
      // A proof waits as long as its region is away. That it comes in the end, calm() looks at.
      const bool waits = alarm.find(kUnproven) != alarm.npos;
      if (!has_cause && !waits && !comes_back(alarm) && !is_of_policy(alarm)) {
        note("an alarm without a cause: " + alarm);
      }
    }
  }

  // Returns whether an alarm tells of an origin that a region without the full knowledge has
  // settled.
  bool comes_back(const std::string& alarm) {
    return std::ranges::any_of(scene_.network().settled_unknowing(), [&](const auto& each) {
      return alarm.starts_with("origin " + core::to_string(each.first) + " ");
    });
  }

  // Returns whether an alarm tells of a policy that no leader can decide by: the workload sets
  // some.
  [[nodiscard]] bool is_of_policy(const std::string& alarm) const {
    const auto says = [&](std::string_view text) { return alarm.find(text) != alarm.npos; };
    return plan_.policies &&
           (says("with concurrent values are not shown") || says("this leader lacks") ||
            says("lacks the functions") || (plan_.modules && says("the module ")));
  }

  void note(const std::string& failure) {
    if (outcome_.failure.empty()) outcome_.failure = failure;
  }

  const Plan& plan_;
  Scene scene_;
  Outcome outcome_;
  std::vector<Client> clients_;
  std::size_t alarms_seen_ = 0;
  std::vector<std::uint64_t> struck_;  // Of each fault: how often anything happened.
  struct Begun {
    std::size_t fault = 0;
    std::uint64_t before = 0;  // The count of its harm before it struck.
  };
  std::vector<Begun> begun_;  // Since the last calm.
};

}  // namespace

Outcome simulate(const Plan& plan) { return Simulation(plan).run(); }

}  // namespace anabranch::test
