/** What jobs mean is the same for each of them alone, and for all of them at once. */
import assert from 'node:assert/strict';
import type { Config, JobConfig, Reasons, SelectConfig } from '../../src/config/config.ts';
import type { Fragment } from '../../src/postgres/connect.ts';
import { readAmount } from '../../src/share/offers/amount.ts';
import { LIMITS } from '../../src/share/cycle/limits.ts';
import type { Job } from '../../src/share/jobs/job.ts';
import { prepare } from '../../src/share/prepare.ts';
import { jobsKeeping, jobsMeaning, jobsSelecting, reasonsToSelect } from '../../src/share/selection/job_rows.ts';
import { isMeant, isSelectedNow, mayStay } from '../../src/share/selection/selection.ts';
import { SPREAD } from '../harness/database.ts';
import { InImmich } from './deeds_in_immich.ts';
import { ALL_ALBUMS, makeLibraries } from './shared_albums_world.ts';
import { World } from './world.ts';

const NO_REASONS: Reasons = { albums: [], people: [], tags: [], paths: [] };
const FAMILY = '/external_library/alice/family/';

/** Jobs of each kind and with each criterion, beside pairs of members of shared albums. */
async function manyJobs(world: World): Promise<Config> {
  const { sql, library, config } = world;
  const immich = new InImmich(world);
  const id = (key: string) => world.id(key);
  const album = await immich.makeAlbum('alice', 'Family', [
    id('family/portrait'),
    id('family/live'),
    id('uploads/live'),
    id('uploads/cat'),
    id('uploads/locked'),
  ]);
  const other = await immich.makeAlbum('alice', 'Trip', [id('uploads/cat'), id('family/harbour'), id('uploads/clip')]);
  const shared = await immich.makeAlbum('bob', 'Ours', [
    id('uploads/templated'),
    id('family/live'),
    id('family/picnic'),
  ]);
  await immich.invite(shared, 'alice');
  await immich.invite(other, 'carol');
  const tag = await immich.makeTag('alice', 'share');
  const below = await immich.makeTag('alice', 'share/bob', tag);
  await immich.tag(below, id('family/harbour'));
  await immich.tag(tag, id('uploads/clip'));
  await sql`UPDATE asset SET "isFavorite" = true WHERE id IN (${id('family/picnic')}, ${id('uploads/live')})`;
  await sql`UPDATE asset SET visibility = 'archive' WHERE id = ${id('family/wedding')}`;
  const uploads = config.jobs.at(-1);
  assert.ok(uploads);
  const [grandma, gustav, dora] = ['grandma', 'gustav', 'dora'].map((name) =>
    Object.entries(library.people).find(([key]) => key === `alice/${name}`)?.[1].name ?? ''
  );
  const select = (reasons: Partial<SelectConfig>) => ({
    select: { ...NO_REASONS, peopleMatch: 'any', favorites: false, ...reasons } as const,
  });
  const any: Partial<JobConfig> = { kind: 'any', sourcePathPrefix: undefined, albumId: undefined };
  const people = [grandma ?? '', gustav ?? ''];
  const differing: readonly Partial<JobConfig>[] = [
    {},
    { kind: 'external', sourcePathPrefix: FAMILY },
    { ...any },
    { ...any, includeArchived: true, includeHidden: true },
    { ...any, shareEdited: 'skip' },
    { ...any, ...select({ albums: [album] }) },
    { ...any, ...select({ albums: [album, other] }), sourcePathPrefix: FAMILY },
    { ...any, ...select({ albums: [other], favorites: true }), except: { ...NO_REASONS, albums: [album] } },
    { ...any, ...select({ people }) },
    { ...any, ...select({ people, peopleMatch: 'all' }) },
    { ...any, ...select({ people: [dora ?? ''], peopleMatch: 'only' }), includeHidden: true },
    { ...any, ...select({ tags: ['share'] }), never: { ...NO_REASONS, tags: ['share/bob'] } },
    { ...any, ...select({ tags: ['share/bob'], paths: [`${FAMILY}1999/`] }), includeArchived: true },
    {
      ...any,
      except: { ...NO_REASONS, people: [dora ?? ''], paths: [`${FAMILY}1999/`] },
      never: { ...NO_REASONS, people: [grandma ?? ''], paths: ['/data/'] },
    },
    { ...any, since: '2023-12-31' },
    { ...any, until: '2023-12-31', ...select({ favorites: true, paths: ['/'] }) },
    { ...any, since: '2023-12-31', until: '2023-12-31' },
    { ...any, minRating: 4 },
    { ...any, types: ['video'] },
    { ...any, types: ['image'], minRating: 1, ...select({ albums: [album, shared] }) },
  ];
  const jobs = differing.flatMap((one, index): JobConfig[] => [
    { ...uploads, name: `job ${index}`, ...one },
    { ...uploads, name: `of Carol ${index}`, ...one, targetUserId: library.users.carol.id },
  ]);
  return { ...config, jobs, sharedAlbums: { ...ALL_ALBUMS, never: { ...NO_REASONS, paths: [`${FAMILY}1999/`] } } };
}

