import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { Secret } from '../../src/config/secret.ts';
import { Cancelled } from '../../src/setup/prompter.ts';
import { prepareSetup } from '../../src/setup/setup.ts';
import { TerminalPrompter } from '../../src/setup/terminal.ts';
import { BOBS_KEY, Ground } from './ground.ts';
import { KEYS, Screen } from './screen.ts';

/** Somebody who types into streams: needs no terminal, so this runs wherever the tests run. */
function typing(ground: Ground, given: ReadonlyMap<string, string> = new Map()) {
  const input = new PassThrough();
  const output = new PassThrough();
  const screen = new Screen((key) => void input.write(key));
  output.on('data', (chunk) => screen.show(String(chunk)));
  const secrets: Secret[] = [];
  const prepared = prepareSetup({
    env: {},
    cwd: ground.cwd,
    home: '/nowhere',
    configFile: undefined,
    given,
    prompter: new TerminalPrompter({ input, output: Object.assign(output, { columns: 80, rows: 24 }) }),
    onSecret: (secret) => secrets.push(secret),
  });
  return { screen, prepared, secrets };
}

Deno.test('a wrong flag is explained and asked; what was typed becomes the plan, and the plan is done', async () => {
  await using ground = await Ground.open();
  const given = new Map([['--immich-url', 'http://127.0.0.1:1'], ['--api-key-file', ground.apiKey], [
    '--write-source',
    'api',
  ]]);
  const { screen, prepared, secrets } = typing(ground, given);
  await screen.answers("Directory of Immich's docker-compose.yml");
  await screen.sees('--immich-url: Immich at http://127.0.0.1:1 cannot be reached');
  await screen.answers('Address of Immich', KEYS.clear, ground.immich.url);
  await screen.answers('What shall be set up?', KEYS.down);
  await screen.answers('Whose uploads are shared?', KEYS.down);
  await screen.answers('Who shall see these photos', KEYS.down, KEYS.down);
  await screen.answers('Where shall the files for Carol lie?');
  await screen.answers('Put everything into an album of Carol, too?');
  await screen.answers('Name of this share', KEYS.clear, 'camera');
  await screen.answers('What else?');
  await screen.answers('Keep the API key in .env?');
  const { plan, warnings, apply } = await prepared;
  assert.deepEqual(plan.jobs.map(({ name, source, target }) => [name, source.name, target.name]), [[
    'camera',
    'Alice',
    'Carol',
  ]]);
  assert.deepEqual(plan.libraries.map(({ importPath }) => importPath), ['/data/shared/carol']);
  assert.deepEqual(warnings, []);
  assert.match(screen.text, /Nothing asked for --write-source/);
  assert.ok(!screen.text.includes(ground.apiKey));
  assert.ok(secrets.some((secret) => secret.reveal() === ground.apiKey));
  const { jobs, files } = await apply(new AbortController().signal);
  assert.deepEqual([jobs, files.length], [['camera'], 2]);
  assert.equal((await ground.run(['sync'])).code, 0);
});

Deno.test('one wrong answer of four about the database does not take away the others; Escape goes back from yes or no', async () => {
  await using ground = await Ground.open();
  const { config } = ground.world.db;
  const given = new Map([
    ['--compose', 'none'],
    ['--immich-url', ground.immich.url],
    ['--api-key-file', ground.apiKey],
    ['--media-location', '/data'],
    ['--mount', `/data=${ground.world.directory}/media\n/external_library=${ground.world.directory}/external`],
  ]);
  const { screen, prepared } = typing(ground, given);
  await screen.answers('Database user', KEYS.clear, config.username);
  await screen.answers('Name of the database', KEYS.clear, 'nothing');
  await screen.answers(`Password of the database user ${config.username}`, config.password.reveal());
  await screen.answers('Host of the database', KEYS.clear, `${config.hostname}:${config.port}`);
  await screen.sees('has no database "nothing"');
  await screen.answers('Database user');
  await screen.answers('Name of the database', KEYS.clear, config.name);
  await screen.answers(`Password of the database user ${config.username} (empty: keep the one that is there)`);
  await screen.answers('Host of the database');
  await screen.answers('What shall be set up?', KEYS.down);
  await screen.answers('Whose uploads are shared?', KEYS.down);
  await screen.answers('Who shall see these photos', KEYS.down, KEYS.down);
  await screen.answers('Where shall the files for Carol lie?');
  await screen.answers('Put everything into an album of Carol, too?');
  await screen.answers('Name of this share');
  await screen.answers('What else?');
  await screen.sees('Keep the API key in .env?');
  await screen.types(KEYS.escape);
  await screen.answers('What else?');
  await screen.answers('Keep the API key in .env?');
  const { plan } = await prepared;
  const value = (name: string) => plan.settings.find((setting) => setting.name === name)?.value;
  assert.deepEqual([value('DB_USERNAME'), value('DB_DATABASE_NAME'), value('DB_HOSTNAME')], [
    config.username,
    config.name,
    config.hostname,
  ]);
});

