// A browser for tests: pages that report what goes wrong in them.
import assert from 'node:assert/strict';

import {chromium} from 'playwright-core';

const kPatienceMs = 90000;

export const patience = {timeout: kPatienceMs};

export async function launch() {
  return chromium.launch({executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage']});
}

// Waits until the function returns something true, and returns that.
export async function until(what, check, ms = kPatienceMs) {
  const end = Date.now() + ms;
  for (;;) {
    const result = await check();
    if (result) return result;
    assert.ok(Date.now() < end, `not within ${ms} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

// A person at a page, in a browser session of its own.
export class Visitor {
  static async open(browser, address, options = {}) {
    const context = await browser.newContext({viewport: {width: 1024, height: 768}, ...options});
    const page = await context.newPage();
    page.setDefaultTimeout(kPatienceMs);
    const visitor = new this(page);
    await visitor.go(address);
    return visitor;
  }

  constructor(page) {
    this.page = page;
    this.text = page.locator('#text');
    this.errors = [];
    page.on('pageerror', (error) => this.errors.push(String(error.stack ?? error)));
    page.on('console', (message) => {
      // A region that is down is a failed request for the browser, whatever the page makes of it.
      const isNetwork = /net::ERR_|status of (401|404|409|413|503)/.test(message.text());
      if (message.type() === 'error' && !isNetwork) this.errors.push(message.text());
    });
  }

  async go(address) {
    await this.page.goto(address);
    if (!address.includes('three')) await this.ready();
  }
  async reload() {
    await this.page.reload();
    await this.ready();
  }
  ready() {
    return this.page.waitForSelector('#document[aria-busy=false]');
  }

  // The whole text as it is shown, with its mirror, which marks are drawn over.
  async shown() {
    const [text, mirror] = await this.page.evaluate(() =>
      [document.querySelector('#text').value, document.querySelector('#mirror').textContent]);
    assert.equal(mirror.slice(0, -1), text, 'the mirror shows the text');
    return text;
  }
  async caretAt(position) {
    await this.text.focus();
    await this.text.evaluate((area, at) => area.setSelectionRange(at, at), position);
  }
  async caretBehind(word) {
    const text = await this.shown();
    assert.ok(text.includes(word), `${word} in ${text}`);
    await this.caretAt(text.indexOf(word) + word.length);
  }
  // Types at 10 letters a second, or as told.
  type(text, delay = 100) {
    return this.page.keyboard.type(text, {delay});
  }
  // All that was typed is on the region's disk.
  saved() {
    return until('all is saved', async () => !/waiting/.test(await this.page.textContent('#saved')) &&
      await this.page.locator('.mark.pending').count() === 0 &&
      await this.page.isHidden('#trouble'));
  }
  async close() {
    assert.deepEqual(this.errors, []);
    await this.page.context().close();
  }
}

// All of them show the same text; returns it.
export async function sameText(visitors) {
  return until('all texts are equal', async () => {
    const texts = await Promise.all(visitors.map((each) => each.shown()));
    return texts.every((each) => each === texts[0]) ? texts[0] : null;
  }).catch(async (error) => {
    const texts = await Promise.all(visitors.map((each) => each.shown()));
    throw new Error(`${error.message}\n${texts.map((each) => JSON.stringify(each)).join('\n')}`);
  });
}
