import { getLogger } from '@logtape/logtape';
import { personThumbnailPath } from '../../immich/layout.ts';
import type { ImmichSchema } from '../../immich/schema.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { countInBatches, inBatches } from '../cycle/batches.ts';
import { refused } from '../cycle/refused.ts';
import { searchPages } from '../cycle/search_pages.ts';
import { type Files, type Tools, type View, workable } from '../cycle/tools.ts';
import { forgetEntries, recordLinks } from '../mirrors/journal.ts';
import {
  type Cover,
  type CoverPlan,
  entryOf,
  makeThumbnails,
  removeUnmade,
  type TriedCover,
} from '../people/covers.ts';
import { attemptOf, coversOf, hasFailed, isStale, knownCoversOf } from '../people/find_covers.ts';
import { whoseAreOurs } from '../people/native_shares.ts';
import { fieldList, followRows, isOurs, seenUser, sharersOf } from '../people/seen.ts';
import { definePhase, eachPage, linesOf, type PlanLine, type Tally } from './phase.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** People of a target who are mirrors and whose origin says something new; one kind at a time, in this order. */
export type PeoplePage =
  /** Mirrors whose origin has another name, visibility, birth date or colour than we wrote last, and shows them to the target. */
  | { readonly changed: readonly ChangedPerson[] }
  | { readonly covers: readonly CoverPlan[] }
  /** Covers that have no thumbnail. */
  | { readonly missing: readonly CoverPlan[] };

interface ChangedPerson {
  readonly originPersonId: string;
  readonly mirrorPersonId: string;
}

/** Lets people follow their origins: names and the like, and covers. With somebody with whom nothing is shared any more they stay as they are. */
export const people = definePhase({
  name: 'people',
  what: 'Carries names, birth dates, colours, visibility and covers of people over.',
  per: 'target',
  counts: { peopleUpdated: 'people updated', thumbnailsLeft: 'thumbnails of people left to Immich' },
  asks: askForPeople,
  plan: planPeople,
  apply: eachPage(applyPeople),
  describe: (page: PeoplePage): PlanLine[] => {
    const lines = (kind: string, people: readonly { readonly mirrorPersonId: string }[], what: string) =>
      linesOf('~', kind, people, ({ mirrorPersonId }) => `${what} ${mirrorPersonId}`);
    if ('changed' in page) return lines('people to update', page.changed, 'person');
    return 'covers' in page
      ? lines('covers to set', page.covers, 'cover of person')
      : lines('thumbnails of people to make', page.missing, 'thumbnail of person');
  },
});

function askForPeople(view: View, target: Fragment): Fragment[] {
  const { sql } = view;
  const targets = workable(view).map(({ targetUserId }) => targetUserId);
  return [changedOf, coversOf, knownCoversOf].map((query) =>
    sql`SELECT 1 WHERE ${target} = ANY (${targets}::uuid[]) AND EXISTS (${query(view, target, undefined)})`
  );
}

async function* planPeople(view: View, targetUserId: string): AsyncGenerator<PeoplePage> {
  if (!workable(view).some((job) => job.targetUserId === targetUserId)) return;
  const pages = <Row extends ChangedPerson | CoverPlan>(
    query: (view: View, target: Fragment, after: Row | undefined) => Fragment,
  ) =>
    searchPages(
      async (after?: Row) => await view.sql<Row[]>`${query(view, view.sql`${targetUserId}::uuid`, after)}`,
      view.limits.search,
    );
  for await (const changed of pages(changedOf)) yield { changed };
  const planned = new Set<string>();
  for await (const covers of pages(coversOf)) {
    for (const { mirrorPersonId } of covers) planned.add(mirrorPersonId);
    yield { covers };
  }
  for await (const known of pages(knownCoversOf)) {
    const covers = known.filter((cover) => !planned.has(cover.mirrorPersonId));
    const missing = covers.filter((cover) => cover.isMissing && !hasFailed(cover, view.files));
    if (missing.length > 0) yield { missing };
    const stale = covers.filter((cover) =>
      !cover.isMissing &&
      isStale(cover, personThumbnailPath(view.mediaLocation, targetUserId, cover.mirrorPersonId).path, view.files)
    );
    if (stale.length > 0) yield { covers: stale };
  }
}

/** The query for those of the user `target`, an expression, behind `after`. */
function changedOf({ sql, schema, limits }: View, target: Fragment, after: ChangedPerson | undefined): Fragment {
  const { personKey } = schema.people;
  return sql`
    WITH found AS MATERIALIZED (
      SELECT pm.origin_person_id AS "originPersonId", pm.mirror_person_id AS "mirrorPersonId"
      FROM immich_sidecar.person_map pm
      JOIN person origin ON origin.${sql(personKey)} = pm.origin_person_id AND origin."ownerId" = pm.origin_owner_id
      WHERE pm.target_user_id = ${target}
        AND ${isOurs(sql, schema)}
        AND ${after === undefined ? sql`true` : sql`pm.origin_person_id > ${after.originPersonId}`}
        AND CASE
          WHEN (${fieldList(sql, 'origin', 'column')}) IS DISTINCT FROM (${fieldList(sql, 'pm', 'written')})
            AND ${seenUser(sql)} = pm.origin_owner_id
            THEN EXISTS (SELECT 1 FROM ${sharersOf(sql, schema)} AS sharer WHERE sharer.user_id = pm.origin_owner_id)
          ELSE false
        END
    )
    SELECT *
    FROM found
    ORDER BY "originPersonId"
    LIMIT ${limits.search}`;
}

