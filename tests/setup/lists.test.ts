/** setup offers albums, people, tags and favourites from lists with their sizes. */
import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { EXIT } from '../../src/errors.ts';
import { Cancelled } from '../../src/setup/prompter.ts';
import { InImmich } from '../share/deeds_in_immich.ts';
import { Ground } from './ground.ts';
import { KEYS } from './screen.ts';
import { typing } from './typing.ts';

const TAB = '\t';

Deno.test('from a list: nothing chosen and what is deleted meanwhile are said, nobody sees who is hidden, unnamed or on locked photos only', async () => {
  await using ground = await Ground.open();
  const { world } = ground;
  const immich = new InImmich(world);
  await immich.makeAlbum('alice', 'Empty');
  const twins = [
    await immich.makeAlbum('alice', 'Twins', [world.id('family/portrait')]),
    await immich.makeAlbum('alice', 'Twins', [world.id('uploads/cat'), world.id('family/harbour')]),
  ];
  const doomed = await immich.makeAlbum('alice', 'Doomed', [world.id('family/beach')]);
  await world.sql`UPDATE person SET name = 'Grandma' WHERE name = 'Dora'`;
  await world.sql`UPDATE asset SET visibility = 'locked' WHERE id = ${world.id('private/party')}`;
  const { screen, prepared } = typing(ground);
  await screen.answers("Directory of Immich's docker-compose.yml");
  await screen.answers('What shall be set up?', KEYS.up, KEYS.up);
  await screen.answers('Whose photos are shared?', KEYS.down);
  await screen.sees('◆ Which photos of Alice are shared?');
  await screen.sees('People: ');
  await screen.types(KEYS.enter);
  await screen.sees('Nothing is chosen.');
  await screen.sees('◆ Which photos of Alice are shared?');
  await screen.types(...'doomed', TAB);
  await screen.sees('Tab: select');
  await immich.deleteAlbum(doomed);
  await screen.types(KEYS.enter);
  await screen.sees('"Doomed" is there no more.');
  await screen.sees('◆ Which photos of Alice are shared?');
  await screen.types(...'empty');
  await screen.sees('Albums: Empty (nothing yet)');
  await screen.types(TAB, KEYS.clear, ...'grandma', TAB, KEYS.clear, ...'twins', TAB, KEYS.enter);
  await screen.answers('Who shall see these photos', KEYS.down);
  await screen.answers('Where shall the files for Bob lie?');
  await screen.answers('Put everything into an album of Bob, too?');
  await screen.answers('Alice and Bob have one person of the same name.', KEYS.up);
  await screen.answers('Name of this share');
  await screen.answers('What else?');
  await screen.answers('Keep the API key in .env?');
  const { plan, files } = await prepared;
  for (const name of ['Neighbour', 'Secret Friend']) assert.ok(!screen.text.includes(name), name);
  const [job] = plan.jobs;
  assert.deepEqual(job?.select?.people, [{ text: 'Grandma' }]);
  assert.deepEqual(
    job?.select?.albums,
    [{ text: twins[1], comment: 'Twins' }, { text: 'Empty' }],
    'the larger one is first',
  );
  const yaml = files.find(({ path }) => path.endsWith('.yaml'))?.text ?? '';
  assert.match(yaml, new RegExp(`- "?${twins[1]}"? # "Twins"\n`));
  assert.match(yaml, /match_people: name/);
});

Deno.test('where the database cannot be reached, names are taken as they are said', async () => {
  await using ground = await Ground.open();
  const env = `${ground.installation}/.env`;
  Deno.writeTextFileSync(env, Deno.readTextFileSync(env).replace(/DB_PORT=.*/, 'DB_PORT=1'));
  const chosen = ['--people', 'Grandma', '--from', 'Alice', '--to', 'Bob', '--shared-albums', 'A, B'];
  const { code, stderr, stdout } = await ground.setup(['--yes', ...ground.flags, ...chosen]);
  assert.equal(code, EXIT.ok, stderr);
  assert.ok(!stdout.includes('; now '));
  const { jobs, shared_albums } = parse(ground.read('config.yaml'));
  assert.deepEqual(jobs[0].select, { people: ['Grandma'] });
  assert.deepEqual(shared_albums.albums, ['A', 'B']);
  const none = await ground.setup(['--yes', ...ground.flags, '--favorites', 'no', '--from', 'Alice', '--to', 'Bob']);
  assert.equal(none.code, EXIT.usage);
  assert.match(none.stderr, /Nothing is chosen/);
});

Deno.test('Ctrl-C at a list changes nothing', async () => {
  await using ground = await Ground.open();
  const before = await ground.everything();
  const { screen, prepared } = typing(ground);
  const cancelled = assert.rejects(prepared, Cancelled);
  await screen.answers("Directory of Immich's docker-compose.yml");
  await screen.answers('What shall be set up?', KEYS.up, KEYS.up);
  await screen.answers('Whose photos are shared?', KEYS.down);
  await screen.sees('◆ Which photos of Alice are shared?');
  await screen.types(KEYS.ctrlC);
  await cancelled;
  assert.deepEqual(await ground.everything(), before);
});
