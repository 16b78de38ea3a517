/** What the pages tell people to run is run, beside an Immich with photos, in the order in which somebody would. */
import assert from 'node:assert/strict';
import { copyFileSync, renameSync } from 'node:fs';
import { EXIT } from '../../src/errors.ts';
import { RunningProgram, until } from '../crash/process.ts';
import { freePort } from '../harness/server.ts';
import { textOf } from '../packaging/repository.ts';
import { Ground } from '../setup/ground.ts';
import { KEYS } from '../setup/screen.ts';
import { Typist } from '../setup/typist.ts';
import { edit, mirrorId, openTwoWays, PHOTO as TWO_WAYS } from '../share/both_ways/two_ways.ts';
import { commandsOnPages } from './page_commands.ts';
import { databaseVariables, run, variablesOf, workingDirectory, yamlJob } from './program.ts';
import { noTerminal } from './pty.ts';

interface Use {
  /** What is run, where the page has a word for what a person puts in, or leaves something out. */
  readonly as?: readonly string[];
  /** Default: done. */
  readonly code?: number;
  /** Before it, so that there is something to do. */
  readonly before?: (ground: Ground) => Promise<void> | void;
}

const PHOTO = 'IMG_0042.HEIC';

/** One share is called as on the pages. */
function callShareFamily(ground: Ground): void {
  const path = `${ground.cwd}/config.yaml`;
  Deno.writeTextFileSync(path, ground.read('config.yaml').replace('name: alice to bob\n', 'name: family\n'));
}

/** As an earlier write-back has left it: what is written is written anew. */
async function changeDescription({ world }: Ground): Promise<void> {
  await world.sql`UPDATE asset_exif SET description = description || '!' WHERE "assetId" = ${
    world.id('family/harbour')
  }`;
}

/** Each command that stands on a page, in the order in which they are run. */
const RUN: Readonly<Record<string, Use>> = {
  'setup --yes --compose ../immich --api-key-file admin.key --share external --from Alice --to Bob --path /external_library/alice/family':
    {},
  'setup --yes --compose ../immich --api-key-file admin.key --people Emil,Grandma --from Alice --to Bob --shared-albums all':
    {},
  'setup --json': {
    as: ['setup', '--yes', '--json', '--compose', '../immich', '--api-key-file', 'admin.key', '--write-to', 'sidecar'],
  },
  doctor: { before: callShareFamily },
  'doctor --json': {},
  'doctor --report': {},
  'sync --dry-run': {},
  'sync --dry-run --list': {},
  'sync --dry-run --json': {},
  'sync --json': {},
  sync: {},
  'sync --full': {},
  'doctor --thorough': {},
  status: {},
  'status --json': {},
  'status --written-to-source': {},
  'status --written-to-source --json': {},
  resolve: {},
  'resolve --json': {},
  'sync --confirm-withdrawals': {},
  'explain IMG_0042.HEIC': {},
  'explain PHOTO': { as: ['explain', PHOTO] },
  'explain --json': { as: ['explain', PHOTO, '--json'] },
  'explain --job --json': { as: ['explain', '--job', 'family', '--json'] },
  'reshare --list --json': {},
  reshare: { as: ['reshare', '--all', '--yes'] },
  'reshare --json': { as: ['reshare', '--all', '--yes', '--json'] },
  'reshare --job …': { as: ['reshare', '--job', 'family', '--yes'] },
  'dedup --dry-run': {},
  'dedup --dry-run --json': {},
  dedup: { as: ['dedup', '--yes'] },
  'dedup --json': { as: ['dedup', '--yes', '--json'] },
  'kept list': {},
  'kept list --json': {},
  'kept delete --json': { as: ['kept', 'delete', '--all', '--yes', '--json'] },
  people: { as: ['people', 'save', 'names.json'] },
  'people save --json': { as: ['people', 'save', 'again.json', '--json'] },
  'people --json': { as: ['people', 'save', 'more.json', '--json'] },
  'people restore --dry-run --json': { as: ['people', 'restore', 'names.json', '--dry-run', '--json'] },
  'people restore --json': { as: ['people', 'restore', 'names.json', '--yes', '--json'] },
  'tags list': {},
  'tags list --json': {},
  'tags remove --dry-run --json': { as: ['tags', 'remove', '--all', '--dry-run', '--json'] },
  'tags remove --json': { as: ['tags', 'remove', '--all', '--yes', '--json'] },
  'takeover --dry-run': {},
  'takeover --dry-run --json': {},
  takeover: { as: ['takeover', '--yes'] },
  'takeover --json': { as: ['takeover', '--yes', '--json'] },
  notify: {},
  'notify --json': {},
  'completion --help': {},
  'completion bash': {},
  'completion zsh': {},
  'completion fish': {},
  // The library has a photo whose name leaves no room for that of its sidecar.
  'write --all --dry-run': { code: EXIT.partial },
  'write --dry-run --json': { as: ['write', '--all', '--dry-run', '--json'], code: EXIT.partial },
  'write --all': { code: EXIT.partial },
  write: { as: ['write', '--people', '--gps'], before: changeDescription },
  'write --json': { as: ['write', '--all', '--json'], code: EXIT.partial, before: changeDescription },
  'undo --dry-run --json': {},
  undo: { as: ['undo', '--yes'] },
  'undo --json': { as: ['undo', '--yes', '--json'] },
  'undo --discard --json': { as: ['undo', '--discard', '--older-than', '90', '--yes', '--json'] },
  'export DIRECTORY': { as: ['export', 'exported'], code: EXIT.partial },
  'export DIRECTORY --json': { as: ['export', 'exported', '--update', '--json'], code: EXIT.partial },
  'unshare --dry-run': {},
  'unshare --dry-run --json': {},
  'unshare --job family --keep --dry-run': {},
  'unshare --job family --keep --yes': {},
  'unshare --job family': { as: ['unshare', '--job', 'family', '--yes'] },
  'unshare --keep --yes': {},
  'unshare --yes': {},
  'unshare --json': { as: ['unshare', '--yes', '--json'] },
};

