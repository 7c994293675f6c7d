/** The dashboard in a real browser, on real schedulers. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openPage, startBrowser } from './browser.ts';
import { eventually } from '../support/eventually.ts';
import { Fleet } from '../scenario/fleet.ts';

const patienceMs = 60_000;

describe('the dashboard', () => {
  let browser: Browser;
  let fleet: Fleet;
  let page: Page;
  let complaints: readonly string[];
  let foreign: readonly string[];

  before(async () => {
    [browser, fleet] = await Promise.all([
      startBrowser(),
      Fleet.start({ instances: ['scheduler-1', 'scheduler-2'] }),
    ]);
    ({ page, complaints, foreign } = await openPage(browser, `${fleet.on('scheduler-1').url}/dashboard`));
  });
  after(async () => {
    await browser.close();
    await fleet.stop();
  });

  const tile = (name: string) => page.locator('.tile', { has: page.locator('dt', { hasText: name }) });
  const valueOf = (name: string) => tile(name).locator('.value').innerText();
  const row = (instance: string) => page.locator('#instances tr', { hasText: instance });
  const shows = (what: string, look: () => Promise<boolean>) => eventually(what, look, patienceMs);

  it('shows both instances as serving, soon after it is opened', async () => {
    await shows('both', async () => (await valueOf('Instances')) === '2/2');
    for (const id of ['scheduler-1', 'scheduler-2']) assert.match(await row(id).innerText(), /serving/);
    assert.match(await page.locator('#link').innerText(), /live/);
    assert.match(await page.locator('#redis').innerText(), /Redis [\d.]+ ms/);
    assert.equal(await page.title(), '2/2 · Lingua schedulers');
    assert.equal(await page.locator('#facts').innerText(), fleet.keyPrefix);
  });

  it('follows nodes, sessions and jobs of both without being reloaded', async () => {
    await page.evaluate('globalThis.notReloaded = true');
    const node = await fleet.node('scheduler-2', { nodeId: 'gpu-1', slots: 3, delayMs: () => undefined });
    const session = await fleet.session('scheduler-1');
    for (let index = 0; index < 2; index++) session.say({ index });
    await shows('two slots in use', async () => {
      const used = await page.locator('#nodes li', { hasText: 'gpu-1' }).locator('.slots .used').count();
      return used === 2;
    });
    assert.equal(await page.locator('.slots').first().getAttribute('aria-label'), '2 of 3 slots in use');
    await shows('one session', async () => (await valueOf('Sessions')) === '1');
    for (const job of node.jobs()) node.finish(job);
    await session.result(1);
    await shows('jobs per second', async () => (await valueOf('Jobs per second')) !== '0');
    await shows('a latency', async () => / (ms|s)$/.test(await valueOf('Latency p50')));
    await shows('a curve', async () => {
      const curve = await page.locator('.chart .line.rate').first().getAttribute('d');
      return (curve ?? '').length > 10;
    });
    await shows('the event', async () =>
      (await page.locator('#notable').innerText()).includes('node gpu-1 is ready'),
    );
    assert.equal(await page.evaluate('globalThis.notReloaded'), true);
  });

  it('shows what a hostile node calls itself and its services as text', async () => {
    const hostile = '<img src=x onerror=alert(1)>';
    await fleet.node('scheduler-2', {
      nodeId: 'hostile',
      services: [hostile, 'node-inference', 'nmt-m2m100', 'piper-tts'],
    });
    await shows('the text', async () => (await page.locator('#nodes').innerText()).includes(hostile));
    assert.equal(await page.locator('#nodes img').count(), 0);
  });

  it('can be read by keyboard and by ear: names, headings, a live status, a chart that looks back', async () => {
    assert.equal(await page.getByRole('table').count(), 1);
    for (const name of ['Instances', 'Recent events']) {
      assert.equal(await page.getByRole('heading', { name, exact: true }).count(), 1, name);
    }
    assert.equal(await page.locator('[role=status][aria-live=polite]').count(), 1);
    const chart = page.getByRole('img', { name: /^Jobs per second, now: answered/ });
    await chart.focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    assert.match(await page.locator('.chart').first().innerText(), /4 s ago/);
    await page.locator('h1').click();
  });

  it('fits a phone and follows the dark scheme', async () => {
    const phone = await openPage(browser, `${fleet.on('scheduler-2').url}/dashboard`, {
      width: 360,
      height: 740,
      colorScheme: 'dark',
    });
    await eventually(
      'its rows',
      async () => (await phone.page.locator('#instances tr').count()) === 2,
      patienceMs,
    );
    assert.equal(await phone.page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true);
    const ground = await phone.page.evaluate('getComputedStyle(document.body).backgroundColor');
    assert.equal(ground, 'rgb(14, 19, 27)');
    assert.deepEqual([phone.complaints, phone.foreign], [[], []]);
    await phone.page.close();
  });

  it('complained about nothing, and asked nobody else for anything', () => {
    assert.deepEqual(complaints, []);
    assert.deepEqual(foreign, []);
  });

  it('refuses a script in the page, by its policy', async () => {
    const { page: other, complaints: refused } = await openPage(
      browser,
      `${fleet.on('scheduler-1').url}/dashboard`,
    );
    await other.evaluate(`
      const script = document.createElement('script');
      script.textContent = 'globalThis.injected = true';
      document.body.append(script);
    `);
    assert.equal(await other.evaluate('globalThis.injected'), undefined);
    assert.match(refused.join('\n'), /Content Security Policy/);
    await other.close();
  });

  it('shows an instance that was killed as gone, and tells of it', async () => {
    await fleet.on('scheduler-2').kill();
    await shows('it is gone', async () => /silent|gone/.test(await row('scheduler-2').innerText()));
    await shows('the total', async () => (await valueOf('Instances')) === '1/2');
    await shows('the event', async () =>
      (await page.locator('#notable').innerText()).includes('instance scheduler-2 is gone'),
    );
    await shows('it is called gone', async () => (await row('scheduler-2').innerText()).includes('gone'));
  });

  it('says that Redis is away while it is, and keeps showing what it knows', async () => {
    fleet.redis.pause();
    await shows('the banner', async () =>
      /does not reach Redis/.test(await page.locator('#banner').innerText()),
    );
    assert.match(await page.locator('#redis').innerText(), /away/);
    assert.equal(await page.locator('#instances tr').count(), 2);
    fleet.redis.resume();
    await shows('no banner', async () => !(await page.locator('#banner').isVisible()));
  });

  it('says that the scheduler does not answer, and how old its figures are', async () => {
    await fleet.on('scheduler-1').kill();
    await shows('the banner', async () =>
      /This scheduler does not answer.*\d+ s old/.test(await page.locator('#banner').innerText()),
    );
    assert.match(await page.locator('#link').innerText(), /no connection/);
    assert.match(await page.title(), /no connection/);
  });
});
