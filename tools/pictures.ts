import type { Page } from 'playwright-core';
import type { JobConfig } from '../src/config/config.ts';
import { actionsOf } from '../src/service/actions.ts';
import { httpApp } from '../src/service/http/app.ts';
import { listen } from '../src/service/http/listen.ts';
import { Scheduler } from '../src/service/scheduler.ts';
import { ServiceState } from '../src/service/state.ts';
import { snapshotOf } from '../src/service/snapshot.ts';
import { launch } from '../tests/browser/browser.ts';
import { ALICE, BOB, job, report, serviceLike } from '../tests/browser/states.ts';

/** `deno task pictures`: what README shows, as the program shows it now. */
async function main(): Promise<number> {
  const browser = await launch();
  try {
    const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC' });
    const page = await context.newPage();
    await page.setViewportSize({ width: 1000, height: 780 });
    await picture(page, 'dashboard', await dashboardAddress());
    await page.setViewportSize({ width: 780, height: 860 });
    await page.setContent(terminal('npx -y deno@2.9.6 task demo', await runDemo()));
    await picture(page, 'demo');
    return 0;
  } finally {
    await browser.close();
  }
}

async function picture(page: Page, name: string, url?: string): Promise<void> {
  if (url !== undefined) await page.goto(url);
  const png = (await page.screenshot()).toString('base64');
  // Not on the page itself, which may load nothing.
  await page.goto('about:blank');
  const drawn = await page.evaluate(`(${TO_WEBP})('data:image/png;base64,${png}')`);
  const bytes = Uint8Array.fromBase64(String(drawn).replace(/^.*,/, ''));
  await Deno.writeFile(new URL(`../docs/pictures/${name}.webp`, import.meta.url), bytes);
}

/** Playwright has no WebP; a browser draws it. */
const TO_WEBP = `async (png) => {
  const image = await createImageBitmap(await (await fetch(png)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height);
  canvas.getContext('2d').drawImage(image, 0, 0);
  const blob = await canvas.convertToBlob({ type: 'image/webp', quality: 0.85 });
  const reader = new FileReader();
  await new Promise((done) => { reader.onload = done; reader.readAsDataURL(blob); });
  return reader.result;
}`;

const CAROL = 'dddddddd-dddd-4ddd-8ddd-dddddddddddd';

/** A family for whom it has worked for an hour. */
async function dashboardAddress(): Promise<string> {
  const { config: like } = serviceLike('starting');
  const [first] = like.jobs;
  const share = (name: string, targetUserId: string) => ({ ...first, name, targetUserId }) as JobConfig;
  const config = { ...like, jobs: [share('family', BOB), share('holidays', CAROL)] };
  const state = new ServiceState();
  state.knowUsers(new Map([[ALICE, 'Alice'], [BOB, 'Bob'], [CAROL, 'Carol']]));
  state.writeScheduled(new Date(Date.now() + 3_600_000));
  const holidays = {
    ...job('holidays', 0),
    standing: { selected: 812, mirrored: 805, pending: { faces: 4 }, skipped: { duplicate: 3 }, withdrawn: 0, next: 0 },
  };
  const because = (criterion: string, words: string, photos: number) => ({
    criterion,
    thing: ALICE,
    name: words,
    words,
    photos,
    since: new Date('2026-01-01T03:00:00Z'),
  });
  const pair = (targetUserId: string, to: string, by: ReturnType<typeof because>[]) => ({
    sourceUserId: ALICE,
    targetUserId,
    from: 'Alice',
    to,
    by,
  });
  const sharing = [
    pair(BOB, 'Bob', [
      because('albums', 'in the album "Family"', 11_141),
      because('people', 'a picture of "Grandma"', 1_204),
    ]),
    pair(CAROL, 'Carol', [because('albums', 'in the album "Holidays"', 805)]),
  ];
  for (let minute = 60; minute > 0; minute--) {
    const created = minute === 60 ? 12_345 : minute % 17 === 0 ? 3 : 0;
    state.succeeded(report(minute, created, [job('family', created), holidays]), { sharing });
  }
  state.enter('waiting', Date.now() + 42_000);
  const startedAt = new Date(Date.now() - 61 * 60_000).toISOString();
  const scheduler = new Scheduler({
    config,
    version: '0.1.0',
    progress: { isShown: false, start: () => {}, advance: () => {}, stop: () => {} },
    readConfig: () => Promise.resolve(config),
    onCycle: () => {},
    state,
  });
  const app = httpApp({
    snapshot: () => ({ ...snapshotOf(state, config, '0.1.0'), startedAt }),
    onChange: (listener) => state.onChange(listener),
    actions: actionsOf(scheduler),
  }, config.service);
  return (await listen(app, { hostname: '127.0.0.1', port: 0 })).url;
}

/** What somebody sees who runs it. */
async function runDemo(): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ['run', '-A', '--frozen', new URL('../main.ts', import.meta.url).pathname, 'demo'],
    env: { NO_COLOR: '1' },
    stdin: 'null',
  }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** A page that looks as a terminal does. */
function terminal(command: string, text: string): string {
  const escaped = (one: string) => one.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<!DOCTYPE html>${TERMINAL}<pre><b>$ ${escaped(command)}</b>\n${escaped(text)}</pre>`;
}

const TERMINAL = `<style>
body { margin: 0; padding: 20px 22px; background: #1a1e22; color: #e8eaed; }
pre { margin: 0; font: 14px/1.4 "DejaVu Sans Mono", monospace; }
b { color: #6fd08c; font-weight: 400; }
</style>`;

if (import.meta.main) Deno.exit(await main());
