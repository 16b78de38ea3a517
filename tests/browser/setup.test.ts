import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { parse } from 'yaml';
import { EXIT } from '../../src/errors.ts';
import { OneTimeCode } from '../../src/service/setup/code.ts';
import { workingDirectory } from '../cli/program.ts';
import { RunningProgram, until } from '../crash/process.ts';
import { freePort } from '../harness/server.ts';
import { flagsOf } from '../sandbox/flags.ts';
import { Ground } from '../setup/ground.ts';
import { InImmich } from '../share/deeds_in_immich.ts';
import { barriers, DESK, open, overflow, PHONE, SCREENSHOTS, testInBrowser } from './browser.ts';

/** `serve` in an empty directory, as a newcomer's container starts it. */
async function startService(ground: Ground) {
  const port = freePort();
  const program = RunningProgram.start(['serve'], {
    cwd: ground.cwd,
    env: { ...ground.environment, HTTP_PORT: String(port) },
    flags: flagsOf('serve'),
  });
  const url = `http://127.0.0.1:${port}/`;
  await until('HTTP is answered', () => fetch(`${url}healthz`).then(({ ok }) => ok, () => false));
  return { program, url };
}

/** The last code in the log. */
function codeIn(log: string): string {
  return [...log.matchAll(/the code is ([A-Z0-9]{4}-[A-Z0-9]{4})/g)].at(-1)?.[1] ?? '';
}

/** Somebody who answers the questions of a page. */
class Visitor {
  #pictures = 0;
  #text = '';
  #seen = '';

  /** @param name begins the names of its pictures */
  constructor(readonly page: Page, readonly name = 'setup') {}

  /** All that was on the pages until now. */
  get text(): string {
    return this.#text;
  }

  async sees(text: string): Promise<void> {
    await this.page.getByText(text).first().waitFor({ timeout: 120_000 });
    await this.#look();
  }

  async writes(question: string, answer: string): Promise<void> {
    await this.#asked(question);
    await this.page.locator('#text').fill(answer);
    await this.page.getByRole('button', { name: 'Next' }).click();
  }

  async chooses(question: string, option?: string): Promise<void> {
    await this.#asked(question);
    if (option !== undefined) await this.page.locator('label.option', { hasText: option }).first().click();
    await this.page.getByRole('button', { name: 'Next' }).click();
  }

  /** These check boxes, and no others. */
  async ticks(question: string, options: readonly string[]): Promise<void> {
    await this.#asked(question);
    for (const box of await this.page.locator('input[type=checkbox]:checked').all()) await box.uncheck();
    for (const option of options) {
      await this.page.locator('label.option', { hasText: option }).first().locator('input').check();
    }
    await this.#look();
    await this.page.getByRole('button', { name: 'Next' }).click();
  }

  async presses(question: string, button: 'Yes' | 'No' | 'Back' | 'Stop' | 'Next'): Promise<void> {
    await this.#asked(question);
    await this.page.getByRole('button', { name: button, exact: true }).click();
  }

  async #asked(question: string): Promise<void> {
    await this.page.locator('h2#set-up', { hasText: question }).waitFor({ timeout: 120_000 });
    await this.#look();
  }

  async #look(): Promise<void> {
    const content = await this.page.content();
    if (content === this.#seen) return;
    this.#seen = content;
    this.#text += content;
    if (this.page.url().includes('/setup')) assert.ok(!content.includes('<script'), 'it needs no JavaScript');
    assert.deepEqual(await barriers(this.page), []);
    assert.ok(await overflow(this.page) <= 0, 'nothing is cut off');
    if (SCREENSHOTS === undefined) return;
    await this.page.screenshot({
      path: `${SCREENSHOTS}/${this.name}-${String(++this.#pictures).padStart(2, '0')}.png`,
      fullPage: true,
    });
  }
}