/** Those about what a recipient has corrected, in the order in which they are run where shares go both ways. */
const CORRECTED: Readonly<Record<string, Omit<Use, 'before'>>> = {
  [`resolve ${PHOTO} --take target --field description`]: {},
  [`resolve ${PHOTO} --take source`]: {},
  'undo-merge --since 12h --dry-run': {},
  'undo-merge --since 12h': { as: ['undo-merge', '--since', '12h', '--yes'] },
  'undo-merge --json': { as: ['undo-merge', '--since', '12h', '--yes', '--json'] },
};

/** Those that ask on a terminal, and what they ask first; tests/setup/wizard.test.ts and tests/first_hour answer all of it. */
const ASKING: Readonly<Record<string, string>> = {
  setup: "Directory of Immich's docker-compose.yml",
  'setup --compose none': 'Address of Immich',
  'setup --share alice-external-to-bob --target-dir /external_library/for_bob/.alice':
    "Directory of Immich's docker-compose.yml",
};

/** Run by tests of their own: each has these words. */
const RUN_ELSEWHERE: Readonly<Record<string, readonly [file: string, words: string]>> = {
  demo: ['tests/demo/demo.test.ts', "runDemo('--keep')"],
  'demo --json': ['tests/demo/demo.test.ts', "runDemo('--json')"],
};

const SERVE = 'serve';

/** The installation that the pages speak of: its directory, a photo, somebody called Emil. */
async function prepare(ground: Ground): Promise<void> {
  const { world } = ground;
  renameSync(ground.installation, `${world.directory}/immich`);
  copyFileSync(`${world.directory}/admin.key`, `${ground.cwd}/admin.key`);
  await world.sql`UPDATE person SET name = 'Emil' WHERE name = 'Emil, Jr.'`;
  await world.sql`UPDATE asset SET "originalFileName" = ${PHOTO} WHERE id = ${world.id('family/harbour')}`;
}

Deno.test('every command on every page is run', async (t) => {
  const found = [...commandsOnPages(textOf)].map(([command]) => command).toSorted();
  const all = [...[RUN, CORRECTED, ASKING, RUN_ELSEWHERE].flatMap((some) => Object.keys(some)), SERVE];
  assert.deepEqual(found, all.toSorted());
  for (const [file, words] of Object.values(RUN_ELSEWHERE)) assert.ok(textOf(file).includes(words), file);
  await using ground = await Ground.open();
  await prepare(ground);
  const env = {
    ...ground.environment,
    ...databaseVariables(ground.world.config.database),
    NOTIFY_URLS: `json://127.0.0.1:${new URL(ground.immich.url).port}/hook`,
    WRITE_SETTLE_SECONDS: '0',
  };
  const terminal = noTerminal === undefined ? Object.entries(ASKING) : [];
  for (const [command, question] of terminal) {
    await t.step(`${command}, until it asks`, async () => {
      await using somebody = Typist.start(ground, command.split(' '));
      await somebody.sees(question);
      await somebody.types(KEYS.ctrlC);
      assert.equal(await somebody.ends(), EXIT.interrupted);
    });
  }
  for (const [command, { as, code = EXIT.ok, before }] of Object.entries(RUN)) {
    await before?.(ground);
    const args = as ?? command.split(' ');
    const outcome = await run(args, { cwd: ground.cwd, env });
    await t.step(args.join(' '), () => assert.equal(outcome.code, code, outcome.stdout + outcome.stderr));
  }
  await t.step('serve, until it is stopped', async () => {
    const port = freePort();
    const program = RunningProgram.start([SERVE], { cwd: ground.cwd, env: { ...env, HTTP_PORT: String(port) } });
    const isUp = () => fetch(`http://127.0.0.1:${port}/readyz`).then(({ ok }) => ok, () => false);
    try {
      await until('it is ready', isUp);
    } finally {
      program.signal('SIGTERM');
    }
    const { code, stderr } = await program.ended();
    assert.equal(code, EXIT.ok, stderr);
  });
});

Deno.test('what the pages say about corrections is run where shares go both ways', async (t) => {
  await using world = await openTwoWays('v3.1.0');
  using cwd = workingDirectory(world.config.jobs.map((job) => ({ ...yamlJob(job), both_ways: job.bothWays })));
  await world.sql`UPDATE asset SET "originalFileName" = 'another.heic' WHERE "originalFileName" = ${PHOTO}`;
  await world.sql`UPDATE asset SET "originalFileName" = ${PHOTO} WHERE id = ${world.id(TWO_WAYS)}`;
  const [source, mirror] = [world.id(TWO_WAYS), await mirrorId(world)];
  const runs = async (args: readonly string[]) => {
    const { code, stdout, stderr } = await run(args, { cwd: cwd.path, env: variablesOf(world) });
    await t.step(args.join(' '), () => assert.equal(code, EXIT.ok, stdout + stderr));
  };
  await edit(world, source, { description: 'Lake', rating: 4 });
  await edit(world, mirror, { description: 'The lake in 1974', rating: 5 });
  await world.untilIdle();
  for (const [command, { as }] of Object.entries(CORRECTED)) {
    if (command.startsWith('undo-merge')) {
      await edit(world, mirror, { description: `of ${command}` });
      await world.untilIdle();
      await runs(['sync']);
    }
    await runs(as ?? command.split(' '));
  }
});
