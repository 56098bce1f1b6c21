#include "regions/membership.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "core/mark.h"
#include "core/planted_bug.h"

namespace anabranch::regions {

using core::Bug;
using core::mark;
using core::Millis;
using core::planted;

// ---- The list of regions.

core::Result<void> Membership::load_list() {
  loaded_ = true;
  return owner_.state.reading([&]() -> core::Result<void> {
    regions_.load(*owner_.state.reader());
    if (std::exchange(list_, regions_.hash()) == regions_.hash()) return {};
    owner_.keeper.reports().retain([&](const RegionReport& each) { return is_current(each); });
    settle();
    return {};
  });
}

void Membership::committed(const Commit& commit) {
  if (commit.swap) {
    for (const auto& [origin, seq] : core::VersionVector(settled_.all())) {
      if (owner_.state.applied().vector().at(origin) != seq) unsettle(origin);
    }
  }
  const bool reload = std::exchange(touched_, false) || commit.swap;
  if (reload && loaded_) (void)load_list();  // A failure breaks the replica.
}

namespace {

// Returns the origin that a leader wrote under before a former one of its own, by its identity;
// nullopt when that does not reach back so far.
std::optional<core::Origin> before(const Identity& self, core::Origin former) {
  if (former == self.previous) {
    return self.formers.empty() ? std::nullopt : std::optional(self.formers.front());
  }
  const auto found = std::ranges::find(self.formers, former);
  if (found == self.formers.end() || std::next(found) == self.formers.end()) return std::nullopt;
  return *std::next(found);
}

// The same by its report, or by the first batch of the former origin, as far as they are there: the
// identities of earlier versions do not reach back.
std::optional<core::Origin> left_for(const storage::Storage& log, const RegionReport* said,
                                     core::Origin origin) {
  if (said != nullptr && said->previous != 0) return said->previous;
  const auto place = log.find(origin, 1);
  const auto record = place ? log.read_log(*place) : std::nullopt;
  if (!record || record->origin != origin || record->first != 1) return std::nullopt;
  const auto batch = core::decode_batch(record->bytes);
  if (!batch.ok() || !batch.value().opening) return std::nullopt;
  return batch.value().opening->previous;
}

}  // namespace

core::Result<void> Membership::announce() {
  if (owner_.exchange.follows() || owner_.state.broken()) return {};
  std::vector<Lister::Row> rows = members_due();
  const std::size_t of_members = rows.size();
  add_own(rows);
  const bool writes_reign = owes_reign();
  if (rows.empty() && !writes_reign) return {};
  ANABRANCH_ASSERT(!owner_.writer.dirty());
  if (auto ready = owner_.state.make_ready(); !ready.ok()) return ready;
  OpenTransaction txn = owner_.writer.begin();
  for (const Lister::Row& row : rows) {
    txn->put(RegionList::origin_row(self().region, row.origin),
             RegionList::origin_value(row.previous, row.node));
  }
  if (writes_reign) {
    txn->put(RegionList::reign_row(self().region, self().origin), RegionList::reign_value(reign_));
  }
  txn.keep();
  const auto done = owner_.writer.commit();
  if (!done.ok()) return done.failure();
  lister_.wrote(of_members);
  // Before it is sent: otherwise a leader that syncs later loses it with its power, has never heard
  // of this origin then, and nobody ends it.
  return owner_.state.make_durable();
}

std::vector<Lister::Row> Membership::members_due() {
  std::vector<Lister::Row> rows =
      lister_.due(regions_, {self().region, self().origin, reign_, known_reign(), blind_});
  if (lister_.waits()) {
    owner_.alarms.raise_once("members of region " + self().region +
                             " show more new origins than are listed at once; they wait, and lead "
                             "only then");
  }
  return rows;
}

void Membership::add_own(std::vector<Lister::Row>& rows) const {
  for (const auto& [former, before] : unannounced()) rows.push_back({former, before, {}});
  if (!regions_.knows(self().region, self().origin)) {
    rows.push_back({self().origin, self().previous, self().node});
  }
}

// Its origin may have begun after its reign.
bool Membership::owes_reign() const {
  return reign_ > 0 && !blind_ && regions_.reign_in(self().region, self().origin) != reign_;
}

void Membership::see(std::vector<ShownMember> members, std::uint64_t known, Millis now) {
  lister_.look(std::move(members), now);
  known_reign_ = std::max(known_reign_, known);
}

void Membership::go_on(const RoleRow& role) {
  known_reign_ = std::max(known_reign_, role.reign);
  if (role.leads) lead_under(role.reign, role.blind);
}

void Membership::step_down() {
  known_reign_ = known_reign();
  lead_under(0, false);
}

void Membership::lead_under(std::uint64_t reign, bool blind) {
  reign_ = reign;
  blind_ = blind;
}

// A follower that has led may have listed counters under names that it did not announce.
std::vector<std::pair<core::Origin, core::Origin>> Membership::unannounced() const {
  std::vector<std::pair<core::Origin, core::Origin>> unannounced;
  std::set<core::Origin> seen;
  core::Origin origin = self().previous;
  while (origin != 0 && !regions_.knows(self().region, origin) && seen.insert(origin).second) {
    auto left = before(self(), origin);
    if (!left)
      left = left_for(owner_.state.storage(), owner_.keeper.reports().find(origin), origin);
    if (!left) break;
    unannounced.emplace_back(origin, *left);
    origin = *left;
  }
  return unannounced;
}

core::Origin Membership::listed_before() const {
  const auto unlisted = unannounced();
  const core::Origin origin = unlisted.empty() ? self().previous : unlisted.back().second;
  return regions_.knows(self().region, origin) ? origin : 0;
}

std::vector<core::Origin> Membership::origins_of(std::string_view region) const {
  std::set<core::Origin> origins;
  if (const auto found = regions_.all().find(region); found != regions_.all().end()) {
    for (const auto& [origin, known] : found->second.origins) origins.insert(origin);
  }
  for (const auto& [origin, head] : owner_.state.applied().heads()) {
    if (head.region == region) origins.insert(origin);
  }
  for (const Peer* peer : leaders_of(region, owner_.exchange.peers())) origins.insert(peer->origin);
  return {origins.begin(), origins.end()};
}

namespace {

// The lines of the leaders of a region that are connected.
std::set<core::Origin> lines_there(std::string_view region, const Peers& peers,
                                   const RegionList& list, const RegionReports& reports) {
  std::set<core::Origin> there;
  for (const auto& [origin, peer] : peers) {
    if (!peer.connected() || peer.region != region) continue;
    const RegionReport* const said = reports.find(origin);
    const core::Origin line = list.line(region, origin, said == nullptr ? 0 : said->previous);
    if (line != 0 || !peer.follows) there.insert(line == 0 ? origin : line);
  }
  return there;
}

// Returns the origins of both, sorted.
std::vector<core::Origin> united(std::vector<core::Origin> some,
                                 const std::vector<core::Origin>& others) {
  some.insert(some.end(), others.begin(), others.end());
  std::ranges::sort(some);
  some.erase(std::unique(some.begin(), some.end()), some.end());
  return some;
}

}  // namespace

core::Result<void> Membership::retire(std::string_view region, Retirement retirement) {
  const std::string name(region);
  const bool own = name == self().region;
  if (own && retirement != Retirement::kLost) {
    return core::invalid("this leader cannot retire its own region");
  }
  std::vector<core::Origin> origins = origins_of(region);
  if (origins.empty()) return core::invalid("there is no region '" + name + "'");
  std::set<core::Origin> there =
      lines_there(region, owner_.exchange.peers(), regions_, owner_.keeper.reports());
  if (own) there.insert(regions_.line(self().origin));
  if (retirement == Retirement::kLost && !there.empty()) {
    std::erase_if(origins, [&](core::Origin origin) {
      return !regions_.knows(region, origin) || there.contains(regions_.line(origin));
    });
    if (origins.empty() && own) return core::invalid("no other leader of this region is known");
    if (origins.empty()) {
      return core::invalid("region " + name +
                           " is connected, so it is not lost; one origin of it may be: "
                           "`anabranch region retire " +
                           name + " --lost ORIGIN`");
    }
  }
  if (const auto found = regions_.all().find(region); found != regions_.all().end()) {
    origins = united(std::move(origins), found->second.lost);  // Those that were lost before, too.
  }
  const core::Path row = RegionList::retirement_row(region);
  OpenTransaction txn = owner_.writer.begin();
  if (retirement != Retirement::kNone) {
    txn->put(row, RegionList::retirement_value(retirement, origins));
  } else if (txn->stage().peek(row).present()) {
    txn->remove(row);
  }
  txn.keep();
  return {};
}

std::vector<core::Origin> Membership::left_behind(core::Origin origin) const {
  std::vector<core::Origin> line{origin};
  const std::string region = regions_.region_of(origin);
  const auto& origins = regions_.all().find(region)->second.origins;
  const auto is_of_another = [&](const auto& each) {
    return each.second.previous == regions_.previous(line.back()) &&
           !regions_.lost(region, each.first) && std::ranges::count(line, each.first) == 0;
  };
  const auto is_followed = [&](core::Origin each) {  // By a former leader, which follows now.
    return std::ranges::any_of(owner_.keeper.reports().all(),
                               [&](const auto& report) { return report.second.previous == each; });
  };
  for (core::Origin each = regions_.previous(origin);
       origins.contains(each) && std::ranges::count(line, each) == 0 && !is_followed(each) &&
       std::ranges::none_of(origins, is_of_another);
       each = regions_.previous(each)) {
    line.push_back(each);
  }
  return line;
}

std::string Membership::why_not_lost(std::string_view region, core::Origin origin) const {
  const std::string named =
      "origin " + core::to_string(origin) + " of region " + std::string(region);
  if (!regions_.knows(region, origin)) {
    return "the list of regions has no " + named +
           "; `anabranch status --json` has all under `applied`";
  }
  if (origin == self().origin) return "this leader writes under " + named + ", so it is not lost";
  for (const auto& [each, peer] : owner_.exchange.peers()) {
    const RegionReport* const said = owner_.keeper.reports().find(each);
    const bool is_its = each == origin || (said != nullptr && said->previous == origin);
    if (peer.connected() && is_its) return named + " is connected, so it is not lost";
  }
  if (regions_.succeeded(origin)) {
    const auto& origins = regions_.all().find(region)->second.origins;
    const auto next = std::ranges::find_if(
        origins, [&](const auto& each) { return each.second.previous == origin; });
    return named + " has ended with " + core::to_string(next->first) +
           ", which has followed it: name that one if its leader never comes back";
  }
  if (regions_.retirement(region) == Retirement::kRetired) {
    return "region " + std::string(region) + " is retired as a whole: `anabranch region restore " +
           std::string(region) + "` first";
  }
  return {};
}

core::Result<void> Membership::declare_lost(std::string_view region, core::Origin origin) {
  if (std::string why = why_not_lost(region, origin); !why.empty()) return core::invalid(why);
  if (regions_.lost(region, origin)) return {};
  const auto lost = united(left_behind(origin), regions_.all().find(region)->second.lost);
  OpenTransaction txn = owner_.writer.begin();
  txn->put(RegionList::retirement_row(region),
           RegionList::retirement_value(Retirement::kLost, lost));
  txn.keep();
  return {};
}

core::Result<void> Membership::declare_lost(std::string_view region, const core::Hash128& node) {
  const auto found = regions_.all().find(region);
  std::vector<core::Origin> lost;
  if (found != regions_.all().end() && node != core::Hash128{}) {
    for (const auto& [origin, known] : found->second.origins) {
      if (known.node != node || !regions_.counts(region, origin)) continue;
      if (origin == self().origin) return core::invalid("this leader is that member");
      lost = united(left_behind(origin), lost);
    }
  }
  if (lost.empty()) return core::invalid("nobody waits for a member with this node");
  if (regions_.retirement(region) == Retirement::kRetired) {
    return core::invalid("region " + std::string(region) +
                         " is retired as a whole: `anabranch region restore " +
                         std::string(region) + "` first");
  }
  OpenTransaction txn = owner_.writer.begin();
  txn->put(RegionList::retirement_row(region),
           RegionList::retirement_value(Retirement::kLost, united(lost, found->second.lost)));
  txn.keep();
  return {};
}

bool Membership::refuses(LinkId link, const Message& message) {
  const auto* greeting = std::get_if<Greeting>(&message);
  const Peer* const peer = owner_.exchange.links().peer_at(link);
  if (greeting == nullptr && peer == nullptr) return false;
  const std::string& region = greeting != nullptr ? greeting->region : peer->region;
  const core::Origin origin = greeting != nullptr ? greeting->origin : peer->origin;
  if (!regions_.lost(region, origin)) return false;
  owner_.exchange.refuse_lost(link, region);
  return true;
}

// ---- The own one.

RegionReport Membership::make_report() const {
  RegionReport report;
  report.region = self().region;
  report.origin = self().origin;
  if (owner_.exchange.follows() && !regions_.knows(self().region, self().origin)) {
    report.previous = listed_before();
  }
  report.settled = settled_.hash();
  report.durable = settled_.without(owner_.state.applied().vector());
  if (owner_.takes_snapshot()) return report;  // It may bring more.
  const bool all_listed = std::ranges::all_of(owner_.exchange.peers(), [&](const auto& each) {
    const auto& [origin, peer] = each;
    if (!peer.connected()) return true;
    return peer.follows ? owner_.state.applied().vector().includes(peer.applied)
                        : regions_.knows(peer.region, origin);
  });
  if (!all_listed) return report;  // A peer may have origins that the list does not know.
  if (closed_by_ != regions_.hash()) return report;
  report.list = regions_.hash();
  for (const core::Origin origin : regions_.ended()) {
    if (owner_.inbox.holds(origin)) report.open.push_back(origin);
  }
  return report;
}

bool Membership::closes_others(const RegionReport& now) const {
  const RegionReport* const last = owner_.keeper.reports().find(self().origin);
  if (last == nullptr || last->number >> kNumbersPerOpening != self().opening) return true;
  const bool same =
      std::tie(now.list, now.open, now.settled) == std::tie(last->list, last->open, last->settled);
  return !same || std::ranges::any_of(regions_.ended(), [&](core::Origin origin) {
    return now.durable.at(origin) != last->durable.at(origin);
  });
}

// Not with each change of the list: a leader that catches up sees many.
void Membership::close_ended(Millis now) {
  if (closed_by_ == regions_.hash() || now < next_close_ms_) return;
  closed_by_ = regions_.hash();
  next_close_ms_ = now + kCloseMs;
  if (ended_ == regions_.ended()) return;  // The streams were subscribed with these origins.
  ended_ = regions_.ended();
  owner_.exchange.subscriptions().reopen(ended_);
  // Drops their waiting batches: the sender may have lost them. If not, they are sent again.
  for (const core::Origin origin : ended_) owner_.inbox.forget(origin);
}

// A report names what is on the disk, and closing promises it. Where the storage syncs later than
// it commits there may always be something that is not: then the disk is waited for, but not often.
bool Membership::is_durable(Millis now) {
  const bool all = owner_.state.log().is_durable();
  if (!all && now - durable_ms_ < kReportMs) return false;
  durable_ms_ = now;
  return all || owner_.state.make_durable().ok();
}

bool Membership::is_waited_for() const {
  if (!owner_.exchange.follows()) return true;
  return regions_.line(self().region, self().origin, listed_before()) != 0;
}

void Membership::renew_report(Millis now) {
  if (owner_.exchange.joining()) return;  // Nobody waits for it now.
  if (!planted(Bug::kSettleByApplied) && !is_durable(now)) return;
  close_ended(now);
  if (!is_waited_for()) {  // It closes ended origins for itself.
    if (now - report_ms_ < kCloseMs) return;
    report_ms_ = now;
    settle();  // By the reports of others: it may have caught up with them.
    return;
  }
  RegionReport report = make_report();
  if (!closes_others(report)) {
    const RegionReport* const last = owner_.keeper.reports().find(self().origin);
    if (report.durable == last->durable || now - report_ms_ < kReportMs) return;
  }
  report_ms_ = now;
  report.number = (self().opening << kNumbersPerOpening) + ++reports_made_;
  owner_.inbox.proofs().signer().sign(report);
  owner_.keeper.reports().take(std::move(report));
  settle();
}

// ---- Those of others.

void Membership::on(LinkId link, RegionReport report) {
  const Peer* const peer = owner_.exchange.links().peer_at(link);
  if (peer == nullptr || report.origin == self().origin) return;
  const bool is_direct = peer->origin == report.origin && peer->region == report.region;
  if (!is_direct && !is_listed(report)) {
    mark<"a report comes before its region is known">();
    return;  // It will be sent again.
  }
  if (!is_current(report) || owner_.keeper.reports().numbers().at(report.origin) >= report.number) {
    return;
  }
  if (!owner_.inbox.proofs().signer().verify(report)) {
    owner_.alarms.raise_once("region " + peer->region + " passes on a report of region " +
                             report.region + " that no known key of that has signed");
    return;
  }
  if (!regions_.knows(report.region, report.origin) && !make_room_for(report)) return;
  owner_.keeper.reports().take(std::move(report));
  settle();
}

bool Membership::is_listed(const RegionReport& report) const {
  return regions_.line(report.region, report.origin, report.previous) != 0;
}

bool Membership::make_room_for(const RegionReport& report) {
  RegionReports& reports = owner_.keeper.reports();
  if (!is_listed(report)) {  // No more than one of each region.
    reports.retain(
        [&](const RegionReport& each) { return each.region != report.region || is_listed(each); });
    return true;
  }
  const auto is_like_it = [&](const RegionReport& each) {
    return each.region == report.region && each.previous != 0;
  };
  const auto full = [&] {
    return std::ranges::count_if(reports.all(), [&](const auto& each) {
             return is_like_it(each.second);
           }) >= kFormerLeadersMax;
  };
  if (full()) {  // Reports that follow from other lists count no more.
    reports.retain([&](const RegionReport& each) {
      return !is_like_it(each) || each.list == regions_.hash();
    });
  }
  return reports.find(report.origin) != nullptr || !full();
}

bool Membership::is_current(const RegionReport& report) const {
  const std::string listed = regions_.region_of(report.origin);
  return (listed.empty() || listed == report.region) && !regions_.succeeded(report.origin) &&
         !regions_.lost(report.region, report.origin) &&
         !regions_.lost(report.region, report.previous);
}

void Membership::send_reports(LinkId link, const core::VersionVector& known) {
  const core::Origin peer = owner_.exchange.links().peer(link);
  if (peer == 0 || owner_.exchange.joining()) return;
  for (const auto& [origin, report] : owner_.keeper.reports().all()) {
    const bool foreign = origin != self().origin;
    if (foreign && !is_listed(report)) continue;  // Nobody would take it.
    if (origin == peer || known.at(origin) >= report.number) continue;
    owner_.effects.push_back(Send{link, report});
  }
}

// ---- Batches and settled origins.

void Membership::unsettle(core::Origin origin) {
  if (!settled_.forget(origin)) return;
  owner_.alarms.raise_once("origin " + core::to_string(origin) + " of region " +
                           region_of(origin, owner_.state.applied(), owner_.exchange.peers()) +
                           " goes on although it had ended everywhere: two leaders write as one "
                           "region");
}

// A network may bring a batch once more, also over a new link, after its sender has left the
// history that it belongs to. So an unsolicited batch is accepted only if its
// sender has shown that it has it; of ended origins only batches that are asked for now.
bool Membership::accepts(LinkId link, const BatchMessage& message, const core::Batch& batch) const {
  const Exchange& exchange = owner_.exchange;
  if (ended_.contains(batch.origin)) return exchange.asks_for(link, message, batch.origin);
  return exchange.asked_for(link, message) || exchange.has_shown(link, batch);
}

}  // namespace anabranch::regions