testInBrowser('setup in the browser, from an empty directory to the first shared photos', async (browser) => {
  await using ground = await Ground.open();
  const { program, url } = await startService(ground);
  try {
    await using phone = await open(browser, url, { viewport: PHONE, colorScheme: 'dark' });
    const visitor = new Visitor(await phone.it);
    await visitor.sees('Nothing is set up yet');
    await visitor.sees('Set it up here');
    await phone.it.locator('#code').fill('AAAA-AAAA');
    await phone.it.getByRole('button', { name: 'Begin' }).click();
    await visitor.sees('That is not the code in the log.');
    await until('the code is in the log', () => codeIn(program.log) !== '');
    const code = codeIn(program.log);
    await phone.it.locator('#code').fill(code.toLowerCase().replace('-', ' '));
    await phone.it.getByRole('button', { name: 'Begin' }).click();

    await visitor.presses("Directory of Immich's docker-compose.yml", 'Stop');
    await visitor.sees('Stopped. Nothing was changed.');
    await phone.it.getByRole('button', { name: 'Begin again' }).click();
    await visitor.writes("Directory of Immich's docker-compose.yml", '/nowhere');
    await visitor.sees('There is no file "/nowhere"');
    await visitor.writes("Directory of Immich's docker-compose.yml", '../immich-app');
    await visitor.writes('Address of Immich', ground.immich.url);
    await visitor.writes('API key of an administrator', 'wrong-key-81aa');
    await visitor.sees('does not accept the API key');
    await visitor.writes('API key of an administrator', ground.apiKey);
    await visitor.chooses('What shall be set up?', 'share photos of an external library');
    await visitor.presses('Whose external library is shared?', 'Back');
    await visitor.chooses('What shall be set up?', 'share photos of an external library');
    await visitor.chooses('Whose external library is shared?');

    // Nobody else sees any of it, nor can answer.
    await using stranger = await open(browser, `${url}setup`, {});
    assert.match(await stranger.it.locator('main').innerText(), /cannot be used any more/);
    assert.doesNotMatch(await stranger.it.content(), /Alice|immich-app/);
    assert.equal((await fetch(`${url}setup/answer`, { method: 'POST', redirect: 'manual' })).status, 303);
    const again = await fetch(`${url}setup/code`, {
      method: 'POST',
      body: new URLSearchParams({ code }),
      headers: { origin: new URL(url).origin },
    });
    assert.equal(again.status, 403, 'a code is good once');

    await visitor.chooses('What does Alice share?');
    await visitor.chooses('Who shall see these photos', 'Bob');
    await visitor.writes('Where shall the files for Bob lie?', '/external_library/bob_shared/.alice');
    await visitor.chooses('Put everything into an album of Bob, too?');
    await visitor.writes('Name of this share', 'family');
    await visitor.chooses('What else?');
    await visitor.presses('Keep the API key in .env?', 'Yes');
    await visitor.presses('Make a token, with which you sign in on this dashboard?', 'Yes');
    const before = await ground.everything();
    await visitor.sees('This will be done:');
    await visitor.sees("Back up Immich's database before you say yes");
    assert.deepEqual(await ground.everything(), before, 'nothing is written before the yes');
    await visitor.presses('Do it?', 'Yes');
    await visitor.sees('It is set up');
    const token = /Your token for this dashboard: ([\w-]{24})/.exec(await phone.it.locator('main').innerText())?.[1] ??
      '';
    assert.match(ground.read('.env'), new RegExp(`^HTTP_TOKEN='?${token}'?$`, 'm'));
    assert.ok(!program.log.includes(token), 'it is shown once, and not in the log');
    for (const secret of [ground.apiKey, ground.password]) {
      assert.ok(!visitor.text.includes(secret), 'no secret is on a page');
      assert.ok(!program.log.includes(secret), 'nor in the log');
    }
    const { jobs } = parse(ground.read('config.yaml'));
    assert.deepEqual(jobs.map(({ name }: { name: string }) => name), ['family']);

    // The service goes on with it by itself.
    await until('photos are shared', async () => {
      const status = await fetch(`${url}api/status`).then((answer) => answer.json(), () => undefined);
      return (status?.jobs?.[0]?.standing?.mirrored ?? 0) > 0;
    });
    // Who has the token signs in, and can change the configuration.
    await phone.it.goto(url);
    await phone.it.locator('#token').fill(token);
    await phone.it.getByRole('button', { name: 'Sign in' }).click();
    await phone.it.getByRole('button', { name: 'Settings' }).waitFor();
    await using desk = await open(browser, `${url}setup`, { viewport: DESK });
    assert.equal(new URL(desk.it.url()).pathname, '/', 'there is nothing to set up any more');
    assert.match(await desk.it.locator('#verdict').innerText(), /All is well|At work/);
    assert.equal((await fetch(`${url}setup/code`, { method: 'POST' })).status, 404, 'the code is void for good');
  } finally {
    program.signal('SIGTERM');
    assert.equal((await program.ended()).code, EXIT.ok);
  }
});

