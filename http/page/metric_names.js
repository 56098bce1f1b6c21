// The names in /metrics of the figures that the page shows, for the title of each.

const kNames = {
  'peers.lag_ops': 'peer_lag_operations',
  'peers.behind_ms': 'peer_behind_seconds',
  'peers.behind_ops': 'peer_behind_operations',
  'peers.clock_ahead_ms': 'peer_clock_ahead_seconds',
  'peers.round_trip_ms': 'peer_round_trip_seconds',
  'peers.sent_ops': 'peer_sent_operations_total',
  'peers.received_ops': 'peer_received_operations_total',
  'peers.not_durable_ops': 'peer_not_durable_operations',
  'peers.not_durable_ms': 'peer_not_durable_seconds',
  'peers.queued_bytes': 'peer_queued_bytes',
  'peers.equal_ago_ms': 'peer_equal_ago_seconds',
  'regions.pinned_bytes': 'region_pinned_bytes',
  'members.rank': 'member_rank',
  'members.lag_ms': 'member_lag_seconds',
  'applied.seq': 'applied_operations',
  'statistics.commits': 'commits_total',
  'statistics.commits_failed': 'commits_failed_total',
  'statistics.commit_us_p50': 'commit_p50_seconds',
  'commands': 'redis_commands_total',
  'lookups.found': 'redis_lookups_found_total',
  'lookups.missed': 'redis_lookups_missed_total',
  'clients.connected': 'redis_clients',
  'log_bytes': 'log_bytes',
  'memory_bytes': 'memory_bytes',
  'disk_bytes': 'disk_bytes',
  'rows': 'rows',
  'expired_waiting': 'expired_waiting_keys',
  'held_batches': 'held_batches',
  'requests': 'requests',
  'watches.watches': 'watches',
  'long_transactions': 'long_transactions_total',
  'conflicts.rules.met': 'conflicts_met_total',
  'conflicts.rules.replaced': 'conflicts_replaced_total',
  'conflicts.rules.hidden': 'conflicts_hidden_total',
  'conflicts.rules.doomed': 'conflicts_doomed_total',
  'resolver_failures': 'resolver_failures_total',
  'resolver_slow': 'resolver_slow_calls_total',
  'resolver_unstable': 'resolver_unstable_calls_total',
  'absent_functions': 'absent_functions_total',
  'answers_found': 'answers_found_total',
  'answers_kept_bytes': 'answers_kept_bytes',
  'policies': 'policies',
  'plugins.modules': 'plugin_modules',
  'plugins.values': 'plugin_values_total',
};

// Returns the metric of a figure of the status, by its path.
export function metric(path) {
  if (!(path in kNames)) throw new Error(`no metric is known of ${path}`);
  return `anabranch_${kNames[path]}`;
}

export const metricNames = () => Object.entries(kNames);
