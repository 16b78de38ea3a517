import assert from 'node:assert/strict';
import { findAlike } from '../../../src/share/saved_people/alike.ts';
import { RowWriter } from '../../harness/rows.ts';
import { World } from '../world.ts';
import { Library } from './household.ts';

const NOTHING = { birthDate: null, isHidden: false, isFavorite: false };
const NAMES = ['Zoë', 'ZOE', '', 'Bert', 'Anna', 'Hidden'];

/** What the faces of each of them look like, in three dimensions of 512. */
const LOOKS = [[1, 0, 0], [0, 1, 0], [1, 0.3, 0], [1, 0.2, 0], [0, 0, 1], [0, 0, 1]];

Deno.test('people who may be the same: by name, by look, not together on a photo, not hidden, not both shared', async () => {
  await using world = await World.open('v3.1.0');
  const { sql } = world;
  const library = await Library.create(world, await RowWriter.for(world.db), {
    humans: NAMES.map((name) => ({ ...NOTHING, name, isHidden: name === 'Hidden' })),
    // Zoë is with Bert: however alike, they are two.
    photos: [[0, 3], [1], [2], [4], [5], [0]],
  });
  const places = await library.places();
  const people = new Map([...places.values()].map((one) => [one?.name ?? '', one?.id ?? '']));
  for (const [index, name] of NAMES.entries()) {
    const look = Array.from({ length: 512 }, (_, at) => LOOKS[index]?.[at] ?? 0);
    await sql`
      INSERT INTO face_search ("faceId", embedding)
      SELECT id, ${`[${look.join(',')}]`.replace(/^\[(.*)\]$/, await isArray(world) ? '{$1}' : '[$1]')}
      FROM asset_face WHERE "personId" = ${people.get(name) ?? ''}`;
  }
  const look = async () => {
    const { pairs, maxDistance } = await world.apply((tools, view) =>
      findAlike(tools.database.sql, view, { userId: library.userId, isAll: false })
    );
    assert.equal(maxDistance, 0.5);
    return pairs.map(({ person, other, isSameName, distance }) => [person.name, other.name, isSameName, distance]);
  };
  assert.deepEqual(await look(), [
    ['Zoë', 'ZOE', true, null],
    ['Bert', '', false, 0.004],
    ['Zoë', '', false, 0.042],
  ]);
  // What came through sharing is merged where it comes from.
  for (const name of ['Zoë', 'ZOE']) {
    await sql`
      INSERT INTO immich_sidecar.person_map (
        origin_person_id, origin_owner_id, target_user_id, mirror_person_id, is_ours, name, is_hidden
      ) VALUES (
        ${crypto.randomUUID()}, ${world.library.users.alice.id}, ${library.userId}, ${
      people.get(name) ?? ''
    }, true, ${name}, false
      )`;
  }
  assert.deepEqual(await look(), [['Bert', '', false, 0.004], ['Zoë', '', false, 0.042]]);
});

/** Where there is no pgvector, an embedding is an array. */
async function isArray(world: World): Promise<boolean> {
  const [row] = await world.sql<{ isArray: boolean }[]>`
    SELECT NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') AS "isArray"`;
  return row?.isArray === true;
}
