// All regions side by side, each in a frame that talks to its own region, with the links between them.
import {Column} from './column.js';
import {Connection} from './connection.js';
import {Equality} from './equality.js';
import {LinkView} from './links.js';
import {Story} from './story.js';
import {followName, visitorName} from './names.js';
import {get, post} from './requests.js';

const byId = (id) => document.getElementById(id);
const kCounts = ['no', 'one', 'two', 'three', 'four', 'five', 'six'];

async function start() {
  const board = await get('/api/board');
  const name = visitorName();
  byId('name').value = name;
  const words = kCounts[board.regions.length] ?? String(board.regions.length);
  byId('count').textContent = words;
  const columns = board.regions.map((region, index) => new Column(region, index, name));
  const links = board.links ? makeLinks(columns) : [];
  place(columns, links);
  const equality = new Equality(columns.map((each) => each.region), words, {
    line: byId('equal'), mark: byId('equal-mark'), words: byId('equal-words'), digest: byId('equal-digest'),
    since: byId('equal-since'), announced: byId('announced')});
  for (const column of columns) {
    column.connection = new Connection(() => `${column.page}/api/events`, {
      mesh: (mesh) => {
        column.reached();
        equality.onMesh(column.region, mesh);
        links.forEach((link) => link.onMesh(column.region, mesh));
      },
      down: () => {
        equality.onDown(column.region);
        links.forEach((link) => link.onDown(column.region));
      },
    });
  }
  followName(byId('name'), (entered) => columns.forEach((column) =>
    column.act({act: 'name', name: entered})));
  byId('help').addEventListener('click', () => {
    byId('explained').hidden = !byId('explained').hidden;
    byId('help').setAttribute('aria-expanded', String(!byId('explained').hidden));
  });
  const story = new Story({columns, links, equality, button: byId('story'), caption: byId('caption'),
    visitor: () => byId('name').value});
  byId('story').hidden = !story.isPossible;
}

// Asks a region that is there to change a link, this page's own one first.
function makeLinks(columns) {
  const change = async (between, what) => {
    for (const base of ['', ...columns.map((each) => each.page)]) {
      const answer = await post(`${base}/api/links`, {between, do: what}).catch(() => null);
      if (answer && !answer.error) return;
    }
  };
  const links = [];
  for (let first = 0; first < columns.length; first += 1) {
    for (let second = first + 1; second < columns.length; second += 1) {
      links.push(new LinkView(columns[first], columns[second], change));
    }
  }
  return links;
}

// Neighbours have their link between them, the others have it below.
function place(columns, links) {
  columns.forEach((column, index) => {
    byId('regions').append(column.element);
    const link = links.find((each) => each.first === column && each.second === columns[index + 1]);
    if (link) byId('regions').append(link.element);
  });
  byId('regions').style.setProperty('--columns', columns.length);
  byId('far-links').append(...links.filter((each) => !each.element.isConnected).map((each) => each.element));
}

start();
