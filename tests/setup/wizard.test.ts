import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { EXIT } from '../../src/errors.ts';
import { noTerminal } from '../cli/pty.ts';
import { testUnless } from '../files/scratch.ts';
import { DIALECTS } from '../harness/fake_immich/captures.ts';
import { BOBS_KEY, Ground, LIMITED_KEY } from './ground.ts';
import { KEYS } from './screen.ts';
import { Typist } from './typist.ts';

const { down, clear, ctrlC } = KEYS;

for (const dialect of DIALECTS) {
  testUnless(noTerminal, `the wizard, typed on a terminal, with every answer wrong first (${dialect})`, async () => {
    await using ground = await Ground.open({ dialect });
    await using typist = Typist.start(ground, ['setup']);

    await typist.answers("Directory of Immich's docker-compose.yml", clear, '/nowhere');
    await typist.sees('There is no file "/nowhere"');
    await typist.answers("Directory of Immich's docker-compose.yml", clear, '../immich-app');

    await typist.answers('Address of Immich', clear, 'http://127.0.0.1:1');
    await typist.sees('cannot be reached');
    await typist.answers('Address of Immich', clear, ground.immich.url);

    await typist.answers('API key of an administrator', 'wrong-key-81aa');
    await typist.sees('does not accept the API key');
    await typist.answers('API key of an administrator', BOBS_KEY);
    await typist.sees('This key belongs to "Bob", who is not an administrator');
    await typist.answers('API key of an administrator', LIMITED_KEY);
    await typist.sees('lacks the permissions adminUser.read, library.create');
    await typist.answers('API key of an administrator', ground.apiKey);
    await typist.sees("is Immich's.");

    await typist.answers('What shall be set up?');
    await typist.answers('Whose external library is shared?');
    await typist.answers('What does Alice share?', down);
    await typist.answers('Which directory?', clear, '/external_library/alice/nowhere');
    await typist.sees('is not there');
    await typist.answers('Which directory?', clear, '/external_library/bob');
    await typist.sees('Alice has no external library at');
    await typist.answers('Which directory?', clear, '/external_library/alice/family');
    await typist.answers('Who shall see these photos', down);
    await typist.sees('A test link worked');
    for (
      const [wrong, why] of [
        ['/external_library/alice/family/.bob', 'contain one another'],
        ['/external_library/bob_shared', 'has no hidden directory'],
        ['/elsewhere/bob/.alice', 'in common'],
        ['/data/upload/bob/.alice', "Immich's own folder upload"],
      ] as const
    ) {
      await typist.answers('Where shall the files for Bob lie?', clear, wrong);
      await typist.sees(why);
    }
    await typist.answers('Where shall the files for Bob lie?', clear, '/external_library/bob_shared/.alice');
    await typist.answers('Put everything into an album of Bob, too?', down);
    await typist.answers('API key of Bob', ground.apiKey);
    await typist.sees('This key belongs to "Admin"');
    await typist.answers('API key of Bob', BOBS_KEY);
    await typist.answers('Name of the new album', clear, 'From Alice, too');
    await typist.answers('Name of this share', clear, 'family');

    await typist.answers('What else?', KEYS.up, KEYS.up, KEYS.up, KEYS.up);
    await typist.answers('Whose uploads are shared?', down);
    await typist.answers('Who shall see these photos', down);
    await typist.answers('Where shall the files for Bob lie?');
    await typist.answers('Put everything into an album of Bob, too?');
    await typist.answers('Name of this share');
    await typist.answers('What else?', KEYS.up);
    await typist.answers('Where shall people, places, captions and dates be written?', down);
    await typist.answers('For whose photos?');
    await typist.answers('Users, separated by commas, or all', clear, 'Alice, Zoe');
    await typist.sees('There is no user "zoe"');
    await typist.answers('Users, separated by commas, or all', clear, 'Alice, bob@example.com');
    await typist.answers('Time zone for photos');
    await typist.answers('What else?');
    await typist.answers('Keep the API key in .env?');
    await typist.sees('This will be done:');
    await typist.answers('Do it?');
    await typist.sees('It is set up.');
    assert.equal(await typist.ends(), EXIT.ok);
    for (const secret of [ground.apiKey, ground.password, BOBS_KEY, LIMITED_KEY]) {
      assert.ok(!typist.text.includes(secret), 'no secret is shown');
    }

    const { jobs } = parse(ground.read('config.yaml'));
    assert.deepEqual(jobs.map(({ name }: { name: string }) => name), ['family', 'alice uploads to bob']);
    assert.match(ground.read('.env'), /^WRITE_TO=sidecar$/m);
    assert.match(ground.read('.env'), /^TZ=Europe\/Vienna$/m);
    const sync = await ground.run(['sync', '--json']);
    assert.equal(sync.code, EXIT.ok, sync.stderr);
    for (const { created } of JSON.parse(sync.stdout).jobs) assert.ok(created > 0);
    const [album] = await ground.world.sql<{ count: number }[]>`
      SELECT count(*)::int AS count FROM album_asset WHERE "albumId" = ${jobs[0].album_id}`;
    assert.ok((album?.count ?? 0) > 0);
  });
}

testUnless(noTerminal, 'Ctrl-C at any question leaves files, API and directories as they were', async () => {
  await using ground = await Ground.open();
  const before = await ground.everything();
  const steps = [
    ["Directory of Immich's docker-compose.yml"],
    ['API key of an administrator', ground.apiKey],
    ['What shall be set up?', down],
    ['Whose uploads are shared?', down],
    ['Who shall see these photos', down],
    ['Where shall the files for Bob lie?'],
    ['Put everything into an album of Bob, too?'],
    ['Name of this share'],
    ['What else?'],
    ['Keep the API key in .env?'],
    ['Do it?'],
  ] as const;
  for (const stopAt of ["Directory of Immich's docker-compose.yml", 'Where shall the files for Bob lie?', 'Do it?']) {
    await using typist = Typist.start(ground, ['setup', '--immich-url', ground.immich.url]);
    for (const [question, ...keys] of steps) {
      await typist.sees(question);
      if (question === stopAt) break;
      await typist.types(...keys, KEYS.enter);
    }
    await typist.types(ctrlC);
    await typist.sees('Nothing was changed.');
    assert.equal(await typist.ends(), EXIT.interrupted);
    assert.deepEqual(await ground.everything(), before);
  }
  assert.ok(!ground.immich.paths().some((path) => !path.startsWith('GET ')), 'nothing was asked to change');
});
