/**
 * The system's Chromium for tests of pages, headless and on its own: a fresh profile, nothing asked of the internet. What a
 * page complains about is kept, because a page that works has nothing to complain about.
 */
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** `CHROMIUM`, else what is on the PATH. */
function chromiumBinary(): string {
  const asked = process.env['CHROMIUM'];
  if (asked) return asked;
  const directories = (process.env['PATH'] ?? '').split(path.delimiter);
  const found = names
    .flatMap((name) => directories.map((directory) => path.join(directory, name)))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
  if (found) return found;
  throw new Error('no Chromium on the PATH: apt-get install chromium, or set CHROMIUM to one');
}

/** With a profile in a directory of its own, which goes with it. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumBinary(),
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface OpenedPage {
  readonly page: Page;
  /** Console errors, exceptions and violations of the content security policy, as they came. */
  readonly complaints: readonly string[];
  /** Requests to anywhere but the page's own origin. */
  readonly foreign: readonly string[];
}

export async function openPage(
  browser: Browser,
  url: string,
  options: {
    readonly width?: number;
    readonly height?: number;
    readonly colorScheme?: 'light' | 'dark';
  } = {},
): Promise<OpenedPage> {
  const { width = 1280, height = 1100, colorScheme = 'light' } = options;
  const page = await browser.newPage({ viewport: { width, height }, colorScheme });
  const complaints: string[] = [];
  const foreign: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(new URL(url).origin)) foreign.push(request.url());
  });
  await page.goto(url);
  return { page, complaints, foreign };
}
