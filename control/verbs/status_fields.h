// The fields of a leader's status, each told once: its name, and the member that holds it.
// ANABRANCH STATUS and INFO show every field of these tables, and the command line what it has no
// sentence of its own for. A member of a struct that its table lacks does not compile.
#pragma once

#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>

#include <anabranch/status.h>

namespace anabranch::control {

template <typename Status, typename Value>
struct Field {
  std::string_view name;
  Value Status::*member;
};

// For compilers that do not deduce the arguments of aggregates.
template <typename Status, typename Value>
Field(std::string_view, Value Status::*) -> Field<Status, Value>;

// The table of a struct; not a tuple for types that are no status.
template <typename Status>
inline constexpr auto kFields = nullptr;

template <typename Type>
concept HasFields = !std::is_same_v<decltype(kFields<Type>), const std::nullptr_t>;

template <typename Type>
concept IsList = requires {
  typename Type::value_type;
}
&&!std::is_convertible_v<Type, std::string_view>;

template <>
inline constexpr auto kFields<AppliedStatus> = std::tuple{
    Field{"origin", &AppliedStatus::origin},
    Field{"region", &AppliedStatus::region},
    Field{"seq", &AppliedStatus::seq},
    Field{"state", &AppliedStatus::state},
};

template <>
inline constexpr auto kFields<Statistics> = std::tuple{
    Field{"commits", &Statistics::commits},
    Field{"commits_failed", &Statistics::commits_failed},
    Field{"commit_us_p50", &Statistics::commit_us_p50},
    Field{"commit_us_p99", &Statistics::commit_us_p99},
    Field{"commit_us_max", &Statistics::commit_us_max},
};

template <>
inline constexpr auto kFields<PeerStatus> = std::tuple{
    Field{"region", &PeerStatus::region},
    Field{"address", &PeerStatus::address},
    Field{"origin", &PeerStatus::origin},
    Field{"connected", &PeerStatus::connected},
    Field{"paused", &PeerStatus::paused},
    Field{"follower", &PeerStatus::follower},
    Field{"lag_ops", &PeerStatus::lag_ops},
    Field{"lag_ms", &PeerStatus::lag_ms},
    Field{"behind_ms", &PeerStatus::behind_ms},
    Field{"behind_ops", &PeerStatus::behind_ops},
    Field{"clock_ahead_ms", &PeerStatus::clock_ahead_ms},
    Field{"diverged", &PeerStatus::diverged},
    Field{"resolvers_differ", &PeerStatus::resolvers_differ},
    Field{"absent_functions", &PeerStatus::absent_functions},
    Field{"note", &PeerStatus::note},
    Field{"away_why", &PeerStatus::away_why},
    Field{"away_ms", &PeerStatus::away_ms},
    Field{"tries", &PeerStatus::tries},
    Field{"next_try_ms", &PeerStatus::next_try_ms},
    Field{"catching_up", &PeerStatus::catching_up},
    Field{"round_trip_ms", &PeerStatus::round_trip_ms},
    Field{"sent_ops", &PeerStatus::sent_ops},
    Field{"received_ops", &PeerStatus::received_ops},
    Field{"not_durable_ops", &PeerStatus::not_durable_ops},
    Field{"not_durable_ms", &PeerStatus::not_durable_ms},
    Field{"queued_bytes", &PeerStatus::queued_bytes},
    Field{"equal_ago_ms", &PeerStatus::equal_ago_ms},
};

template <>
inline constexpr auto kFields<MemberStatus> = std::tuple{
    Field{"node", &MemberStatus::node},
    Field{"name", &MemberStatus::name},
    Field{"region", &MemberStatus::region},
    Field{"zone", &MemberStatus::zone},
    Field{"role", &MemberStatus::role},
    Field{"self", &MemberStatus::self},
    Field{"rank", &MemberStatus::rank},
    Field{"fresh", &MemberStatus::fresh},
    Field{"age_ms", &MemberStatus::age_ms},
    Field{"hops", &MemberStatus::hops},
    Field{"fit", &MemberStatus::fit},
    Field{"why", &MemberStatus::why},
    Field{"promote_after_ms", &MemberStatus::promote_after_ms},
    Field{"able", &MemberStatus::able},
    Field{"reign", &MemberStatus::reign},
    Field{"blind", &MemberStatus::blind},
    Field{"origin", &MemberStatus::origin},
    Field{"lag_ms", &MemberStatus::lag_ms},
    Field{"announce_redis", &MemberStatus::announce_redis},
    Field{"announce_redis_tls", &MemberStatus::announce_redis_tls},
    Field{"announce_sentinel", &MemberStatus::announce_sentinel},
    Field{"announce_peer", &MemberStatus::announce_peer},
    Field{"note", &MemberStatus::note},
    Field{"remedy", &MemberStatus::remedy},
};

template <>
inline constexpr auto kFields<CardsStatus> = std::tuple{
    Field{"sent", &CardsStatus::sent},       Field{"received", &CardsStatus::received},
    Field{"taken", &CardsStatus::taken},     Field{"repeated", &CardsStatus::repeated},
    Field{"old", &CardsStatus::old},         Field{"forged", &CardsStatus::forged},
    Field{"excess", &CardsStatus::excess},   Field{"strange", &CardsStatus::strange},
    Field{"crowded", &CardsStatus::crowded}, Field{"held_up", &CardsStatus::held_up},
    Field{"unread", &CardsStatus::unread},
};

template <>
inline constexpr auto kFields<RefusedStatus> = std::tuple{
    Field{"unknown_keys", &RefusedStatus::unknown_keys},
    Field{"expired_keys", &RefusedStatus::expired_keys},
    Field{"failed_handshakes", &RefusedStatus::failed_handshakes},
    Field{"excess_connections", &RefusedStatus::excess_connections},
    Field{"oversized_messages", &RefusedStatus::oversized_messages},
    Field{"malformed_frames", &RefusedStatus::malformed_frames},
    Field{"forged_batches", &RefusedStatus::forged_batches},
    Field{"greetings", &RefusedStatus::greetings},
};

template <>
inline constexpr auto kFields<WarningStatus> = std::tuple{
    Field{"kind", &WarningStatus::kind},
    Field{"peer", &WarningStatus::peer},
    Field{"critical", &WarningStatus::critical},
    Field{"text", &WarningStatus::text},
    Field{"what_to_do", &WarningStatus::what_to_do},
};

template <>
inline constexpr auto kFields<RegionStatus> = std::tuple{
    Field{"region", &RegionStatus::region},
    Field{"connected", &RegionStatus::connected},
    Field{"retirement", &RegionStatus::retirement},
    Field{"pinned_bytes", &RegionStatus::pinned_bytes},
    Field{"pinned_ms", &RegionStatus::pinned_ms},
};

template <>
inline constexpr auto kFields<ForkStatus> = std::tuple{
    Field{"origin", &ForkStatus::origin}, Field{"region", &ForkStatus::region},
    Field{"common", &ForkStatus::common}, Field{"differs", &ForkStatus::differs},
    Field{"here", &ForkStatus::here},     Field{"same", &ForkStatus::same},
    Field{"others", &ForkStatus::others}, Field{"waiting", &ForkStatus::waiting},
};

template <>
inline constexpr auto kFields<RejoinStatus> = std::tuple{
    Field{"stage", &RejoinStatus::stage},     Field{"taken", &RejoinStatus::taken},
    Field{"renamed", &RejoinStatus::renamed}, Field{"left", &RejoinStatus::left},
    Field{"failed", &RejoinStatus::failed},
};

template <>
inline constexpr auto kFields<SnapshotStatus> = std::tuple{
    Field{"region", &SnapshotStatus::region},
    Field{"stage", &SnapshotStatus::stage},
    Field{"rows", &SnapshotStatus::rows},
    Field{"rows_total", &SnapshotStatus::rows_total},
    Field{"bytes", &SnapshotStatus::bytes},
    Field{"bytes_total", &SnapshotStatus::bytes_total},
    Field{"rows_per_second", &SnapshotStatus::rows_per_second},
    Field{"seconds_left", &SnapshotStatus::seconds_left},
    Field{"log_bytes", &SnapshotStatus::log_bytes},
};

template <>
inline constexpr auto kFields<WatchesStatus> = std::tuple{
    Field{"watches", &WatchesStatus::watches}, Field{"documents", &WatchesStatus::documents},
    Field{"behind", &WatchesStatus::behind},   Field{"lost", &WatchesStatus::lost},
    Field{"slow", &WatchesStatus::slow},       Field{"ever_slow", &WatchesStatus::ever_slow},
    Field{"thrown", &WatchesStatus::thrown},   Field{"failed", &WatchesStatus::failed},
};

template <>
inline constexpr auto kFields<PresenceStatus> = std::tuple{
    Field{"listeners", &PresenceStatus::listeners},
    Field{"published", &PresenceStatus::published},
    Field{"received", &PresenceStatus::received},
    Field{"heard", &PresenceStatus::heard},
    Field{"sent", &PresenceStatus::sent},
    Field{"repeated", &PresenceStatus::repeated},
    Field{"old", &PresenceStatus::old},
    Field{"far", &PresenceStatus::far},
    Field{"excess", &PresenceStatus::excess},
    Field{"crowded", &PresenceStatus::crowded},
    Field{"held_up", &PresenceStatus::held_up},
    Field{"unsent", &PresenceStatus::unsent},
    Field{"missed", &PresenceStatus::missed},
};

template <>
inline constexpr auto kFields<ConflictRuleStatus> = std::tuple{
    Field{"policy", &ConflictRuleStatus::policy}, Field{"prefix", &ConflictRuleStatus::prefix},
    Field{"met", &ConflictRuleStatus::met},       Field{"replaced", &ConflictRuleStatus::replaced},
    Field{"hidden", &ConflictRuleStatus::hidden}, Field{"doomed", &ConflictRuleStatus::doomed},
};

template <>
inline constexpr auto kFields<ConflictsStatus> = std::tuple{
    Field{"entries", &ConflictsStatus::entries},
    Field{"bytes", &ConflictsStatus::bytes},
    Field{"bytes_max", &ConflictsStatus::bytes_max},
    Field{"dropped_full", &ConflictsStatus::dropped_full},
    Field{"dropped_old", &ConflictsStatus::dropped_old},
    Field{"rules", &ConflictsStatus::rules},
};

template <>
inline constexpr auto kFields<PluginsStatus> = std::tuple{
    Field{"modules", &PluginsStatus::modules},
    Field{"machines", &PluginsStatus::machines},
    Field{"values", &PluginsStatus::values},
    Field{"declined", &PluginsStatus::declined},
    Field{"out_of_fuel", &PluginsStatus::out_of_fuel},
    Field{"out_of_stack", &PluginsStatus::out_of_stack},
    Field{"traps", &PluginsStatus::traps},
    Field{"bad_answers", &PluginsStatus::bad_answers},
    Field{"large_answers", &PluginsStatus::large_answers},
};

template <>
inline constexpr auto kFields<ScrubStatus> = std::tuple{
    Field{"finished_ms", &ScrubStatus::finished_ms},
    Field{"begun_ms", &ScrubStatus::begun_ms},
    Field{"done", &ScrubStatus::done},
    Field{"total", &ScrubStatus::total},
    Field{"damaged", &ScrubStatus::damaged},
};
template <>
inline constexpr auto kFields<BackupStatus> = std::tuple{
    Field{"made_ms", &BackupStatus::made_ms}, Field{"age_ms", &BackupStatus::age_ms},
    Field{"rows", &BackupStatus::rows},       Field{"bytes", &BackupStatus::bytes},
    Field{"digest", &BackupStatus::digest},   Field{"path", &BackupStatus::path},
    Field{"stage", &BackupStatus::stage},     Field{"overdue", &BackupStatus::overdue},
};

template <>
inline constexpr auto kFields<StoreStatus> = std::tuple{
    Field{"region", &StoreStatus::region},
    Field{"follower", &StoreStatus::follower},
    Field{"origin", &StoreStatus::origin},
    Field{"origin_why", &StoreStatus::origin_why},
    Field{"mesh", &StoreStatus::mesh},
    Field{"endpoint", &StoreStatus::endpoint},
    Field{"applied", &StoreStatus::applied},
    Field{"peers", &StoreStatus::peers},
    Field{"regions", &StoreStatus::regions},
    Field{"forks", &StoreStatus::forks},
    Field{"rejoin", &StoreStatus::rejoin},
    Field{"snapshots", &StoreStatus::snapshots},
    Field{"clocks", &StoreStatus::clocks},
    Field{"unproven", &StoreStatus::unproven},
    Field{"log_damage", &StoreStatus::log_damage},
    Field{"log_lost", &StoreStatus::log_lost},
    Field{"set_aside_bytes", &StoreStatus::set_aside_bytes},
    Field{"log_records", &StoreStatus::log_records},
    Field{"log_bytes", &StoreStatus::log_bytes},
    Field{"log_age_ms", &StoreStatus::log_age_ms},
    Field{"backup", &StoreStatus::backup},
    Field{"scrub", &StoreStatus::scrub},
    Field{"orders_left", &StoreStatus::orders_left},
    Field{"held_batches", &StoreStatus::held_batches},
    Field{"waiting_subscriptions", &StoreStatus::waiting_subscriptions},
    Field{"avoided_sources", &StoreStatus::avoided_sources},
    Field{"wanted_positions", &StoreStatus::wanted_positions},
    Field{"resolver_failures", &StoreStatus::resolver_failures},
    Field{"resolver_alarms", &StoreStatus::resolver_alarms},
    Field{"resolver_slow", &StoreStatus::resolver_slow},
    Field{"resolver_unstable", &StoreStatus::resolver_unstable},
    Field{"answers_kept_bytes", &StoreStatus::answers_kept_bytes},
    Field{"answers_found", &StoreStatus::answers_found},
    Field{"answers_asked", &StoreStatus::answers_asked},
    Field{"plugins", &StoreStatus::plugins},
    Field{"policies", &StoreStatus::policies},
    Field{"policy_troubles", &StoreStatus::policy_troubles},
    Field{"absent_functions", &StoreStatus::absent_functions},
    Field{"conflicts", &StoreStatus::conflicts},
    Field{"memory_bytes", &StoreStatus::memory_bytes},
    Field{"disk_bytes", &StoreStatus::disk_bytes},
    Field{"disk_free_bytes", &StoreStatus::disk_free_bytes},
    Field{"disk_reserve_bytes", &StoreStatus::disk_reserve_bytes},
    Field{"storage_log_bytes", &StoreStatus::storage_log_bytes},
    Field{"storage_waiting_bytes", &StoreStatus::storage_waiting_bytes},
    Field{"storage_flushes", &StoreStatus::storage_flushes},
    Field{"storage_flushing", &StoreStatus::storage_flushing},
    Field{"storage_redo_bytes", &StoreStatus::storage_redo_bytes},
    Field{"durability", &StoreStatus::durability},
    Field{"storage_unsynced_bytes", &StoreStatus::storage_unsynced_bytes},
    Field{"storage_damage", &StoreStatus::storage_damage},
    Field{"rows_again", &StoreStatus::rows_again},
    Field{"rows", &StoreStatus::rows},
    Field{"requests", &StoreStatus::requests},
    Field{"requests_repeated", &StoreStatus::requests_repeated},
    Field{"requests_forgotten", &StoreStatus::requests_forgotten},
    Field{"requests_corrections", &StoreStatus::requests_corrections},
    Field{"expiries", &StoreStatus::expiries},
    Field{"expired_waiting", &StoreStatus::expired_waiting},
    Field{"expired_cleared", &StoreStatus::expired_cleared},
    Field{"digest", &StoreStatus::digest},
    Field{"diverged", &StoreStatus::diverged},
    Field{"keyed", &StoreStatus::keyed},
    Field{"refused", &StoreStatus::refused},
    Field{"transaction_ms", &StoreStatus::transaction_ms},
    Field{"transaction_thread", &StoreStatus::transaction_thread},
    Field{"long_transactions", &StoreStatus::long_transactions},
    Field{"async_waiting", &StoreStatus::async_waiting},
    Field{"watches", &StoreStatus::watches},
    Field{"presence", &StoreStatus::presence},
    Field{"members", &StoreStatus::members},
    Field{"cards", &StoreStatus::cards},
    Field{"statistics", &StoreStatus::statistics},
    Field{"behind_ms", &StoreStatus::behind_ms},
    Field{"slowed", &StoreStatus::slowed},
    Field{"read_ms", &StoreStatus::read_ms},
    Field{"read_too_long", &StoreStatus::read_too_long},
    Field{"warnings", &StoreStatus::warnings},
    Field{"draining", &StoreStatus::draining},
    Field{"full", &StoreStatus::full},
    Field{"refusing", &StoreStatus::refusing},
    Field{"writable", &StoreStatus::writable},
};

// Calls visit(name, value) for each field of a status, in the order of its table.
template <HasFields Status, typename Visit>
void for_each_field(const Status& status, const Visit& visit) {
  std::apply([&](const auto&... field) { (visit(field.name, status.*field.member), ...); },
             kFields<Status>);
}

// Counts the members of an aggregate, by how many values initialise it, as Boost.PFR does.
struct AnyValue {
  template <typename Value>
  constexpr operator Value&() const noexcept;  // Never called.
};

template <typename Aggregate, typename... Values>
consteval std::size_t member_count() {
  if constexpr (requires { Aggregate{Values{}..., AnyValue{}}; }) {
    return member_count<Aggregate, Values..., AnyValue>();
  } else {
    return sizeof...(Values);
  }
}

template <typename Status>
inline constexpr bool kIsComplete =
    std::tuple_size_v<std::remove_const_t<decltype(kFields<Status>)>> == member_count<Status>();

static_assert(kIsComplete<AppliedStatus> && kIsComplete<PeerStatus> && kIsComplete<RefusedStatus> &&
              kIsComplete<RegionStatus> && kIsComplete<ForkStatus> && kIsComplete<RejoinStatus> &&
              kIsComplete<ConflictRuleStatus> && kIsComplete<ConflictsStatus> &&
              kIsComplete<PluginsStatus> && kIsComplete<BackupStatus> && kIsComplete<ScrubStatus> &&
              kIsComplete<SnapshotStatus> && kIsComplete<Statistics> &&
              kIsComplete<WarningStatus> && kIsComplete<WatchesStatus> &&
              kIsComplete<PresenceStatus> && kIsComplete<MemberStatus> &&
              kIsComplete<CardsStatus> && kIsComplete<StoreStatus>);

}  // namespace anabranch::control
