import assert from 'node:assert/strict';
import { EXIT } from '../../src/errors.ts';
import { World } from '../share/world.ts';
import { everything } from './everything.ts';
import { run, runAlone, variablesOf, workingDirectory, yamlJob } from './program.ts';

Deno.test('people save and restore: look, no terminal, --yes; what was entered since stays, and who is gone is named', async () => {
  await using world = await World.open('v3.1.0');
  using cwd = workingDirectory(world.config.jobs.map(yamlJob));
  const options = { cwd: cwd.path, env: variablesOf(world) };
  const { sql } = world;
  const alice = world.library.users.alice.id;
  await world.share();
  const names = await world.namesOf('alice');

  const saved = await run(['people', 'save', 'names.json'], options);
  assert.equal(saved.code, EXIT.ok, saved.stderr);
  const file = `${cwd.path}/names.json`;
  assert.equal((Deno.statSync(file).mode ?? 0) & 0o777, 0o600);
  const text = Deno.readTextFileSync(file);
  const { users } = JSON.parse(text);
  const bobs = users.find(({ name }: { name: string }) => name === 'Bob').people;
  assert.deepEqual(bobs.map(({ name }: { name: string }) => name), ['Dora'], 'whom sharing has made follow Alice');
  const [locked] = await sql<{ photo: string }[]>`
    SELECT encode(checksum, 'hex') AS photo FROM asset WHERE visibility = 'locked' AND "ownerId" = ${alice}`;
  assert.ok(locked && !text.includes(locked.photo));
  const unchanged = await everything(world);
  Deno.writeTextFileSync(`${cwd.path}/foreign.json`, '{"name": "not ours"}');
  const refused: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [['save', 'foreign.json'], /There is something else already[^]*--replace/],
    [['save', 'config.yaml', '--replace'], /it could give itself more permissions/],
  ];
  for (const [args, says] of refused) {
    const { code, stderr } = await runAlone(['people', ...args], options);
    assert.equal(code, EXIT.usage, args.join(' '));
    assert.match(stderr, says);
  }
  assert.equal(Deno.readTextFileSync(`${cwd.path}/foreign.json`), '{"name": "not ours"}');
  assert.equal((await run(['people', 'save', 'foreign.json', '--replace'], options)).code, EXIT.ok);
  assert.deepEqual([...Deno.readDirSync(cwd.path)].filter(({ name }) => name.endsWith('.part')), []);
  const nothing = await run(['people', 'restore', 'foreign.json'], options);
  assert.deepEqual([nothing.code, nothing.stderr], [EXIT.ok, '']);
  assert.match(nothing.stdout, /There is nothing to give back/);
  assert.deepEqual(await everything(world), unchanged);

  // As Immich does it: all faces of machine learning, then everybody without a face.
  const faces = await sql`
    DELETE FROM asset_face f USING asset a
    WHERE a.id = f."assetId" AND a."ownerId" = ${alice} AND f."sourceType" = 'machine-learning'
    RETURNING f.*, (SELECT name FROM person p WHERE p.id = f."personId") AS who`;
  await sql`
    DELETE FROM person p
    WHERE p."ownerId" = ${alice} AND NOT EXISTS (SELECT FROM asset_face f WHERE f."personId" = p.id)`;
  const early = await run(['people', 'restore', 'names.json', '--dry-run'], options);
  assert.equal(early.code, EXIT.partial);
  assert.match(early.stdout, /"Dora Example"[^\n]* is not found: \d+ photos, 0 of them gone/);
  const groups = new Map<string, string>();
  for (const { who, personId: _, ...face } of faces) {
    if (who === 'Secret Friend') continue; // nobody finds them
    const group = who === null ? null : groups.get(who) ?? await world.insertPerson('alice', '');
    if (group !== null) groups.set(who, group);
    await sql`INSERT INTO asset_face ${sql({ ...face, id: crypto.randomUUID(), personId: group })}`;
  }
  await sql`UPDATE person SET name = 'Emil the Great' WHERE id = ${groups.get('Emil, Jr.') ?? ''}`;

  const before = await everything(world);
  const plan = await run(['people', 'restore', 'names.json', '--dry-run'], options);
  assert.match(plan.stdout, /"Emil, Jr\."[^\n]* is called "Emil the Great" by now, which stays\./);
  assert.match(plan.stdout, /"Secret Friend"[^\n]* is not found/);
  const unasked = await run(['people', 'restore', 'names.json'], options);
  assert.equal(unasked.code, EXIT.usage);
  assert.match(unasked.stderr, /no terminal to ask on/);
  const away = await run(['people', 'restore', 'names.json', '--yes', '--user', crypto.randomUUID()], options);
  assert.match(away.stderr, /Immich has no user with the id/);
  assert.deepEqual(await everything(world), before);

  // A save from cron at that moment would lose what is not given back yet.
  const cron = await run(['people', 'save', 'names.json'], options);
  assert.equal(cron.code, EXIT.usage);
  assert.match(cron.stderr, /knows \d+ people, and Immich has \d+ now/);
  assert.equal(Deno.readTextFileSync(file), text);

  const done = await run(['people', 'restore', 'names.json', '--yes', '--json'], options);
  assert.equal(done.code, EXIT.partial, done.stderr);
  const report = JSON.parse(done.stdout);
  assert.deepEqual([report.problems, report.changedMeanwhile, report.outcomes.conflict], [[], 0, 1]);
  const expected = names.filter((name) => name !== 'Secret Friend').map((name) =>
    name === 'Emil, Jr.' ? 'Emil the Great' : name
  );
  assert.deepEqual(
    (await world.namesOf('alice')).filter((name) => name !== ''),
    expected.filter((name) => name !== '').toSorted(),
  );
  const [dora] = await sql`
    SELECT "birthDate"::text, color, "isFavorite", "thumbnailPath", "faceAssetId" IS NOT NULL AS "hasCover"
    FROM person WHERE name = 'Dora Example' AND "ownerId" = ${alice}`;
  assert.deepEqual({ ...dora }, {
    birthDate: '1990-05-17',
    color: '#ea580c',
    isFavorite: true,
    thumbnailPath: '',
    hasCover: true,
  });
  await world.share();
  assert.ok((await world.namesOf('bob')).includes('Dora Example'), 'and sharing goes on with them');
});
