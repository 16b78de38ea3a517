import assert from 'node:assert/strict';
import fc from '../../harness/drawing.ts';
import { parseSaved } from '../../../src/share/saved_people/format.ts';
import { formatSaved, type SavedPeople } from '../../../src/share/saved_people/format.ts';
import { applyRestore, type RestoreResult } from '../../../src/share/saved_people/restore.ts';
import { planRestore, type RestorePlan } from '../../../src/share/saved_people/restore_plan.ts';
import { collectPeople } from '../../../src/share/saved_people/save.ts';
import { RowWriter } from '../../harness/rows.ts';
import { World } from '../world.ts';
import { type Household, type Human, Library, PLACES } from './household.ts';

/** What `people save` would put into a file. */
async function save(world: World, userId: string): Promise<SavedPeople> {
  const saved = await world.apply((tools, view) => collectPeople(tools.database.sql, view, { userId, isAll: false }));
  return parseSaved(formatSaved(saved), 'people.json');
}

async function restore(world: World, userId: string, saved: SavedPeople): Promise<RestorePlan & RestoreResult> {
  return await world.apply(async (tools, view) => {
    const plan = await planRestore(tools.database.sql, view, saved, { userId, isAll: false });
    return { ...plan, ...await applyRestore(tools, plan, () => {}) };
  });
}

const human: fc.Arbitrary<Human> = fc.record({
  // Few names: two people are often called the same. Somebody without a name is remembered as they are hidden.
  name: fc.constantFrom('Anna', 'Bert', 'Zoë, "the 2nd"', ''),
  birthDate: fc.constantFrom(null, '1954-02-28'),
  isHidden: fc.boolean(),
  isFavorite: fc.boolean(),
});

const household: fc.Arbitrary<Household> = fc.record({
  humans: fc.array(human, { minLength: 1, maxLength: 5 }),
  photos: fc.array(
    fc.array(fc.option(fc.nat(4), { nil: undefined, freq: 1 }), { minLength: PLACES, maxLength: PLACES }),
    { minLength: 1, maxLength: 6 },
  ),
}).map(({ humans, photos }) => ({
  humans,
  photos: photos.map((photo) =>
    photo.map((index, place) => index === undefined || place % 3 === 0 ? undefined : index % humans.length)
  ),
}));

const redetection = fc.record({
  cleansUp: fc.boolean(),
  jitter: fc.constantFrom(0, 0.1),
  imageWidth: fc.constantFrom(1_440, 720),
  mistakes: fc.array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constant('none' as const) },
      { weight: 1, arbitrary: fc.constantFrom('nobody' as const, 'alone' as const, 'another' as const) },
    ),
    { minLength: 1, maxLength: 40 },
  ),
  seed: fc.integer(),
});

const isRemembered = ({ name, birthDate, isHidden, isFavorite }: Human) =>
  name !== '' || birthDate !== null || isHidden || isFavorite;

for (const release of ['v3.1.0', 'v3.3.0'] as const) {
  Deno.test(`${release}: after faces were reset and found anew everybody has their name back, and exactly their faces`, async () => {
    await using world = await World.open(release);
    const rows = await RowWriter.for(world.db);
    const property = fc.asyncProperty(household, redetection, async (household, { seed, ...how }) => {
      const library = await Library.create(world, rows, household);
      const before = await library.places();
      const saved = await save(world, library.userId);
      assert.equal(saved.users[0]?.people.length, household.humans.filter(isRemembered).length);
      const random = fc.sample(fc.double({ min: 0, max: 1, noNaN: true }), { seed, numRuns: 2_000 });
      await library.reset({ ...how, random: () => random.pop() ?? 0 });
      const { problems, changedMeanwhile } = await restore(world, library.userId, saved);
      assert.deepEqual([problems, changedMeanwhile], [[], 0]);

      const after = await library.places();
      const people = await library.people();
      const theirs = new Map<number, Set<string | undefined>>();
      for (const [photo, places] of household.photos.entries()) {
        for (const [place, index] of places.entries()) {
          if (index === undefined) continue;
          const key = `${photo}/${place}`;
          assert.ok(before.has(key) && after.has(key), key);
          theirs.set(index, (theirs.get(index) ?? new Set()).add(after.get(key)?.id));
        }
      }
      const taken = new Set<string>();
      for (const [index, ids] of theirs) {
        const human = household.humans[index];
        if (human === undefined || !isRemembered(human)) continue;
        const [id = ''] = ids;
        assert.equal(ids.size, 1, `all faces of ${human.name} are one person's`);
        assert.deepEqual(people.get(id), human);
        assert.ok(!taken.has(id), 'nobody is two of them');
        taken.add(id);
      }
      const again = await restore(world, library.userId, saved);
      assert.deepEqual([again.people, again.faces], [0, 0], 'another time changes nothing');
    });
    await fc.assert(property, { numRuns: Number(Deno.env.get('RUNS') ?? 12), seed: 20 });
  });
}

Deno.test('on photos that were turned since, faces are known again by how they look, but not with another model', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  const alice = world.library.users.alice.id;
  const dora = world.library.people['alice/dora'].id;
  const saved = await save(world, alice);
  const turned = await sql`
    UPDATE asset_face f
    SET "personId" = NULL, "boundingBoxX1" = 0, "boundingBoxY1" = 0, "boundingBoxX2" = 9, "boundingBoxY2" = 9
    FROM asset a
    WHERE f."personId" = ${dora} AND a.id = f."assetId" AND a.visibility <> 'locked' AND f."deletedAt" IS NULL
      AND EXISTS (SELECT FROM face_search s WHERE s."faceId" = f.id)
    RETURNING f.id`;
  assert.ok(turned.count > 1);
  const settings = { machineLearning: { facialRecognition: { modelName: 'antelopev2' } } };
  await sql`INSERT INTO system_metadata (key, value) VALUES ('system-config', ${sql.json(settings)})`;
  assert.equal((await restore(world, alice, saved)).faces, 0);
  await sql`DELETE FROM system_metadata WHERE key = 'system-config'`;
  assert.equal((await restore(world, alice, saved)).faces, turned.count);
  const [row] = await sql`
    SELECT count(*)::int AS faces FROM asset_face
    WHERE "personId" = ${dora} AND id = ANY (${turned.map(({ id }) => id)}::uuid[])`;
  assert.deepEqual({ ...row }, { faces: turned.count });
});
