import assert from 'node:assert/strict';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { actionsOf } from '../../src/service/actions.ts';
import { httpApp } from '../../src/service/http/app.ts';
import { listen } from '../../src/service/http/listen.ts';
import { Scheduler } from '../../src/service/scheduler.ts';
import { snapshotOf } from '../../src/service/snapshot.ts';
import type { HeldPhoto } from '../../src/share/brake/held.ts';
import { barriers, DESK, open, overflow, PHONE, SCREENSHOTS, testInBrowser } from './browser.ts';
import { DECISIONS, PAIR, serviceLike, STATES } from './states.ts';

const TOKEN = 'some-long-random-word';

const PAIR_PATH = 'pair?from=aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa&to=bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb';

const HELD_PHOTOS: readonly HeldPhoto[] = ([
  ['gone.jpg', 'source-deleted'],
  ['a name that is long enough to be broken on a phone, with IMG_0001.HEIC.jpg', 'source-offline'],
] as const).map(([fileName, reason]) => ({
  fileName,
  reason,
  mirrorAssetId: 'cccccccc-cccc-4ccc-8ccc-cccccccccccc',
  takenAt: new Date('2024-05-06T07:08:09Z'),
}));

/** Each width and each scheme; all four with pictures. */
const LOOKS =
  ([['wide', DESK, 'light'], ['phone', PHONE, 'dark'], ['wide', DESK, 'dark'], ['phone', PHONE, 'light']] as const)
    .slice(0, SCREENSHOTS === undefined ? 2 : 4);

testInBrowser('the dashboard in a browser', async (browser, test) => {
  for (const name of Object.keys(STATES)) {
    await test.step(`${name}: readable for everybody, wide and on a phone, light and dark`, () => look(browser, name));
  }
  for (const [kind, viewport, colorScheme] of LOOKS) {
    await test.step(`${kind} and ${colorScheme}: the same for somebody who is signed in, on each page`, () =>
      lookSignedIn(browser, kind, { viewport, colorScheme }));
  }
  await test.step('without JavaScript it says the same', () => lookWithoutScripts(browser));
  await test.step('without JavaScript somebody signs in, pauses, resumes, looks at two users, and undoes', () =>
    actWithoutScripts(browser));
  await test.step('numbers and times are as the reader writes them', () => readInGerman(browser));
  await test.step('with JavaScript it follows what happens', () => follow(browser));
  await test.step('who knows the token signs in and starts a cycle, with the keyboard alone', () => signIn(browser));
});

async function look(browser: Browser, name: string): Promise<void> {
  await using site = await serve(name, TOKEN);
  for (const [kind, viewport, colorScheme] of LOOKS) {
    await using page = await open(browser, site.url, { colorScheme, viewport });
    if (SCREENSHOTS !== undefined) {
      await page.it.screenshot({ path: `${SCREENSHOTS}/${name}-${colorScheme}-${kind}.png`, fullPage: true });
    }
    assert.ok(await overflow(page.it) <= 0, `${name} ${kind} is too wide`);
    assert.deepEqual(await barriers(page.it), [], `${name} ${colorScheme} ${kind}`);
    assert.equal(await page.it.locator('b').count(), 0, 'names are text');
    assert.ok(!(await page.it.locator('main').innerText()).includes('<data'), 'numbers are none');
    assert.deepEqual(page.errors, []);
  }
}

/** The dashboard signed in has more than that of a stranger. */
const SIGNED_IN = ['', PAIR_PATH, 'undo', 'decisions', 'confirm?job=family%20to%20bob'];

async function lookSignedIn(browser: Browser, kind: string, look: BrowserContextOptions): Promise<void> {
  await using site = await serve('brake', TOKEN);
  await using page = await open(browser, site.url, look);
  await page.it.locator('#token').fill(TOKEN);
  await page.it.getByRole('button', { name: 'Sign in' }).click();
  await page.it.getByRole('button', { name: 'Pause' }).waitFor();
  for (const address of SIGNED_IN) {
    await page.it.goto(site.url + address);
    if (SCREENSHOTS !== undefined) {
      const name = address === '' ? 'signed-in' : address.replace(/\W.*/, '');
      await page.it.screenshot({ path: `${SCREENSHOTS}/${name}-${look.colorScheme}-${kind}.png`, fullPage: true });
    }
    assert.ok(await overflow(page.it) <= 0, `${address} ${kind} is too wide`);
    assert.deepEqual(await barriers(page.it), [], `${address} ${look.colorScheme} ${kind}`);
    assert.ok(!(await page.it.locator('main').innerText()).includes('<data'), 'numbers are none');
  }
  assert.deepEqual(page.errors, []);
}

