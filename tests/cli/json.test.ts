import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { Ground } from '../setup/ground.ts';
import { PredecessorWorld } from '../share/predecessor_world.ts';
import { InImmich } from '../share/deeds_in_immich.ts';
import { edit, mirrorId, openTwoWays, PHOTO } from '../share/both_ways/two_ways.ts';
import { World } from '../share/world.ts';
import { differencesFrom, examplesOfJson } from './json_examples.ts';
import { run, runAlone, type RunOptions, variablesOf, workingDirectory, yamlJob } from './program.ts';

/** Runs a command and compares each line that it prints with the example. */
class Page {
  readonly #examples = examplesOfJson();

  async check(command: string, args: readonly string[], options: RunOptions): Promise<void> {
    const documented = this.#examples.get(command);
    assert.ok(documented, `docs/json.md has no example of ${command}`);
    this.#examples.delete(command);
    // A process of its own has its sandbox, which is for a dry run that of the run itself (sandbox/commands.ts), which does more in it.
    const { stdout, stderr, code } = await (args.includes('--dry-run') ? run : runAlone)(args, options);
    assert.ok(code === EXIT.ok || code === EXIT.partial || code === EXIT.refused, `${command}: ${stderr}`);
    const lines = stdout.trim().split('\n').map((line) => JSON.parse(line));
    const last = documented.at(-1);
    const found = lines.flatMap((line, index) => {
      if (index === lines.length - 1) return differencesFrom(last, line);
      const each = documented.slice(0, -1).map((example) => differencesFrom(example, line));
      return each.some((none) => none.length === 0) ? [] : each[0] ?? ['more lines than documented'];
    });
    assert.deepEqual([...new Set(found)], [], command);
  }

