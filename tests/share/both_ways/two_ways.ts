import assert from 'node:assert/strict';
import { TWO_WAY_FIELDS, type TwoWayField } from '../../../src/config/two_way_fields.ts';
import { jobsOf } from '../../../src/demo/jobs.ts';
import type { Conflict } from '../../../src/share/both_ways/decide.ts';
import { findCorrections } from '../../../src/share/both_ways/find.ts';
import type { CycleReport } from '../../../src/share/cycle/report.ts';
import type { Release } from '../../harness/database.ts';
import { type Edit, editAsset, extractMetadata, writeSidecar } from '../../harness/immich_jobs/metadata.ts';
import type { FileTags } from '../../harness/immich_jobs/xmp.ts';
import { World } from '../world.ts';

/** With locks that are lifted once the sidecar is written: before, in and after the groups of people. */
export const TWO_WAY_RELEASES: readonly Release[] = ['v2.7.5', 'v3.1.0', 'v3.3.0'];

/** What the file of every photo says in these tests. */
export const MEDIA: FileTags = {
  dateTimeOriginal: '2019-05-01T12:00:00+02:00',
  rating: 2,
  description: 'from the camera',
};

/** What somebody types, one field at a time. */
export const TYPED: Readonly<Record<TwoWayField, Edit>> = Object.freeze({
  description: { description: "Grandma's words" },
  date: { dateTimeOriginal: new Date(Date.UTC(1974, 5, 2, 10)) },
  position: { latitude: 48.25, longitude: 16.5 },
  rating: { rating: 5 },
  tags: { tags: ['family/1974', 'grandma'] },
});

export const PHOTO = 'family/wedding';

/** Alice's photos are shared with Bob, or with Bob and Carol, and go both ways from the first cycle on, which is over. */
export async function openTwoWays(
  release: Release,
  { fields = TWO_WAY_FIELDS, withCarol = false }: { fields?: readonly TwoWayField[]; withCarol?: boolean } = {},
): Promise<World> {
  const world = await World.open(release);
  if (withCarol) world.setJobs([...world.config.jobs, ...jobsOf(world.library, 'carol')]);
  // Earlier releases have no locks, of which the job that is played here knows.
  for (const key of release < 'v2.5' ? [] : [PHOTO, 'family/picnic', 'family/harbour']) {
    assert.ok(await extractMetadata(world, world.id(key), MEDIA));
  }
  goBothWays(world, fields);
  await world.share();
  return world;
}

export function goBothWays(world: World, fields: readonly TwoWayField[]): void {
  world.setJobs(world.config.jobs.map((job) => ({ ...job, bothWays: fields })));
}

/** In Immich, with the sidecar and the extraction that follow. */
export async function edit(world: World, id: string, change: Edit): Promise<void> {
  await editAsset(world, id, change);
  await writeSidecar(world, id);
  assert.ok(await extractMetadata(world, id, MEDIA));
}

/** What a photo says. */
export async function said(world: World, id: string | undefined): Promise<Record<TwoWayField, unknown>> {
  const [row] = await world.sql<
    {
      description: string;
      date: Date;
      local: Date;
      latitude: number;
      longitude: number;
      city: string;
      rating: number;
      tags: string[] | null;
    }[]
  >`
    SELECT e.description, e."dateTimeOriginal" AS date, a."localDateTime" AS local, e.latitude, e.longitude, e.city, e.rating, to_jsonb(e)->'tags' AS tags
    FROM asset_exif e
    JOIN asset a ON a.id = e."assetId"
    WHERE a.id = ${id ?? null}`;
  assert.ok(row);
  const { description, date, local, latitude, longitude, city, rating, tags } = row;
  return {
    description,
    date: [date.toISOString(), local.toISOString()].join(' '),
    position: latitude === null ? null : [latitude, longitude, city].join(' '),
    rating,
    tags: (tags ?? []).join(', '),
  };
}

/** What of a photo Immich's next extraction leaves alone. */
export async function locksOf(world: World, id: string): Promise<string[]> {
  const [row] = await world.sql<{ locks: string[] | null }[]>`
    SELECT "lockedProperties" AS locks FROM asset_exif WHERE "assetId" = ${id}`;
  return (row?.locks ?? []).toSorted();
}

/** How many changes a cycle over changes has written into originals. */
export async function correctedBy(cycle: Promise<CycleReport>): Promise<number> {
  const { jobs } = await cycle;
  assert.deepEqual(jobs.flatMap(({ problems }) => problems), []);
  return jobs.reduce((sum, { corrected }) => sum + corrected, 0);
}

export async function mirrorId(world: World, key = PHOTO, target: 'bob' | 'carol' = 'bob'): Promise<string> {
  const id = await world.mirrorOf(key, target);
  assert.ok(id);
  return id;
}

/** What a person has to decide. */
export async function conflictsOf(world: World): Promise<Conflict[]> {
  return await world.apply(async (_, view) => {
    const found: Conflict[] = [];
    for (const job of view.jobs) for await (const { conflicts } of findCorrections(view, job)) found.push(...conflicts);
    return found;
  });
}