Deno.test('Escape goes back one question, as often as somebody likes, with all answers before it', async () => {
  await using ground = await Ground.open();
  const { screen, prepared } = typing(ground, new Map([['--immich-url', ground.immich.url]]));
  await screen.types(KEYS.escape);
  await screen.answers("Directory of Immich's docker-compose.yml");
  await screen.answers('API key of an administrator', ground.apiKey);
  await screen.answers('What shall be set up?', KEYS.down);
  await screen.answers('Whose uploads are shared?');
  await screen.sees('◆ Who shall see these photos');
  await screen.types(KEYS.escape);
  await screen.sees('◆ Whose uploads are shared?');
  await screen.types(KEYS.escape);
  await screen.answers('What shall be set up?', KEYS.down);
  await screen.answers('Whose uploads are shared?', KEYS.down);
  await screen.answers('Who shall see these photos', KEYS.down, KEYS.down);
  await screen.answers('Where shall the files for Carol lie?');
  await screen.answers('Put everything into an album of Carol, too?');
  await screen.answers('Name of this share');
  await screen.answers('What else?');
  await screen.answers('Keep the API key in .env?', KEYS.down);
  const first = await prepared;
  const again = first.again();
  await screen.sees('◆ Keep the API key in .env?');
  await screen.types(KEYS.escape);
  await screen.answers('What else?');
  await screen.answers('Keep the API key in .env?');
  const { plan } = await again;
  const keeps = (settings: typeof plan.settings) => settings.some(({ name }) => name === 'IMMICH_API_KEY');
  assert.deepEqual([keeps(first.plan.settings), keeps(plan.settings)], [false, true]);
  for (const { jobs } of [first.plan, plan]) {
    assert.deepEqual(jobs.map(({ source, target }) => [source.name, target.name]), [['Alice', 'Carol']]);
  }
});

Deno.test('Ctrl-C at every question: nothing was made, and Immich was asked to change nothing', async (t) => {
  await using ground = await Ground.open();
  const before = await ground.everything();
  const steps: readonly (readonly [question: string, ...keys: readonly string[]])[] = [
    ["Directory of Immich's docker-compose.yml"],
    ['Address of Immich', KEYS.clear, ground.immich.url],
    ['API key of an administrator', ground.apiKey],
    ['What shall be set up?'],
    ['Whose external library is shared?'],
    ['What does Alice share?', KEYS.down],
    ['Which directory?', 'family'],
    ['Who shall see these photos', KEYS.down],
    ['Where shall the files for Bob lie?'],
    ['Put everything into an album of Bob, too?', KEYS.down],
    ['API key of Bob', BOBS_KEY],
    ['Name of the new album'],
    ['Name of this share'],
    ['What else?', KEYS.up],
    ['Where shall people, places, captions and dates be written?'],
    ['For whose photos?'],
    ['Users, separated by commas, or all'],
    ['Time zone for photos'],
    ['What else?'],
    ['Keep the API key in .env?'],
  ];
  for (const [index, [question]] of steps.entries()) {
    await t.step(question, async () => {
      const { screen, prepared } = typing(ground);
      for (const [answered, ...keys] of steps.slice(0, index)) await screen.answers(answered, ...keys);
      await screen.sees(`◆ ${question}`);
      await Promise.all([assert.rejects(prepared, Cancelled), screen.types(KEYS.ctrlC)]);
    });
  }
  assert.deepEqual(await ground.everything(), before);
  assert.ok(!ground.immich.paths().some((path) => !path.startsWith('GET ')));
});
