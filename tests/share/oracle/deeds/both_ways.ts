import type { JobConfig } from '../../../../src/config/config.ts';
import { TWO_WAY_CHOICES } from '../../../../src/config/two_way_fields.ts';
import { type DecidedConflict, type OpenConflict, readConflicts } from '../../../../src/share/both_ways/conflicts.ts';
import { settleConflicts } from '../../../../src/share/both_ways/resolve.ts';
import { confirmCorrections } from '../../../../src/share/both_ways/waiting.ts';
import { planOnly } from '../../../../src/share/plan_only.ts';
import { editAsset } from '../../../harness/immich_jobs/metadata.ts';
import type { Row } from '../state.ts';
import type { FaceResolution, Resolution } from '../typed.ts';
import { addFace } from '../photos.ts';
import { type Deeds, type Person, type Scene, traced, untraced } from './scene.ts';

/** What a person says of what goes both ways, and what is said at both ends at once. */
export const TWO_WAY_DEEDS: Deeds = {
  confirmCorrections: traced(async (scene) => {
    const confirmed = await confirmCorrections(scene.sql, undefined);
    return confirmed.length === 0 ? undefined : 'what waits to be written into originals is confirmed';
  }),
  // The fields of one job, or what the jobs of two users say of favourites. What begins anew waits until it is confirmed.
  changeWays: untraced((scene) => {
    const { jobs } = scene.home.config;
    const job = scene.one(jobs);
    if (job === undefined) return Promise.resolve(undefined);
    const fields = TWO_WAY_CHOICES.filter(() => !scene.chance(4));
    const favorites = scene.one(['both', 'both', 'follow', undefined] as const);
    const changed = (other: JobConfig): JobConfig => {
      const isOfPair = other.sourceUserId === job.sourceUserId && other.targetUserId === job.targetUserId;
      return { ...other, ...other === job ? { bothWays: fields } : {}, ...isOfPair ? { favorites } : {} };
    };
    scene.home.setJobs(jobs.map(changed));
    return Promise.resolve(`"${job.name}" has both ways: ${fields.join(', ')}; favourites: ${favorites}`);
  }),
  nameUnnamed: traced(async (scene) => {
    const person = scene.one((await scene.people()).filter(({ name }) => name === ''));
    if (person === undefined) return;
    return await name(scene, person);
  }),
  /** All who have them say something of somebody, each something else, or the same. */
  nameEverywhere: traced(async (scene) => {
    const unnamed = (await scene.people()).filter((person) => person.name === '');
    const origins = await scene.sql<{ id: string; origin: string }[]>`
      SELECT mirror_person_id AS id, origin_person_id AS origin FROM immich_sidecar.person_map`;
    const originOf = (id: string) => origins.find((one) => one.id === id)?.origin ?? id;
    const mirror = scene.one(unnamed.filter(({ isMirror }) => isMirror));
    if (mirror === undefined) return;
    const same = unnamed.filter(({ id }) => originOf(id) === originOf(mirror.id));
    const told: string[] = [];
    for (const person of same) if (person === mirror || scene.chance(2)) told.push(await name(scene, person));
    return told.join('; ');
  }),
  birthDateAdded: traced(async (scene) => {
    const rows = await scene.sql<{ id: string; ownerId: string }[]>`
      SELECT ${scene.sql(scene.home.personKey)} AS id, "ownerId" FROM person WHERE "birthDate" IS NULL`;
    const isUndated = ({ id, ownerId }: Person) => rows.some((row) => row.id === id && row.ownerId === ownerId);
    const person = scene.one((await scene.people()).filter(isUndated));
    if (person === undefined) return;
    const day = `19${10 + scene.number(80)}-03-04`;
    await scene.sql`UPDATE person SET "birthDate" = ${day} WHERE ${scene.isPerson(person)}`;
    scene.says(person, 'birthDate');
    return `${scene.nameOf(person.ownerId)} adds a birth date, ${day}`;
  }),
  /** The owner of a photo and one who has it say something else of it, at once. */
  describeBoth: traced(async (scene) => {
    const mirror = await scene.mirror(scene.sql`
      EXISTS (SELECT FROM asset_exif e WHERE e."assetId" = a.id) AND a.status = 'active'`);
    const [source] = await scene.assets(scene.sql`
      a.id = (SELECT own.source_asset_id FROM immich_sidecar.asset_map own WHERE own.mirror_asset_id = ${
      mirror?.id ?? null
    })`);
    if (mirror === undefined || source === undefined) return;
    const isTags = scene.chance(2);
    for (const asset of [source, mirror]) {
      const word = `said at both ends ${scene.home.next()}`;
      await editAsset(scene.home, asset.id, isTags ? { tags: [word] } : { description: word });
      scene.says(asset, isTags ? 'tags' : 'description');
    }
    return `${scene.call(mirror)} and its source get other ${isTags ? 'tags' : 'descriptions'} at once`;
  }),
  /** Several who have a photo draw somebody on it, nearly in the same place. */
  drawAtOnce: traced(async (scene) => {
    const mirror = await scene.mirror(scene.sql`a.visibility <> 'hidden'`);
    const [source] = await scene.assets(scene.sql`
      a.id = (SELECT own.source_asset_id FROM immich_sidecar.asset_map own WHERE own.mirror_asset_id = ${
      mirror?.id ?? null
    })`);
    const person = scene.one(source === undefined ? [] : await scene.people(source.ownerId));
    if (source === undefined || person === undefined) return;
    const others = await scene.sql<{ asset: string; person: string }[]>`
      SELECT m.mirror_asset_id AS asset, pm.mirror_person_id AS person
      FROM immich_sidecar.asset_map m
      JOIN immich_sidecar.person_map pm
        ON pm.target_user_id = m.target_user_id AND pm.origin_person_id = ${person.id}
      JOIN asset mirror ON mirror.id = m.mirror_asset_id
      WHERE m.source_asset_id = ${source.id}
      ORDER BY m.mirror_asset_id`;
    const drawn = [{ asset: source.id, person: person.id }, ...others].filter(() => !scene.chance(4));
    for (const one of drawn) await addFace(scene.home, one.asset, one.person, { sourceType: 'manual' });
    return drawn.length === 0 ? undefined : `${drawn.length} draw somebody on ${scene.call(source)} at once`;
  }),
  resolve: traced(async (scene) => {
    const { home, sql } = scene;
    const { schema, found } = await planOnly(sql, home.config, undefined, async (tx, view) => ({
      schema: view.schema,
      found: await readConflicts(tx, view),
    }));
    const conflict = scene.one(found.toSorted((a, b) => keyOf(a) < keyOf(b) ? -1 : 1));
    const [lost, taken] = scene.chance(2) ? ['source', 'target'] as const : ['target', 'source'] as const;
    if (conflict === undefined) return;
    const face = await faceResolutionOf(scene, { ...conflict, lost });
    // What others say of it is another conflict, for another day.
    if (await settleConflicts(sql, schema, [{ ...conflict, lost }]) === 0) return;
    home.resolutions.push(resolutionOf({ ...conflict, lost }, face));
    return `a conflict about ${conflict.field} is resolved: what the ${taken} says counts`;
  }),
};

