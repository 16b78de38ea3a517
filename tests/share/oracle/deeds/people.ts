import { addFace, addPerson, personThumbnail } from '../photos.ts';
import type { PersonGroup } from '../typed.ts';
import { type Deed, type Deeds, type Person, type Scene, traced, untraced } from './scene.ts';

/** Rare in life; in a short run they would take the place of others. */
export const RARE_DEEDS: ReadonlySet<string> = new Set([
  'shareNatively',
  'endNativeShare',
  'matchPeople',
  'followFavorites',
  'deleteSharedLibrary',
  'liftStop',
  'moveLibrary',
  'moveLibraryBack',
]);

/** Faces and people, by their owners: who may be the source, or the target of mirrors. */
export const PEOPLE_DEEDS: Deeds = {
  newPerson: traced(async (scene) => {
    const owner = scene.name();
    const face = scene.one((await scene.faces()).filter(({ ownerId }) => ownerId === scene.home.users[owner].id));
    const name = scene.chance(3) ? '' : `person ${scene.home.next()}`;
    const person = await addPerson(scene.home, owner, name);
    if (face !== undefined) await assign(scene, face.id, person);
    return `${owner} has a new person ${JSON.stringify(name)}`;
  }),
  rename: change('another name', (scene) => scene.sql`name = ${`person ${scene.home.next()}`}`, 'name'),
  renameAlike: change('a common name', (scene) => scene.sql`name = 'Somebody'`, 'name'),
  // Machine learning's nameless people lose the faces that it had given them, but no row of a photo tells that this one is nameless now.
  unname: { ...change('no name any more', (scene) => scene.sql`name = ''`), isTraced: false },
  hidePerson: change('another visibility', (scene) => scene.sql`"isHidden" = NOT "isHidden"`),
  birthday: change(
    'a birthday',
    (scene) => scene.sql`"birthDate" = ${`19${10 + scene.number(80)}-01-02`}`,
    'birthDate',
  ),
  colour: change('a colour', (scene) => scene.sql`color = ${`#0000${10 + scene.number(80)}`}`),
  favouritePerson: change('a star, or none', (scene) => scene.sql`"isFavorite" = NOT "isFavorite"`),
  cover: traced((scene) => chooseCover(scene, false)),
  // The picture is written into the file that is there, and the row may say what it said before.
  coverMirror: untraced((scene) => chooseCover(scene, true)),
  merge: traced(async (scene) => {
    const from = scene.one(await scene.people());
    const into = from === undefined
      ? undefined
      : scene.one((await scene.people(from.ownerId)).filter(({ id }) => id !== from.id));
    if (from === undefined || into === undefined) return;
    const { sql, home } = scene;
    await sql`
      UPDATE asset_face SET ${sql(home.faceKey)} = ${into.id}
      WHERE ${
      sql(home.faceKey)
    } = ${from.id} AND "assetId" IN (SELECT id FROM asset WHERE "ownerId" = ${from.ownerId})`;
    if (into.name === '' && from.name !== '') {
      await sql`UPDATE person SET name = ${from.name} WHERE ${scene.isPerson(into)}`;
    }
    await deletePerson(scene, from);
    return `${tell(scene, from)} is merged into ${tell(scene, into)}`;
  }),
  // The API lets nobody share a person with somebody of another cluster group. No row of a photo tells of it. Whom a target passes on is left
  // to tests/share/native_shares.test.ts: what becomes of ids that are derived when a mirrored person is somebody's own elsewhere is not in the model.
  shareNatively: untraced(async (scene) => {
    const { sql, home } = scene;
    if (!home.has('person_user')) return;
    const users = await sql<{ id: string; group: string }[]>`SELECT id, "clusterGroupId" AS group FROM "user"`;
    const groupOf = new Map(users.map(({ id, group }) => [id, group]));
    const own = (await scene.people()).filter(({ isMirror }) => !isMirror);
    const pairs = own.flatMap((person) =>
      scene.names.map((name) => ({ person, receiver: home.users[name].id }))
        .filter(({ receiver }) => receiver !== person.ownerId && groupOf.get(receiver) === groupOf.get(person.ownerId))
    );
    const pair = scene.one(pairs);
    if (pair === undefined) return;
    const { person, receiver } = pair;
    const { count } = await sql`
      INSERT INTO person_user ("personGroupId", "sharedById", "sharedWithId", role)
      VALUES (${person.id}, ${person.ownerId}, ${receiver}, 'read')
      ON CONFLICT DO NOTHING`;
    return count === 0 ? undefined : `${tell(scene, person)} is shared natively with ${scene.nameOf(receiver)}`;
  }),
  endNativeShare: untraced(async (scene) => {
    const { sql, home } = scene;
    if (!home.has('person_user')) return;
    const shares = await sql<{ id: string; from: string; to: string }[]>`
      SELECT "personGroupId" AS id, "sharedById" AS from, "sharedWithId" AS to
      FROM person_user
      ORDER BY "createdAt", "updateId"`;
    const share = scene.one(shares);
    if (share === undefined) return;
    await sql`
      DELETE FROM person_user
      WHERE "personGroupId" = ${share.id} AND "sharedById" = ${share.from} AND "sharedWithId" = ${share.to}`;
    return `a native share of ${scene.nameOf(share.from)} with ${scene.nameOf(share.to)} ends`;
  }),
  deletePerson: traced(async (scene) => {
    const person = scene.one(await scene.people());
    if (person === undefined || await isSeenByOthers(scene, person)) return;
    await deletePerson(scene, person);
    return `${tell(scene, person)} is deleted`;
  }),
  addFace: traced(async (scene) => {
    const asset = await scene.own(scene.sql`a.visibility <> 'hidden'`);
    if (asset === undefined) return;
    const person = scene.one([undefined, ...await scene.people(asset.ownerId)]);
    const sourceType = scene.one(['machine-learning', 'manual', 'exif'] as const) ?? 'manual';
    await addFace(scene.home, asset.id, person?.id ?? null, { sourceType });
    return `a ${sourceType} face of ${person === undefined ? 'nobody' : tell(scene, person)} is on ${
      scene.call(asset)
    }`;
  }),
  reassign: traced(async (scene) => {
    const face = await scene.face(scene.chance(3));
    if (face === undefined) return;
    const person = scene.one([undefined, ...await scene.people(face.ownerId)]);
    // Nobody can take a face from somebody without giving it to somebody else.
    if (face.isMirror && person === undefined) return;
    await assign(scene, face.id, person?.id ?? null);
    return `a face of ${scene.nameOf(face.ownerId)}'s${face.isMirror ? ' (mirrored)' : ''} is ${
      person === undefined ? 'nobody' : tell(scene, person)
    } now`;
  }),
  split: traced(async (scene) => {
    const face = await scene.face(false);
    if (face === undefined) return;
    const owner = scene.names.find((name) => scene.home.users[name].id === face.ownerId);
    if (owner === undefined) return;
    const person = await addPerson(scene.home, owner, scene.chance(2) ? '' : `person ${scene.home.next()}`);
    await assign(scene, face.id, person);
    return `a face of ${owner}'s becomes somebody new`;
  }),
  moveFace: traced(async (scene) => {
    const face = await scene.face(false);
    if (face === undefined) return;
    await scene.sql`UPDATE asset_face SET "boundingBoxY1" = "boundingBoxY1" + 1 WHERE id = ${face.id}`;
    return `a face of ${scene.nameOf(face.ownerId)}'s moves`;
  }),
  hideFace: traced(async (scene) => {
    const face = await scene.face(scene.chance(4));
    if (face === undefined) return;
    await scene.sql`UPDATE asset_face SET "isVisible" = NOT "isVisible" WHERE id = ${face.id}`;
    return `a face of ${scene.nameOf(face.ownerId)}'s${face.isMirror ? ' (mirrored)' : ''} is hidden, or shown`;
  }),
  removeFace: traced(async (scene) => {
    const face = await scene.face(scene.chance(3));
    if (face === undefined) return;
    await scene.sql`
      UPDATE asset_face SET "deletedAt" = CASE WHEN "deletedAt" IS NULL THEN now() END WHERE id = ${face.id}`;
    return `a face of ${scene.nameOf(face.ownerId)}'s${face.isMirror ? ' (mirrored)' : ''} is removed, or comes back`;
  }),
  deleteFace: traced(async (scene) => {
    const face = await scene.face(scene.chance(3));
    if (face === undefined) return;
    await scene.sql`DELETE FROM asset_face WHERE id = ${face.id}`;
    return `a face of ${scene.nameOf(face.ownerId)}'s${face.isMirror ? ' (mirrored)' : ''} is deleted for good`;
  }),
};

function change(what: string, set: (scene: Scene) => ReturnType<Scene['sql']>, said?: PersonGroup): Deed {
  return traced(async (scene) => {
    const person = scene.one(await scene.people());
    if (person === undefined) return;
    await scene.sql`UPDATE person SET ${set(scene)} WHERE ${scene.isPerson(person)}`;
    if (said !== undefined) scene.says(person, said);
    return `${tell(scene, person)} gets ${what}`;
  });
}

async function chooseCover(scene: Scene, isMirror: boolean): Promise<string | undefined> {
  const person = scene.one((await scene.people()).filter((candidate) => candidate.isMirror === isMirror));
  if (person === undefined) return;
  const [current] = await scene.sql<{ id: string | null }[]>`
    SELECT "faceAssetId" AS id FROM person WHERE ${scene.isPerson(person)}`;
  const face = scene.one(
    (await scene.faces(scene.sql`f."deletedAt" IS NULL`)).filter((candidate) =>
      candidate.person === person.id && candidate.ownerId === person.ownerId && candidate.id !== current?.id
    ),
  );
  if (face === undefined) return;
  const path = personThumbnail(person.ownerId, person.id);
  scene.home.overwrite(path);
  await scene.sql`
    UPDATE person SET "faceAssetId" = ${face.id}, "thumbnailPath" = ${path} WHERE ${scene.isPerson(person)}`;
  return `${tell(scene, person)} gets another cover`;
}

export async function assign({ sql, home }: Scene, faceId: string, person: string | null): Promise<void> {
  await sql`UPDATE asset_face SET ${sql(home.faceKey)} = ${person} WHERE id = ${faceId}`;
}

/**
 * Somebody's own person whom others of his cluster group know through sharing. If he deletes him and they share back, he
 * returns, and it takes two cycles (docs/invariants.md).
 */
async function isSeenByOthers({ sql, home }: Scene, person: Person): Promise<boolean> {
  if (!home.isGrouped || person.isMirror) return false;
  const rows = await sql`SELECT FROM person WHERE "personGroupId" = ${person.id} AND "ownerId" <> ${person.ownerId}`;
  return rows.length > 0;
}

/** From 3.2 with the group, if it is nobody's then. */
export async function deletePerson(scene: Scene, person: Person): Promise<void> {
  const { sql, home } = scene;
  const [gone] = await sql<{ path: string }[]>`
    DELETE FROM person WHERE ${scene.isPerson(person)} RETURNING "thumbnailPath" AS path`;
  if (gone !== undefined && gone.path !== '') home.remove(gone.path);
  if (!home.isGrouped) return;
  await sql`
    DELETE FROM person_group g
    WHERE g.id = ${person.id} AND NOT EXISTS (SELECT FROM person p WHERE p."personGroupId" = g.id)`;
}

function tell(scene: Scene, person: Person): string {
  return `${scene.nameOf(person.ownerId)}'s ${person.name === '' ? 'unnamed person' : JSON.stringify(person.name)}`;
}