testInBrowser(
  'lists in the browser: check boxes for people, albums, tags and favourites, and for shared albums',
  async (browser) => {
    await using ground = await Ground.open();
    const { world } = ground;
    const immich = new InImmich(world);
    for (
      const name of [
        'Summer',
        'Empty',
        'A name that is so long that it does not fit on the screen of any phone at all 家族 🏖️',
      ]
    ) {
      await immich.makeAlbum('alice', name, name === 'Empty' ? [] : [world.id('family/beach')]);
    }
    for (let number = 1; number <= 40; number++) {
      await immich.makeAlbum('alice', `Trip ${number}`, [
        world.id('uploads/cat'),
      ]);
    }
    await world.sql`UPDATE person SET name = 'Grandma' WHERE name = 'Dora'`;
    const { program, url } = await startService(ground);
    try {
      await until('the code is in the log', () => codeIn(program.log) !== '');
      await using phone = await open(browser, url, { viewport: PHONE, colorScheme: 'dark' });
      const visitor = new Visitor(await phone.it, 'lists');
      await phone.it.locator('#code').fill(codeIn(program.log));
      await phone.it.getByRole('button', { name: 'Begin' }).click();
      await visitor.writes("Directory of Immich's docker-compose.yml", '../immich-app');
      await visitor.writes('Address of Immich', ground.immich.url);
      await visitor.writes('API key of an administrator', ground.apiKey);
      await visitor.chooses('What shall be set up?', 'share what somebody chooses');
      await visitor.chooses('Whose photos are shared?', 'Alice');
      await visitor.ticks('Which photos of Alice are shared?', []);
      await visitor.sees('Nothing is chosen.');
      await visitor.ticks('Which photos of Alice are shared?', ['Grandma', 'Empty', 'all favourites']);
      await visitor.presses('Who shall see these photos', 'Back');
      await phone.it.setViewportSize(DESK);
      assert.equal(await phone.it.locator('input[type=checkbox]').count() > 40, true);
      await visitor.ticks('Which photos of Alice are shared?', ['Grandma', 'Empty', 'all favourites']);
      await visitor.chooses('Who shall see these photos', 'Bob');
      await visitor.writes('Where shall the files for Bob lie?', '/external_library/bob_shared/.alice');
      await visitor.chooses('Put everything into an album of Bob, too?');
      await visitor.presses('Alice and Bob have one person of the same name.', 'Yes');
      await visitor.writes('Name of this share', 'chosen');
      await visitor.chooses('What else?', 'share albums');
      await visitor.chooses('Which shared albums reach their members?', 'some of them');
      await visitor.ticks('Which of them?', ['Holiday, 2023']);
      await visitor.writes('In which directory do the shared files lie?', '/data/shared/albums');
      await visitor.chooses('What else?');
      await visitor.presses('Keep the API key in .env?', 'Yes');
      await visitor.presses('Make a token', 'No');
      await visitor.sees('are favourites, for Bob');
      await visitor.sees('; now ');
      await visitor.presses('Do it?', 'Yes');
      await visitor.sees('It is set up');
      const { jobs, shared_albums } = parse(ground.read('config.yaml'));
      assert.deepEqual(jobs[0].select, { albums: ['Empty'], people: ['Grandma'], favorites: true });
      assert.equal(jobs[0].match_people, 'name');
      assert.deepEqual(shared_albums.albums, ['Holiday, 2023']);
      await until('photos are shared', async () => {
        const status = await fetch(`${url}api/status`).then((answer) => answer.json(), () => undefined);
        return (status?.jobs?.[0]?.standing?.mirrored ?? 0) > 0;
      });
    } finally {
      program.signal('SIGTERM');
      assert.equal((await program.ended()).code, EXIT.ok);
    }
  },
);

testInBrowser('the code for setting up: five tries, once, and a new one only now and then', async (browser) => {
  using cwd = workingDirectory('jobs: 7\n');
  const port = freePort();
  const program = RunningProgram.start(['serve'], {
    cwd: cwd.path,
    env: { HTTP_PORT: String(port) },
    flags: flagsOf('serve'),
  });
  try {
    const url = `http://127.0.0.1:${port}/`;
    await until('HTTP is answered', () => fetch(`${url}healthz`).then(({ ok }) => ok, () => false));
    const send = (path: string, fields: Record<string, string>, origin = new URL(url).origin) =>
      fetch(`${url}setup/${path}`, {
        method: 'POST',
        body: new URLSearchParams(fields),
        headers: { origin },
        redirect: 'manual',
      });
    await until('the code is in the log', () => codeIn(program.log) !== '');
    const code = codeIn(program.log);
    assert.equal((await send('code', { code }, 'http://evil.example')).status, 403, 'not from pages of others');
    for (let tries = 0; tries < 5; tries++) assert.equal((await send('code', { code: 'AAAA-AAAA' })).status, 403);
    assert.equal((await send('code', { code })).status, 403, 'void after five');
    assert.match(await (await send('code', { renew: 'yes' })).text(), /half a minute/);
    assert.equal(codeIn(program.log), code, 'no new one yet');
    await using page = await open(browser, `${url}setup`, { viewport: PHONE });
    assert.match(await page.it.locator('main').innerText(), /Write a new code into the log/);
    assert.deepEqual(await barriers(page.it), []);

    // What is wrong is corrected in the file; the page says that it is taken up.
    await page.it.goto(url);
    assert.match(await page.it.locator('#verdict').innerText(), /The configuration is not right yet/);
  } finally {
    program.signal('SIGTERM');
    assert.equal((await program.ended()).code, EXIT.ok);
  }
});

Deno.test('a code is good for ten minutes and once, however it is written', () => {
  const told: string[] = [];
  const code = new OneTimeCode((one) => told.push(one));
  assert.ok(code.isVoid(0) && !code.use('', 0), 'none before there is one');
  assert.ok(code.renew(0));
  assert.ok(!code.renew(29_999), 'one for half a minute');
  const [first = ''] = told;
  assert.match(first, /^[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}$/);
  assert.ok(code.use(` ${first.toLowerCase().replace('-', ' ')} `, 599_999));
  assert.ok(!code.use(first, 599_999), 'once');
  assert.ok(code.renew(600_000));
  const [, second = ''] = told;
  assert.notEqual(first, second);
  assert.ok(!code.use(second, 1_200_000), 'too late');
});
