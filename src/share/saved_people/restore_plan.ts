import { readSettings } from '../../immich/settings.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { View } from '../cycle/tools.ts';
import { decodeEmbedding, parseEmbedding } from './embeddings.ts';
import { elect, type PersonVerdict, type RefoundFace, type SoughtPerson } from './elect.ts';
import type { RelativeBox, SavedFace, SavedPeople, SavedPerson, SavedUser } from './format.ts';
import { readFacesNow, readKnownPeople, readPhotosThere } from './now.ts';
import { pairFaces, type Present, type Sought } from './match_faces.ts';
import { chooseUsers, type ChosenUser, readUsers, type UserChoice } from './users.ts';

/** What is done. A dry run prints it; apply consumes it. */
export interface RestorePlan {
  readonly users: readonly UserPlan[];
  /** Users of the file who are not here, and how many people of theirs cannot come back. */
  readonly unknownUsers: readonly { readonly name: string; readonly email: string; readonly people: number }[];
}

export interface UserPlan {
  /** As Immich knows them now. */
  readonly user: ChosenUser;
  readonly verdicts: readonly PersonVerdict[];
}

/** Photos of one statement. */
const PAGE = 2_000;

/**
 * Finds out who of today the saved people are: their faces by photo and box, themselves by most of their faces. Reads only. Throws UserError for
 * a user whom nobody knows.
 *
 * A user is the one with the same id, else with the same e-mail address, as on a new Immich.
 */
export async function planRestore(
  sql: Sql,
  { schema, jobs }: Pick<View, 'schema' | 'jobs'>,
  saved: SavedPeople,
  choice: UserChoice,
): Promise<RestorePlan> {
  const chosen = new Set((await chooseUsers(sql, jobs, choice)).map(({ id }) => id));
  const users = await readUsers(sql);
  const { faceModel, maxFaceDistance } = await readSettings(sql);
  const model = { isSame: faceModel === saved.model, maxDistance: maxFaceDistance };
  const found = saved.users.map((before) => ({
    before,
    user: users.find(({ id }) => id === before.id) ?? users.find(({ email }) => email === before.email),
  }));
  const plans: UserPlan[] = [];
  for (const { before, user } of found) {
    if (user === undefined || !chosen.has(user.id)) continue;
    plans.push({ user, verdicts: await planUser(sql, schema, { user, before, savedAt: saved.savedAt, model }) });
  }
  return {
    users: plans,
    unknownUsers: found.flatMap(({ before: { name, email, people }, user }) =>
      user === undefined ? [{ name, email, people: people.length }] : []
    ),
  };
}

interface UserWork {
  readonly user: ChosenUser;
  readonly before: SavedUser;
  readonly savedAt: string;
  readonly model: { readonly isSame: boolean; readonly maxDistance: number };
}

async function planUser(
  sql: Sql,
  schema: ImmichSchema,
  { user, before: { people }, savedAt, model }: UserWork,
): Promise<PersonVerdict[]> {
  const byPhoto = soughtByPhoto(people, model.isSame);
  const there = new Set<string>();
  const found = new Map<SavedPerson, Map<string, RefoundFace>>(people.map((person) => [person, new Map()]));
  const photos = [...byPhoto.keys()];
  for (let start = 0; start < photos.length; start += PAGE) {
    const page = photos.slice(start, start + PAGE);
    for (const photo of await readPhotosThere(sql, user.id, page)) there.add(photo);
    const faces = await readFacesNow(sql, schema, user.id, page);
    const assets = [...Map.groupBy(faces, ({ assetId }) => assetId).values()];
    const isOpen = (asset: typeof faces) => (byPhoto.get(asset[0]?.photo ?? '') ?? []).some((one) => one.embedding);
    // A second statement for the few whose boxes do not say it.
    const unclear = model.isSame
      ? assets.filter((asset) => isOpen(asset) && unmatched(byPhoto, asset, model.maxDistance))
      : [];
    const embeddings = await readEmbeddings(sql, unclear.flat().map(({ id }) => id));
    for (const asset of assets) {
      const sought = byPhoto.get(asset[0]?.photo ?? '') ?? [];
      const present = asset.map((face) => ({ ...face, embedding: embeddings.get(face.id) }));
      pairFaces(sought, present, model.maxDistance).forEach((face, index) => {
        const one = sought[index];
        if (face === undefined || one === undefined) return;
        const { id, box, personId } = face;
        found.get(one.person)?.set(id, { id, box, personId, isCover: one.isCover });
      });
    }
  }
  const sought = people.map((person): SoughtPerson => {
    const theirs = new Set(person.faces.map(({ photo }) => photo));
    return {
      person,
      photos: theirs.size,
      photosThere: theirs.intersection(there).size,
      faces: [...found.get(person)?.values() ?? []],
    };
  });
  const holders = sought.flatMap(({ person, faces }) =>
    [person.id, ...faces.map(({ personId }) => personId ?? [])].flat()
  );
  const known = await readKnownPeople(sql, schema, user.id, [...new Set(holders)], savedAt);
  return elect(sought, known, () => crypto.randomUUID());
}

interface SoughtFace extends Sought {
  readonly person: SavedPerson;
  readonly isCover: boolean;
}

function soughtByPhoto(people: readonly SavedPerson[], hasSameModel: boolean): Map<string, SoughtFace[]> {
  const byPhoto = new Map<string, SoughtFace[]>();
  for (const person of people) {
    const embedding = hasSameModel && person.embedding !== null ? decodeEmbedding(person.embedding) : undefined;
    for (const face of person.faces) {
      const sought = { person, box: face.box, embedding, isCover: isSame(face, person.cover) };
      byPhoto.set(face.photo, [...byPhoto.get(face.photo) ?? [], sought]);
    }
  }
  return byPhoto;
}

function isSame(face: SavedFace, cover: SavedFace | null): boolean {
  const sides = (box: RelativeBox) => box.join(' ');
  return cover !== null && face.photo === cover.photo && sides(face.box) === sides(cover.box);
}

/** Whether boxes alone leave a face of the file, and one of today, without the other. */
function unmatched(
  byPhoto: ReadonlyMap<string, readonly SoughtFace[]>,
  asset: readonly (Present & { readonly photo: string })[],
  maxDistance: number,
): boolean {
  const sought = byPhoto.get(asset[0]?.photo ?? '') ?? [];
  const matched = pairFaces(sought, asset, maxDistance).filter((face) => face !== undefined).length;
  return matched < sought.length && matched < asset.length;
}

async function readEmbeddings(sql: Sql, faceIds: readonly string[]): Promise<Map<string, Float32Array | undefined>> {
  if (faceIds.length === 0) return new Map();
  const rows = await sql<{ id: string; embedding: string }[]>`
    SELECT s."faceId" AS id, s.embedding::text AS embedding
    FROM face_search s
    WHERE s."faceId" = ANY (${faceIds as string[]}::uuid[])`;
  return new Map(rows.map(({ id, embedding }) => [id, parseEmbedding(embedding)]));
}