  get unchecked(): readonly string[] {
    return [...this.#examples.keys()];
  }
}

Deno.test('docs/json.md says what every command prints with --json, and nothing else is printed', async () => {
  const page = new Page();
  await using ground = await Ground.open();
  const { world } = ground;
  const options = { cwd: ground.cwd, env: { ...ground.environment, WRITE_SOURCE: 'database', TZ: 'Europe/Vienna' } };
  const share = ['--share', 'external', '--from', 'Alice', '--to', 'Bob', '--path', '/external_library/alice/family'];
  await page.check('setup --json', ['setup', '--yes', '--json', ...ground.flags, ...share], options);
  await page.check('doctor --json', ['doctor', '--json'], options);
  await page.check('sync --dry-run --json', ['sync', '--dry-run', '--json'], options);
  await page.check('sync --json', ['sync', '--json'], options);
  await page.check('explain --json', ['explain', 'picnic.jpg', '--json'], options);
  const [job = ''] =
    (await world.sql<{ name: string }[]>`SELECT job_name AS name FROM immich_sidecar.asset_map LIMIT 1`).map((
      { name },
    ) => name);
  await page.check('explain --job --json', ['explain', '--job', job, '--json'], options);
  await bobHasPortrait(world);
  await page.check('dedup --dry-run --json', ['dedup', '--dry-run', '--json'], options);
  await page.check('dedup --json', ['dedup', '--yes', '--json'], options);
  await page.check('reshare --list --json', ['reshare', '--list', '--json'], options);
  await page.check('reshare --json', ['reshare', '--all', '--yes', '--json'], options);
  await page.check('write --dry-run --json', ['write', '--all', '--dry-run', '--json'], options);
  await page.check('write --json', ['write', '--all', '--json'], options);
  await tagAsWritten(world);
  await page.check('tags list --json', ['tags', 'list', '--json'], options);
  await page.check('tags remove --dry-run --json', ['tags', 'remove', '--all', '--dry-run', '--json'], options);
  await page.check('tags remove --json', ['tags', 'remove', '--all', '--yes', '--json'], options);
  await page.check('undo --dry-run --json', ['undo', '--dry-run', '--json'], options);
  await page.check('undo --json', ['undo', '--yes', '--json'], options);
  const discard = ['undo', '--discard', '--older-than', '0', '--yes', '--json'];
  await page.check('undo --discard --json', discard, options);
  const exported = ['export', `${ground.cwd}/exported`, '--json'];
  await page.check('export DIRECTORY --json', exported, options);
  await page.check('kept list --json', ['kept', 'list', '--json'], options);
  await page.check('kept delete --json', ['kept', 'delete', '--all', '--yes', '--json'], options);
  const people = (...args: string[]) => ['people', ...args, '--all-users', '--json'];
  await world.sql`UPDATE person SET name = 'Dora Example' WHERE name = 'Dora'`;
  await page.check('people --json', people(), options);
  await page.check('people save --json', people('save', 'names.json'), options);
  await world.sql`UPDATE person SET "birthDate" = NULL WHERE name = 'Dora Example'`;
  await page.check('people restore --dry-run --json', people('restore', 'names.json', '--dry-run'), options);
  await page.check('people restore --json', people('restore', 'names.json', '--yes'), options);
  await page.check('status --json', ['status', '--json'], options);
  await page.check('unshare --dry-run --json', ['unshare', '--dry-run', '--json'], options);
  await page.check('unshare --json', ['unshare', '--yes', '--json'], options);
  const told = { ...options, env: { ...options.env, NOTIFY_URLS: 'json://127.0.0.1:1/key' } };
  await page.check('notify --json', ['notify', '--json'], told);
  await checkBothWays(page);
  await checkTakeover(page);
});

/** As if Immich had taken a name for a tag that was written into the photo. */
async function tagAsWritten(world: World): Promise<void> {
  const immich = new InImmich(world);
  await immich.tag(await immich.makeTag('alice', 'Dora Example'), world.id('family/beach'));
}

/** What a recipient has changed is in one original, and contradicts another. */
async function checkBothWays(page: Page): Promise<void> {
  await using world = await openTwoWays('v3.1.0', { fields: ['description'] });
  await edit(world, await mirrorId(world, 'family/picnic'), { description: 'The lake in 1974' });
  await edit(world, await mirrorId(world), { description: 'The lake in 1974' });
  await edit(world, world.id(PHOTO), { description: 'Lake' });
  await world.untilIdle();
  using cwd = workingDirectory(world.config.jobs.map((job) => ({ ...yamlJob(job), both_ways: job.bothWays })));
  const options = { cwd: cwd.path, env: variablesOf(world) };
  await page.check('resolve --json', ['resolve', '--json'], options);
  const written = ['status', '--written-to-source', '--json'];
  await page.check('status --written-to-source --json', written, options);
  await page.check('undo-merge --json', ['undo-merge', '--since', '1d', '--yes', '--json'], options);
}

async function checkTakeover(page: Page): Promise<void> {
  await using world = await World.open('v3.1.0');
  await PredecessorWorld.share(world);
  using cwd = workingDirectory(world.config.jobs.map(yamlJob));
  const options = { cwd: cwd.path, env: { ...variablesOf(world), PLACEMENT: 'auto' } };
  await page.check('takeover --dry-run --json', ['takeover', '--dry-run', '--json'], options);
  await page.check('takeover --json', ['takeover', '--yes', '--json'], options);
  assert.deepEqual(page.unchecked, ['demo --json'], 'which tests/demo/demo.test.ts compares');
}

Deno.test('every command that knows --json has an example', async () => {
  using cwd = workingDirectory('');
  const { stdout } = await runAlone(['completion', 'fish'], { cwd: cwd.path, env: {} });
  const commands = [...stdout.matchAll(/__fish_seen_subcommand_from ([\w-]+)' -l json /g)].map(([, name]) => name);
  const documented = new Set([...examplesOfJson().keys()].map((command) => command.split(' ')[0]));
  assert.deepEqual([...documented].toSorted(), commands.toSorted());
});

async function bobHasPortrait(world: World): Promise<void> {
  const own = world.id('bob/dog');
  await world.sql`
    UPDATE asset SET "originalFileName" = 'Portrait.HEIC', "localDateTime" = '2023-06-03T23:00:00Z' WHERE id = ${own}`;
  await world.sql`UPDATE asset_exif SET "dateTimeOriginal" = '2023-06-03T14:00:00Z' WHERE "assetId" = ${own}`;
}
