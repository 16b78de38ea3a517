import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { actionsOf } from '../../src/service/actions.ts';
import { httpApp } from '../../src/service/http/app.ts';
import { listen } from '../../src/service/http/listen.ts';
import { Scheduler } from '../../src/service/scheduler.ts';
import { snapshotOf } from '../../src/service/snapshot.ts';
import { serviceLike, STATES } from './states.ts';

/** Debian's. `SCREENSHOTS=directory` keeps pictures of every state. */
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path)
);
const SCREENSHOTS = Deno.env.get('SCREENSHOTS');
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const TOKEN = 'some-long-random-word';

const PHONE = { width: 360, height: 740 };
const DESK = { width: 1280, height: 900 };

/** Each width and each scheme; all four with pictures. */
const LOOKS =
  ([['wide', DESK, 'light'], ['phone', PHONE, 'dark'], ['wide', DESK, 'dark'], ['phone', PHONE, 'light']] as const)
    .slice(0, SCREENSHOTS === undefined ? 2 : 4);

Deno.test({
  name: CHROMIUM === undefined
    ? 'the dashboard in a browser (there is none on this machine)'
    : 'the dashboard in a browser',
  ignore: CHROMIUM === undefined,
  // Playwright keeps a process and its pipes until the end of the program.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async (test) => {
    const browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: FLAGS });
    try {
      for (const name of Object.keys(STATES)) {
        await test.step(`${name}: readable for everybody, wide and on a phone, light and dark`, () =>
          look(browser, name));
      }
      await test.step('without JavaScript it says the same', () => lookWithoutScripts(browser));
      await test.step('with JavaScript it follows what happens', () => follow(browser));
      await test.step('who knows the token signs in and starts a cycle, with the keyboard alone', () =>
        signIn(browser));
    } finally {
      await browser.close();
    }
  },
});

async function look(browser: Browser, name: string): Promise<void> {
  await using site = await serve(name, TOKEN);
  for (const [kind, viewport, colorScheme] of LOOKS) {
    await using page = await open(browser, site.url, { colorScheme, viewport });
    if (SCREENSHOTS !== undefined) {
      await page.it.screenshot({ path: `${SCREENSHOTS}/${name}-${colorScheme}-${kind}.png`, fullPage: true });
    }
    const overflow = await page.it.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    assert.ok(Number(overflow) <= 0, `${name} ${kind}: ${overflow} pixels too wide`);
    assert.deepEqual(await barriers(page.it), [], `${name} ${colorScheme} ${kind}`);
    assert.equal(await page.it.locator('b').count(), 0, 'names are text');
    assert.deepEqual(page.errors, []);
  }
}

async function lookWithoutScripts(browser: Browser): Promise<void> {
  await using site = await serve('brake', TOKEN);
  await using page = await open(browser, site.url, { javaScriptEnabled: false });
  assert.match(await page.it.locator('main').innerText(), /412 of 12,345 shared photos would be removed/);
  assert.equal(await page.it.locator('meta[http-equiv=refresh]').count(), 1);
}

async function follow(browser: Browser): Promise<void> {
  await using site = await serve('starting');
  await using page = await open(browser, site.url, {});
  assert.match(await page.it.locator('#verdict').innerText(), /At work/);
  STATES['brake']?.(site.scheduler.state);
  await page.it.getByText('a decision is waiting').waitFor({ timeout: 60_000 });
  assert.match(await page.it.title(), /Action needed/);
  assert.deepEqual(page.errors, []);
}

async function signIn(browser: Browser): Promise<void> {
  await using site = await serve('healthy', TOKEN);
  await using page = await open(browser, site.url, {});
  await page.it.locator('#token').focus();
  await page.it.keyboard.type(TOKEN);
  await page.it.keyboard.press('Enter');
  await page.it.waitForSelector('text=Share now');
  await page.it.getByText('Share now').focus();
  await page.it.keyboard.press('Enter');
  await page.it.waitForSelector('[role=status]');
  assert.match(await page.it.locator('[role=status]').innerText(), /Sharing begins now/);
  // What happens meanwhile does not take the message away.
  site.scheduler.state.noted('something else');
  await page.it.getByText('something else').waitFor({ timeout: 60_000 });
  assert.match(await page.it.locator('[role=status]').innerText(), /Sharing begins now/);
  await page.it.getByText('Dismiss').click();
  await page.it.waitForSelector('text=Share now');
  assert.equal(await page.it.locator('[role=status]').count(), 0);
}

/** What keeps somebody from using the page: contrast, names, landmarks, order of headings, keyboard (WCAG 2.2 AA, by axe). */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source.replace(/^\uFEFF/, '') + '; undefined');
  const { violations } = await page.evaluate('axe.run()') as {
    violations: { id: string; nodes: { html: string }[] }[];
  };
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

async function open(browser: Browser, url: string, options: BrowserContextOptions) {
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

/** The real service with nothing to do, but for what its state is told. */
async function serve(name: string, token?: string) {
  const { state, config } = serviceLike(name, token);
  const scheduler = new Scheduler({
    config,
    version: '1.2.3',
    progress: { isShown: false, start: () => {}, advance: () => {}, stop: () => {} },
    readConfig: () => Promise.resolve(config),
    onCycle: () => {},
    state,
  });
  const app = httpApp({
    snapshot: () => snapshotOf(state, config, '1.2.3'),
    onChange: (listener) => state.onChange(listener),
    actions: actionsOf(scheduler),
  }, config.service);
  const listening = await listen(app, { hostname: '127.0.0.1', port: 0 });
  return { url: listening.url, scheduler, [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose]() };
}
