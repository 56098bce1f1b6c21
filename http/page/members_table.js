// The table of members: the leaders and followers of all regions, as their cards show them.
import {metric} from './metric_names.js';
import {printable, shortened} from './printable.js';
import {Table} from './table.js';
import {span} from './units.js';

const named = (text, most = 24) => {
  const whole = printable(text);
  const short = shortened(text, most);
  return {text: short, title: whole === short ? '' : shortened(text, 400)};
};

const kColumns = [
  {name: 'Member', heads: true, wide: true, of: (row) => named(row.name)},
  {name: 'Region', of: (row) => named(row.region)},
  {name: 'Role', of: (row) => printable(row.role)},
  {name: 'Zone', of: (row) => row.zone ? named(row.zone) : undefined},
  {name: 'Rank', number: true, of: (row) => String(row.rank), title: metric('members.rank')},
  {name: 'Lag', number: true, of: (row) => row.lag_ms >= 0 ? span(row.lag_ms) : undefined,
    title: `How old the leader's writes are that it has: ${metric('members.lag_ms')}`},
  {name: 'Is', wide: true, of: (row) => named(wordsOfMember(row), 60)},
];

// "fit", or the reasons for concern.
export function wordsOfMember(member) {
  const words = [member.self ? 'this one' : '',
    member.fresh ? '' : `not heard for ${span(member.age_ms)}`,
    member.fit ? '' : `not fit: ${member.why}`, member.note];
  return words.filter(Boolean).join(', ') || 'fit';
}

export class MembersTable {
  constructor(parent) {
    this.table = new Table(parent, 'Members', kColumns, {keyOf: (row) => row.node});
  }

  // A member that is alone has no table.
  show(status) {
    const members = status.members ?? [];
    this.table.show(members.length > 1 ? members : [], '');
  }
}
