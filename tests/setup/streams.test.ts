import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { Secret } from '../../src/config/secret.ts';
import { Cancelled } from '../../src/setup/prompter.ts';
import { prepareSetup } from '../../src/setup/setup.ts';
import { TerminalPrompter } from '../../src/setup/terminal.ts';
import { Ground } from './ground.ts';
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

Deno.test('Ctrl-C in streams, too', async () => {
  await using ground = await Ground.open();
  const { screen, prepared } = typing(ground);
  await screen.sees("Directory of Immich's docker-compose.yml");
  await Promise.all([assert.rejects(prepared, Cancelled), screen.types(KEYS.ctrlC)]);
});