async function applyPeople(
  tools: Tools,
  targetUserId: string,
  page: PeoplePage,
  tally: Tally<'peopleUpdated' | 'thumbnailsLeft'>,
): Promise<void> {
  const { database, schema, files, mediaLocation } = tools;
  const onRefused = (_person: unknown, error: unknown) => tally.problem(refused(error, { table: 'person' }));
  if ('changed' in page) {
    const update = async (tx: Sql, batch: ChangedPerson[]) =>
      await updatePeople(tx, schema, targetUserId, await whoseAreOurs(tx, schema, targetUserId, batch));
    tally.add('peopleUpdated', await countInBatches(database, page.changed, update, onRefused, 'READ COMMITTED'));
    return;
  }
  const planned = 'covers' in page ? page.covers : page.missing;
  const record = async (tx: Sql, plans: CoverPlan[]) => {
    const batch = (await whoseAreOurs(tx, schema, targetUserId, plans)).map((cover): Cover => ({
      ...cover,
      ...personThumbnailPath(mediaLocation, targetUserId, cover.mirrorPersonId),
    }));
    await recordLinks(tx, batch.filter(({ coverFaceId, cut }) => coverFaceId !== null || cut !== null).map(entryOf));
    return batch;
  };
  const covers = (await inBatches(database, planned, record, onRefused, 'READ COMMITTED')).flat();
  const tried = await makeThumbnails(covers, files, database.signal);
  const left = tried.filter((cover) => cover.making === 'failed' && hasFace(cover)).length;
  tally.add('thumbnailsLeft', left);
  if (left > 0) {
    logger.info('{left} thumbnails of people cannot be made of the previews that are there; Immich makes them', {
      left,
    });
  }
  // Where none was known of, Immich may just be making one: nothing is removed.
  const found = 'covers' in page ? removeUnmade(tried, files, (problem) => tally.problem(problem)) : tried;
  const write = 'covers' in page ? setCovers : setThumbnails;
  const set = async (tx: Sql, batch: TriedCover[]) => {
    const ours = await whoseAreOurs(tx, schema, targetUserId, batch);
    await noteAttempts(tx, targetUserId, ours, files);
    return await write(tx, schema, targetUserId, ours);
  };
  tally.add('peopleUpdated', await countInBatches(database, found, set, onRefused, 'READ COMMITTED'));
}

function hasFace({ coverFaceId, fallbackFaceId }: CoverPlan): boolean {
  return (coverFaceId ?? fallbackFaceId) !== null;
}

async function setCovers(
  tx: Sql,
  schema: ImmichSchema,
  targetUserId: string,
  covers: readonly TriedCover[],
): Promise<number> {
  const { personKey } = schema.people;
  const input = inputOf(tx, covers);
  const updated = await tx`
    UPDATE person mirror
    SET "faceAssetId" = coalesce(input."coverFaceId", input."fallbackFaceId"),
        "thumbnailPath" = CASE input.making WHEN 'made' THEN input.path ELSE '' END
    FROM ${input}
    WHERE mirror.${tx(personKey)} = input."mirrorPersonId"
      AND mirror."ownerId" = ${targetUserId}`;
  await tx`
    UPDATE immich_sidecar.person_map pm
    SET cover_face_id = input."coverFaceId"
    FROM ${input}
    WHERE pm.mirror_person_id = input."mirrorPersonId"
      AND pm.is_ours
      AND pm.target_user_id = ${targetUserId}`;
  await forgetEntries(tx, covers.filter(({ making }) => making !== 'made').map(entryOf));
  return updated.count;
}

/** Where the cover is still the same and Immich has made no thumbnail meanwhile. */
async function setThumbnails(
  tx: Sql,
  schema: ImmichSchema,
  targetUserId: string,
  covers: readonly TriedCover[],
): Promise<number> {
  const updated = await tx`
    UPDATE person mirror
    SET "thumbnailPath" = input.path
    FROM ${inputOf(tx, covers.filter(({ making }) => making === 'made'))}
    WHERE mirror.${tx(schema.people.personKey)} = input."mirrorPersonId"
      AND mirror."ownerId" = ${targetUserId}
      AND mirror."faceAssetId" = coalesce(input."coverFaceId", input."fallbackFaceId")
      AND mirror."thumbnailPath" = ''`;
  await forgetEntries(tx, covers.filter(({ making }) => making !== 'made').map(entryOf));
  return updated.count;
}

function inputOf(tx: Sql, covers: readonly TriedCover[]): Fragment {
  return tx`
    jsonb_to_recordset(${tx.json(covers as never)}) AS input (
      "mirrorPersonId" uuid, "coverFaceId" uuid, "fallbackFaceId" uuid, path text, making text
    )`;
}

/** So that what failed is not tried again, and said again, in each cycle. */
async function noteAttempts(tx: Sql, targetUserId: string, covers: readonly TriedCover[], files: Files): Promise<void> {
  const attempts = covers.map((cover) => ({
    id: cover.mirrorPersonId,
    uncut: cover.making === 'failed' ? attemptOf(cover, files) : null,
  }));
  await tx`
    UPDATE immich_sidecar.person_map pm
    SET uncut = input.uncut
    FROM jsonb_to_recordset(${tx.json(attempts)}) AS input (id uuid, uncut text)
    WHERE pm.mirror_person_id = input.id
      AND pm.target_user_id = ${targetUserId}
      AND pm.uncut IS DISTINCT FROM input.uncut`;
}

/** Lets them follow their origins. */
async function updatePeople(
  tx: Sql,
  schema: ImmichSchema,
  targetUserId: string,
  people: readonly ChangedPerson[],
): Promise<number> {
  return await followRows(tx, schema, {
    targetUserId,
    originIds: people.map(({ originPersonId }) => originPersonId),
    join: tx`
      JOIN person said
        ON said.${tx(schema.people.personKey)} = pm.origin_person_id AND said."ownerId" = pm.origin_owner_id`,
    isNew: () => tx`true`,
  });
}
