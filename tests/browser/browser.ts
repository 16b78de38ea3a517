import { existsSync } from 'node:fs';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Debian's. `SCREENSHOTS=directory` keeps pictures of every state. */
export const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path)
);
export const SCREENSHOTS = Deno.env.get('SCREENSHOTS');

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Throws where there is none. */
export async function launch(): Promise<Browser> {
  return await chromium.launch({ executablePath: CHROMIUM ?? '', args: FLAGS });
}

export const PHONE = { width: 360, height: 740 };
export const DESK = { width: 1280, height: 900 };

/** A test that needs a browser. */
export function testInBrowser(name: string, fn: (browser: Browser, test: Deno.TestContext) => Promise<void>): void {
  Deno.test({
    name: CHROMIUM === undefined ? `${name} (there is no browser on this machine)` : name,
    ignore: CHROMIUM === undefined,
    // Playwright keeps a process and its pipes until the end of the program.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async (test) => {
      const browser = await launch();
      try {
        await fn(browser, test);
      } finally {
        await browser.close();
      }
    },
  });
}

/** What keeps somebody from using the page: contrast, names, landmarks, order of headings, keyboard (WCAG 2.2 AA, by axe). */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source.replace(/^\uFEFF/, '') + '; undefined');
  const { violations } = await page.evaluate('axe.run()') as {
    violations: { id: string; nodes: { html: string }[] }[];
  };
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

export async function open(browser: Browser, url: string, options: BrowserContextOptions) {
  const context = await browser.newContext({ viewport: DESK, bypassCSP: false, ...options });
  const it = await context.newPage();
  const errors: string[] = [];
  it.on('pageerror', (error) => errors.push(error.message));
  it.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await it.goto(url);
  return { it, errors, [Symbol.asyncDispose]: () => context.close() };
}

/** How many pixels of the page do not fit beside each other. */
export async function overflow(page: Page): Promise<number> {
  return Number(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'));
}
