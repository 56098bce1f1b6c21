// The site of the documents, as the build has made it, under the Content-Security-Policy of the HTTP port:
// a page is read, another one is found by the search, and nothing is asked of others.
import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {mkdirSync} from 'node:fs';
import {createServer} from 'node:http';
import {extname, join, normalize} from 'node:path';
import {after, before, test} from 'node:test';

import {Visitor, launch, until} from './browser.mjs';
import {contrasts, unnamed} from './inspection.mjs';

const build = process.env.ANABRANCH_TEST_BUILD;
const screenshots = process.env.ANABRANCH_SCREENSHOTS ?? `${build}/screenshots`;
const kTypes = {'.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.png': 'image/png',
  '.svg': 'image/svg+xml'};
const kPolicy = "default-src 'self'; frame-ancestors 'self'; base-uri 'none'";
let server;
let browser;
let address;

class Reader extends Visitor {
  ready() {
    return this.page.waitForSelector('main h1');
  }
  async look(name) {
    assert.deepEqual(await this.page.evaluate(unnamed), [], `${name}: everything has a name`);
    assert.deepEqual(await this.page.evaluate(contrasts, 4.5), [], `${name}: contrast`);
    assert.ok(await this.page.evaluate(() =>
      document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${name}: not too wide`);
    await this.page.screenshot({path: `${screenshots}/site-${name}.png`});
  }
}

before(async () => {
  mkdirSync(screenshots, {recursive: true});
  server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, 'http://localhost').pathname);
    const file = join(build, 'site/html', path.endsWith('/') ? `${path}index.html` : path);
    const bytes = await readFile(file).catch(() => undefined);
    response.writeHead(bytes ? 200 : 410, {'Content-Type': kTypes[extname(file)] ?? 'text/plain',
      'Content-Security-Policy': kPolicy, 'X-Content-Type-Options': 'nosniff'});
    response.end(bytes);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  address = `http://127.0.0.1:${server.address().port}/`;
  browser = await launch();
});
after(async () => {
  await browser?.close();
  server.closeAllConnections();
  server.close();
});

test('a page is read, and its sections have the anchors of warnings', async () => {
  for (const colorScheme of ['light', 'dark']) {
    const reader = await Reader.open(browser, `${address}operations/alarms.html#log_kept`, {colorScheme});
    assert.ok(await reader.page.locator('#log_kept').evaluate((each) => Math.abs(each.getBoundingClientRect().top) < 100));
    await reader.look(`alarms-${colorScheme}`);
    await reader.go(`${address}commands.html`);
    await reader.look(`commands-${colorScheme}`);
    await reader.go(address);
    await reader.look(`first-${colorScheme}`);
    assert.deepEqual(reader.errors, []);
    await reader.page.context().close();
  }
  const phone = await Reader.open(browser, `${address}operations.html`, {viewport: {width: 360, height: 640}});
  await phone.look('phone');
  await phone.page.context().close();
});

test('the search finds a page, and asks nobody else', async () => {
  const reader = await Reader.open(browser, `${address}operations/disks.html`);
  const asked = new Set();
  reader.page.on('request', (request) => asked.add(new URL(request.url()).origin));
  await reader.page.fill('input[type=search]', 'failover');
  await reader.page.keyboard.press('Enter');
  await reader.page.waitForURL(/search\.html\?q=failover$/);
  const results = reader.page.locator('#search-results li a');
  await until('there are results', async () => await results.count() > 3);
  const found = await results.evaluateAll((all) => all.map((each) => each.pathname));
  assert.ok(found.slice(0, 3).includes('/operations/failover.html'), found.slice(0, 5).join(' '));
  await until('with some words of each', async () => await reader.page.locator('#search-results .context').count() > 0);
  await reader.look('search');
  await results.first().click();
  await reader.ready();
  await reader.go(`${address}search.html?q=xyzzyplugh`);
  await until('nothing is found, and that is said', async () =>
    /did not match any/.test(await reader.page.textContent('main')));
  assert.deepEqual([...asked], [new URL(address).origin]);
  assert.deepEqual(reader.errors, []);
  await reader.page.context().close();
});
