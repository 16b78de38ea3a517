import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { EXIT } from '../../src/errors.ts';
import { RunningProgram, until } from '../crash/process.ts';
import { freePort } from '../harness/server.ts';
import { flagsOf } from '../sandbox/flags.ts';
import { SECOND, startSettings, TOKEN } from '../service/settings_service.ts';
import { withoutSecrets } from '../../src/setup/edit/yaml_secrets.ts';
import { Ground } from '../setup/ground.ts';
import { barriers, DESK, open, overflow, PHONE, SCREENSHOTS, testInBrowser } from './browser.ts';

type Opened = Awaited<ReturnType<typeof open>>;

const SIGHTS = [['wide', DESK, 'light'], ['phone', PHONE, 'dark']] as const;

/** Nothing bars the way, nothing is cut off; a picture is taken where somebody wants to see it. */
async function looks({ it }: Opened, what: string): Promise<void> {
  assert.deepEqual(await barriers(it), [], what);
  assert.ok(await overflow(it) <= 0, `${what} is too wide`);
  if (SCREENSHOTS !== undefined) await it.screenshot({ path: `${SCREENSHOTS}/settings-${what}.png`, fullPage: true });
}

async function signIn({ it }: Opened): Promise<void> {
  await it.locator('#token').fill(TOKEN);
  await it.getByRole('button', { name: 'Sign in' }).click();
  await it.getByRole('button', { name: 'Settings' }).click();
}

testInBrowser('settings in a browser: signing in, a mistake, a difference, and a yes', async (browser) => {
  await using service = await startSettings();
  for (const [kind, viewport, colorScheme] of SIGHTS) {
    await using page = await open(browser, service.url, { viewport, colorScheme });
    const labelled = (label: string) => page.it.getByLabel(label, { exact: true });
    await signIn(page);
    await looks(page, `all-${kind}`);
    assert.equal(
      await page.it.locator('#text').inputValue(),
      withoutSecrets(service.read('config.yaml')),
      'not a blank more or less',
    );
    await page.it.getByRole('button', { name: 'Change the share family' }).click();
    await looks(page, `share-${kind}`);
    await labelled('Taken since').fill('yesterday');
    await page.it.getByRole('button', { name: 'Preview' }).click();
    await page.it.getByText('Nothing was changed').waitFor();
    await looks(page, `mistake-${kind}`);
    assert.equal(await labelled('Taken since').inputValue(), 'yesterday', 'what was typed is kept');
    await labelled('Taken since').fill('');
    await labelled('Albums').fill(`Summer\nFrom the ${kind}`);
    await page.it.getByRole('button', { name: 'Preview' }).click();
    await page.it.getByText('Save this?').first().waitFor();
    await looks(page, `difference-${kind}`);
    assert.doesNotMatch(service.read('config.yaml'), new RegExp(`From the ${kind}`), 'nothing before the yes');
    await page.it.getByRole('button', { name: 'Save' }).click();
    await page.it.getByText('Saved. It applies now.').waitFor();
    await looks(page, `saved-${kind}`);
    const before = service.read('config.yaml');
    assert.match(before, new RegExp(`From the ${kind}.*# the one at the sea`));

    Deno.writeTextFileSync(`${service.cwd}/config.yaml`, before + SECOND);
    await page.it.goto(`${service.url}settings`);
    await page.it.getByRole('button', { name: 'Remove the share back home' }).click();
    await page.it.getByText('The next sync removes the photos of this share').waitFor();
    await looks(page, `remove-${kind}`);
    assert.equal(service.read('config.yaml'), before + SECOND, 'nothing before the yes');
    await page.it.getByRole('button', { name: 'Yes, remove it' }).click();
    await page.it.getByText('Saved. It applies now.').waitFor();
    assert.equal(service.read('config.yaml'), before);
    assert.deepEqual(page.errors.filter((error) => !error.includes('422')), []);
  }
  assert.equal(await service.end(), EXIT.ok);
});

testInBrowser(
  'settings in a browser beside an Immich: photos are chosen from lists, albums and notifications too',
  async (browser) => {
    await using ground = await Ground.open();
    const chosen = ['--people', 'Grandma', '--from', 'Alice', '--to', 'Bob'];
    const setup = await ground.setup(['--yes', ...ground.flags, ...chosen]);
    assert.equal(setup.code, EXIT.ok, setup.stderr);
    const port = freePort();
    const url = `http://127.0.0.1:${port}/`;
    const program = RunningProgram.start(['serve'], {
      cwd: ground.cwd,
      env: { ...ground.environment, HTTP_PORT: String(port), HTTP_TOKEN: TOKEN },
      flags: flagsOf('serve'),
    });
    try {
      await until('HTTP is answered', () => fetch(`${url}healthz`).then(({ ok }) => ok, () => false));
      for (const [kind, viewport, colorScheme] of SIGHTS) {
        await using page = await open(browser, url, { viewport, colorScheme });
        const box = (group: string, name: RegExp) =>
          page.it.getByRole('group', { name: group, exact: true }).getByRole('checkbox', { name });
        await signIn(page);
        await page.it.getByRole('button', { name: 'Change the share alice to bob' }).click();
        assert.equal(await box('People', /^Grandma \d+ photos/).isChecked(), true);
        await looks(page, `lists-${kind}`);
        const isWanted = kind === 'wide';
        await box('Albums', /^Holiday, 2023 /).setChecked(isWanted);
        await page.it.getByRole('button', { name: 'Preview' }).click();
        await page.it.getByRole('button', { name: 'Save' }).click();
        await page.it.getByText('Saved. It applies now.').waitFor();
        const { select } = parse(ground.read('config.yaml')).jobs[0];
        assert.deepEqual([select.albums], [isWanted ? 'Holiday, 2023' : undefined]);

        await page.it.getByRole('button', { name: 'Change shared albums' }).click();
        await looks(page, `albums-${kind}`);
        await page.it.getByLabel('Who receives: which').selectOption('except');
        await box('Who receives', /^Carol/).check();
        await page.it.getByLabel('Directory of the shared photos').fill('/data/shared/albums/');
        await page.it.getByRole('button', { name: 'Preview' }).click();
        await page.it.getByText(/members: \{ ?except/).waitFor();
        await page.it.getByRole('button', { name: 'Cancel' }).click();

        await page.it.getByLabel('Add an address').fill('ntfys://ntfy.example.org/my-topic');
        await page.it.getByRole('region', { name: 'Notifications' }).getByRole('button', { name: 'Preview' }).click();
        await page.it.getByText('Notifications: changed, and not shown').waitFor();
        await looks(page, `notifications-${kind}`);
        await page.it.getByRole('button', { name: 'Cancel' }).click();
        await page.it.getByRole('button', { name: 'Choose photos' }).click();
        await looks(page, `new-${kind}`);
        await page.it.getByRole('button', { name: 'Cancel' }).click();

        await page.it.getByRole('button', { name: 'Remove the share alice to bob' }).click();
        await page.it.getByText('Nothing else is shared').waitFor();
        await looks(page, `last-${kind}`);
        assert.deepEqual(page.errors.filter((error) => !error.includes('422')), []);
      }
    } finally {
      program.signal('SIGTERM');
      await program.ended();
    }
  },
);