async function lookWithoutScripts(browser: Browser): Promise<void> {
  await using site = await serve('brake', TOKEN);
  await using page = await open(browser, site.url, { javaScriptEnabled: false });
  assert.match(await page.it.locator('main').innerText(), /412 of 12,345 shared photos would be removed/);
  assert.equal(await page.it.locator('meta[http-equiv=refresh]').count(), 1);
}

async function actWithoutScripts(browser: Browser): Promise<void> {
  await using site = await serve('healthy', TOKEN);
  await using page = await open(browser, site.url, { javaScriptEnabled: false, viewport: PHONE });
  const press = (name: string) => page.it.getByRole('button', { name, exact: true }).click();
  const says = (text: string) => page.it.getByText(text).first().waitFor();
  await page.it.locator('#token').fill(TOKEN);
  await press('Sign in');
  await press('Pause');
  await says('Paused: nothing is shared or written until somebody resumes it');
  await says('Paused since');
  await press('Resume');
  await says('Resumed: what has changed meanwhile follows now.');
  await page.it.getByText('Dismiss').click();
  await page.it.getByRole('link', { name: 'What Bob has from Alice' }).click();
  await says('Declined by Bob');
  await page.it.getByText('Back to the dashboard').click();
  await press('Undo last write');
  await says('Undo what was written into 45 files?');
  await press('Yes, undo it');
  await says('Undid 45 files of run 7.');
  await press('Sign out');
  await page.it.locator('#token').waitFor();
}

async function readInGerman(browser: Browser): Promise<void> {
  await using site = await serve('healthy', TOKEN);
  await using page = await open(browser, site.url, { locale: 'de-DE', timezoneId: 'Europe/Berlin' });
  const text = await page.it.locator('main').innerText();
  assert.match(text, /12\.345 of 12\.400 photos and videos/);
  assert.match(text, /as of \d\d\.\d\d\.\d\d, \d\d:\d\d/);
  // In sentences, too.
  for (
    const [state, words] of [['copying', /1\.234 of 15\.000 photos/], [
      'brake',
      /412 of 12\.345 shared photos/,
    ]] as const
  ) {
    await using other = await serve(state, TOKEN);
    await using shown = await open(browser, other.url, { locale: 'de-DE' });
    const said = await shown.it.locator('main').innerText();
    assert.match(said, words);
    assert.doesNotMatch(said, /\d,\d{3}/);
  }
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
  await page.it.getByRole('button', { name: 'Share now' }).focus();
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

/** The real service with nothing to do, but for what its state is told. */
async function serve(name: string, token?: string) {
  const { state, config: like } = serviceLike(name, token);
  const stateDirectory = Deno.makeTempDirSync({ prefix: 'immich-sidecar-state-' });
  const config = { ...like, write: { ...like.write, stateDirectory } };
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
    actions: {
      ...actionsOf(scheduler),
      pair: () => Promise.resolve(PAIR),
      review: (job) => Promise.resolve({ job, photos: HELD_PHOTOS }),
      decisions: () => Promise.resolve(DECISIONS),
      undoWrite: (run) => Promise.resolve(`Undid 45 files of run ${run}.`),
      lastWrite: () =>
        Promise.resolve({
          run: 7,
          startedAt: '2026-01-01T03:00:00Z',
          files: 45,
          some: [
            {
              path: '/photos/a directory with a name that is long enough to be broken on a phone/beach.jpg',
              goes: false,
            },
            { path: '/photos/beach.jpg.xmp', goes: true },
          ],
        }),
    },
  }, config.service);
  const listening = await listen(app, { hostname: '127.0.0.1', port: 0 });
  const end = async () => {
    await listening[Symbol.asyncDispose]();
    Deno.removeSync(stateDirectory, { recursive: true });
  };
  return { url: listening.url, scheduler, [Symbol.asyncDispose]: end };
}
