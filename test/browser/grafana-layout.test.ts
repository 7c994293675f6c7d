/**
 * Whether the dashboards for Grafana can be read, whatever there is to show: laid out in a browser by a page of ours, because Grafana is
 * not here. The figures are made up, so that the answer never depends on how a fleet fared just now.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { shippedDashboards, type GrafanaDashboard, type GrafanaPanel } from '../support/grafana/dashboard.ts';
import { dashboardPage, pageWidth } from '../support/grafana/page.ts';
import { startBrowser } from './browser.ts';
import { unreadable } from './layout.ts';

const window = { start: 1000, end: 1010, step: 1 };
const values = [0, 1, 0.333, 0.0333, 0.0000123, 1.33, 12.3, 123, 1234, 999_999, 1e6, 123_456_789, 1e9];
const names = ['ok', 'demo-0', 'demo-0 demo-0', `${'a'.repeat(52)}-10 ${'a'.repeat(52)}-10`];
const counts = [1, 4, 8, 9, 40];

describe('the layout of the dashboards for Grafana', () => {
  let browser: Browser;
  let page: Page;
  before(async () => {
    browser = await startBrowser();
    page = await browser.newPage({ viewport: { width: pageWidth + 24, height: 900 } });
  });
  after(() => browser.close());

  /** Every panel with so many lines of that name, which end at that value. */
  const lookAt = async (dashboard: GrafanaDashboard, value = 1, name = 'demo-0', count = 1) => {
    const points = [
      [window.start, 0],
      [window.end, value],
    ] as const;
    const lines = Array.from({ length: count }, () => ({ name, points }));
    const filled = dashboard.panels.map((panel) => ({ panel, lines }));
    await page.setContent(dashboardPage(dashboard, filled, window));
    assert.equal(await page.locator('section').count(), dashboard.panels.length);
    return unreadable(page);
  };

  for (const dashboard of shippedDashboards())
    describe(dashboard.uid, () => {
      it('tells of every panel what it is and in which unit', () => {
        for (const { title, description, fieldConfig } of dashboard.panels) {
          assert.ok(title.length > 3 && title.length < 40, title);
          assert.match(description, /^[A-Z1].+\.$/, title);
          assert.ok(fieldConfig.defaults.unit, title);
        }
      });

      it('has no panel over another or over the edge, and no text that is cut off, whatever the figures', async () => {
        for (const value of values)
          assert.deepEqual(await lookAt(dashboard, value), [], `with ${String(value)}`);
      });

      it('nor whatever lines there are, however many', async () => {
        for (const name of names)
          for (const count of counts)
            assert.deepEqual(await lookAt(dashboard, 1, name, count), [], `${String(count)} of ${name}`);
      });

      it('has no panel over another or over the edge when there is nothing to show', async () => {
        assert.deepEqual(await lookAt(dashboard, 0, '', 0), []);
      });
    });

  describe('of a dashboard that cannot be read', () => {
    const place = (x: number, y: number, w: number, h: number) => ({ gridPos: { x, y, w, h } });
    const rows: readonly (readonly [string, Partial<GrafanaPanel>, readonly string[]])[] = [
      ['well placed', {}, []],
      ['over another', place(7, 4, 8, 8), ['Course: over Other']],
      ['over the edge', place(0, 4, 25, 8), ['Course: over the edge', 'Course: over Other']],
      ['too low', place(0, 4, 8, 4), ['Course: its graph has no room']],
      [
        'a figure in no room',
        { title: 'Up', type: 'stat', ...place(0, 4, 2, 4) },
        ['Up: its figure is too small'],
      ],
      ['a figure in a low one', { type: 'stat', ...place(0, 4, 4, 2) }, ['Course: its figure is cut off']],
    ];
    for (const [what, changes, said] of rows)
      it(`says so: ${what}`, async () => {
        assert.deepEqual(await lookAt(twoPanels(changes), 0.0000123), said);
      });

    it('says so: a title longer than its panel is wide', async () => {
      const title = 'Time from the utterance of a session to each stage, p95';
      assert.deepEqual(await lookAt(twoPanels({ title })), [`${title}: its title is cut off`]);
    });
  });
});

/** The one on the left is changed. */
function twoPanels(changes: Partial<GrafanaPanel>): GrafanaDashboard {
  const panel: GrafanaPanel = {
    id: 1,
    type: 'timeseries',
    title: 'Course',
    description: 'What it tells.',
    gridPos: { x: 0, y: 4, w: 8, h: 8 },
    fieldConfig: { defaults: { unit: 'ops' } },
    targets: [],
  };
  const other = { ...panel, title: 'Other', gridPos: { x: 8, y: 4, w: 8, h: 8 } };
  return {
    uid: 'made-up',
    title: 'Made up',
    templating: { list: [] },
    panels: [{ ...panel, ...changes }, other],
  };
}
