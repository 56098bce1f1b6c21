// The dashboard of a leader: one stream of statuses, and the views that show each of them.
import {Acts} from './acts.js';
import {Conflicts} from './conflicts.js';
import {write} from './elements.js';
import {EveryFigure} from './every_figure.js';
import {noteFigures, takeHistory} from './figures.js';
import {Freshness} from './freshness.js';
import {HealthView} from './health_view.js';
import {History} from './history.js';
import {LinkLog} from './link_log.js';
import {linksOf} from './links.js';
import {LinksTable} from './links_table.js';
import {MembersTable} from './members_table.js';
import {Mesh, legend} from './mesh.js';
import {Notice} from './notice.js';
import {printable, shortened} from './printable.js';
import {RegionFigures} from './region_figures.js';
import {RegionsTable, othersOf} from './regions_table.js';
import {get} from './requests.js';
import {Resolvers} from './resolvers.js';
import {Stream} from './stream.js';
import {Token} from './token.js';
import {TrafficTable} from './traffic_table.js';
import {Verdict} from './verdict.js';
import {warningsOf} from './warnings.js';

const kFewPeers = 5;  // With more, the drawing gets the width of the page.

const byId = (id) => document.getElementById(id);

class Dashboard {
  constructor() {
    const acts = new Acts(new Token(byId('token')), new Notice(byId('done')));
    this.history = new History();
    this.log = new LinkLog();
    this.verdict = new Verdict();
    this.health = new HealthView({verdict: byId('verdict'), mark: byId('verdict-mark'),
      words: byId('verdict-words'), asOf: byId('verdict-as-of'), warnings: byId('warnings'),
      announced: byId('announced')});
    this.mesh = new Mesh(byId('mesh'));
    this.links = new LinksTable(byId('links'), acts);
    this.traffic = new TrafficTable(byId('traffic'));
    this.figures = new RegionFigures(byId('figures'));
    this.regions = new RegionsTable(byId('regions'));
    this.members = new MembersTable(byId('members'));
    this.conflicts = new Conflicts({sum: byId('conflicts-sum'), rules: byId('rules'),
      list: byId('losers-list'), trouble: byId('losers-trouble'), losers: byId('losers')}, acts);
    this.resolvers = new Resolvers(byId('resolvers'), byId('alarms'));
    this.every = new EveryFigure(byId('all'), byId('every'));
    this.stream = new Stream('events', (status) => this.show(status), () => this.#begin());
    this.freshness = new Freshness({fresh: byId('fresh'), freeze: byId('freeze'), trouble: byId('trouble')},
      this.stream, (frozen) => frozen ? this.stream.close() : this.stream.open());
    this.stream.open();
  }

  show(status) {
    const now = Date.now();
    if (this.origin !== undefined && status.origin !== this.origin) this.#forget();
    this.origin = status.origin;
    noteFigures(this.history, status, now);
    byId('main').hidden = false;
    this.#showHead(status);
    const links = linksOf({status, now, log: this.log, history: this.history});
    const warnings = warningsOf(status);
    this.health.show(this.verdict.of(links, warnings, now), warnings, shortened(status.region, 24));
    byId('main').classList.toggle('many', links.length > 2 * kFewPeers);
    const others = othersOf(status).filter((each) => !each.retirement);
    this.mesh.show(status, links, others.map((each) => each.region));
    write(byId('mesh-note'), legend(links));
    this.links.show(links, now);
    this.traffic.show(status);
    this.figures.show(status, this.history, now);
    this.regions.show(status);
    this.members.show(status);
    this.conflicts.show(status);
    this.resolvers.show(status);
    this.every.show(status);
    this.freshness.look();
  }

  // What was before, the leader remembers. Without it the drawings begin now.
  async #begin() {
    try {
      takeHistory(this.history, await get('history'), Date.now());
    } catch (error) {
      console.info(`No histories: ${error.message}`);
    }
  }

  // Another leader answers, or one that has begun anew.
  #forget() {
    this.history.clear();
    this.log.clear();
    this.verdict = new Verdict();
  }

  #showHead(status) {
    const region = shortened(status.region, 40);
    write(byId('region'), region);
    byId('region').title = region === printable(status.region) ? '' : shortened(status.region, 400);
    const mesh = status.mesh ? `mesh ${shortened(status.mesh, 24)}` : '';
    const keys = status.keyed ? 'links with keys' : 'links without keys';
    write(byId('about'), [status.follower ? 'follower' : 'leader', mesh, keys].filter(Boolean).join(' · '));
  }
}

new Dashboard();