for (const release of SPREAD) {
  Deno.test(`${release}: many jobs at once mean, keep and select what each of them does alone`, async (t) => {
    await using world = await World.open(release);
    const { sql } = world;
    await makeLibraries(world);
    const config = await manyJobs(world);
    await world.share(); // so that there are mirrors, and motion parts that travel with theirs
    const { jobs } = await prepare(sql as never, config, undefined, LIMITS);
    assert.ok(jobs.some(({ pair }) => pair !== undefined), 'pairs of members are among them');
    assert.deepEqual(jobs.flatMap(({ nameProblems }) => nameProblems), []);
    await sql`
      UPDATE asset SET "isOffline" = true, "deletedAt" = now() - interval '2 hours'
      WHERE id IN (${world.id('family/live')}, ${world.id('family/picnic')})`;

    const stay = { graceHours: 72 };
    const [gone] = await sql<{ id: string }[]>`SELECT mirror_asset_id AS id FROM immich_sidecar.asset_map LIMIT 1`;
    const questions: Readonly<Record<string, [(job: Job) => Fragment, (jobs: readonly Job[]) => Fragment]>> = {
      'mean': [(job) => isMeant(sql, job), (all) => jobsMeaning(sql, all)],
      'keep': [(job) => mayStay(sql, job, stay), (all) => jobsKeeping(sql, all, stay)],
      'keep when some mirrors of stills are gone': [
        (job) => mayStay(sql, job, { ...stay, gone: [gone?.id ?? ''] }),
        (all) => jobsKeeping(sql, all, { ...stay, gone: [gone?.id ?? ''] }),
      ],
      'select': [(job) => isSelectedNow(sql, job, true), (all) => jobsSelecting(sql, all, true)],
      'select before there are tables of ours': [
        (job) => isSelectedNow(sql, job, false),
        (all) => jobsSelecting(sql, all, false),
      ],
    };
    for (const [what, [alone, together]] of Object.entries(questions)) {
      await t.step(what, async () => {
        const rows = await sql<{ id: string; name: string }[]>`
          SELECT DISTINCT a.id, job.name
          FROM asset a
          CROSS JOIN LATERAL (${together(jobs)}) AS job`;
        const found = Map.groupBy(rows, ({ name }) => name);
        const counts: number[] = [];
        for (const job of jobs) {
          const expected = await sql<{ id: string }[]>`
            SELECT a.id FROM asset a WHERE a."ownerId" = ${job.sourceUserId} AND ${alone(job)}`;
          const ids = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id).sort();
          assert.deepEqual(ids(found.get(job.name) ?? []), ids(expected), job.name);
          counts.push(expected.length);
        }
        assert.ok(new Set(counts).size > 10, 'they differ');
      });
    }

    await t.step('why: each reason of each job that selects a photo', async () => {
      for (const job of jobs) {
        const reasons = await sql<{ id: string }[]>`
          SELECT DISTINCT a.id FROM asset a CROSS JOIN LATERAL (${reasonsToSelect(sql, [job], true)}) AS reason`;
        const selected = await sql<{ id: string }[]>`
          SELECT a.id FROM asset a WHERE a."ownerId" = ${job.sourceUserId} AND ${isSelectedNow(sql, job, true)}`;
        assert.deepEqual(reasons.map(({ id }) => id).sort(), selected.map(({ id }) => id).sort(), job.name);
      }
      const why = async (asked: readonly Job[]) =>
        (await sql<{ row: string }[]>`
          SELECT DISTINCT concat_ws(' ', a.id, reason.criterion, reason.thing) AS row
          FROM asset a
          CROSS JOIN LATERAL (${reasonsToSelect(sql, asked, true)}) AS reason
          ORDER BY 1`).map(({ row }) => row);
      const each = new Set<string>();
      for (const job of jobs) for (const row of await why([job])) each.add(row);
      assert.deepEqual(await why(jobs), [...each].sort());
      const kinds = new Set([...each].map((row) => row.split(' ')[1]));
      assert.deepEqual([...kinds].sort(), ['albums', 'all', 'favorites', 'paths', 'people', 'shared-albums', 'tags']);
    });

    await t.step('how much: what several mean counts once', async () => {
      const ids = new Set<string>();
      for (const job of jobs) {
        const selected = await sql<{ id: string }[]>`
          SELECT a.id FROM asset a WHERE a."ownerId" = ${job.sourceUserId} AND ${isSelectedNow(sql, job, true)}`;
        for (const { id } of selected) ids.add(id);
      }
      assert.equal((await readAmount(sql, jobs, true)).photos, ids.size);
    });
  });
}