function keyOf({ field, sourceAssetId, job }: OpenConflict): string {
  return `${field} ${sourceAssetId} ${job}`;
}

/** What is given up counts as what both had last; of people, whose rows are written at once, what the target says. */
function resolutionOf(
  { targetUserId: targetId, field, mirrorAssetId: mirrorId, lost, source, target }: DecidedConflict,
  face: FaceResolution | undefined,
): Resolution {
  if (field === 'face') return { targetId, mirrorId, group: field, base: null, ...face === undefined ? {} : { face } };
  const person = target.person?.value ?? null;
  if (field === 'personName') return { targetId, mirrorId, group: 'name', base: person };
  if (field === 'personBirthDate') return { targetId, mirrorId, group: 'birthDate', base: person };
  const { asset, asset_exif: exif } = lost === 'source' ? source : target;
  return { targetId, mirrorId, group: field, base: { asset, exif } };
}

/** What both say of the face that a conflict is about. */
async function faceResolutionOf({ sql }: Scene, { face, lost }: DecidedConflict): Promise<FaceResolution | undefined> {
  if (face === undefined) return undefined;
  const rowOf = async (id: string | null) =>
    (await sql<{ row: Row }[]>`SELECT to_jsonb(f) AS row FROM asset_face f WHERE f.id = ${id}`)[0]?.row;
  const [source, mirror] = [await rowOf(face.sourceFaceId), await rowOf(face.mirrorFaceId)];
  return mirror === undefined ? undefined : { kind: face.kind, sourceFaceId: face.sourceFaceId, lost, source, mirror };
}

async function name(scene: Scene, person: Person): Promise<string> {
  const name = scene.chance(3) ? 'Somebody' : `person ${scene.home.next()}`;
  await scene.sql`UPDATE person SET name = ${name} WHERE ${scene.isPerson(person)}`;
  scene.says(person, 'name');
  return `${scene.nameOf(person.ownerId)} calls ${person.isMirror ? 'somebody of another one' : 'somebody'} ${name}`;
}
