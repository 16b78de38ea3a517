import process from 'node:process';
import type { JobConfig } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { connect } from '../../src/postgres/connect.ts';
import { LIMITS } from '../../src/share/cycle/limits.ts';
import { withSharing } from '../../src/share/share.ts';
import { multiplyRows } from './multiply.ts';
import { countStatements, median, round } from './library.ts';
import { type Followed, SPARE_PHOTOS } from './selection.ts';

/** Mirrors what 50 albums hold, then measures cycles in which little or nothing has happened. Argument: how often to multiply its rows. */
const JOBS = 50;
const RUNS = 3;

const times = Number(Deno.args[0]);
const config = loadConfig({ env: process.env, cwd: Deno.cwd() });
const [sql, observer] = [await connect(config.database), await connect(config.database)];
await observer`CREATE EXTENSION pg_stat_statements`;
const progress = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };
const [first] = config.jobs;
if (first === undefined) throw new Error('there is no job');
const ownerId = first.sourceUserId;

const photos =
  (await observer<{ id: string }[]>`SELECT id FROM asset WHERE "ownerId" = ${ownerId} ORDER BY "originalPath"`)
    .map(({ id }) => id);
const [spare, shared] = [photos.slice(0, SPARE_PHOTOS), photos.slice(SPARE_PHOTOS)];
const albums = Array.from({ length: JOBS }, () => crypto.randomUUID());
await observer.begin(async (tx) => {
  await tx`
    INSERT INTO album (id, "albumName")
    SELECT id, 'Album ' || number FROM unnest(${albums}::uuid[]) WITH ORDINALITY AS made (id, number)`;
  await tx`
    INSERT INTO album_user ("albumId", "userId", role)
    SELECT id, ${ownerId}, 'owner' FROM unnest(${albums}::uuid[]) AS id`;
  await tx`
    INSERT INTO album_asset ("albumId", "assetId")
    SELECT (${albums}::uuid[])[1 + (number - 1) % ${JOBS}], id
    FROM unnest(${shared}::uuid[]) WITH ORDINALITY AS photo (id, number)`;
});
const person = { id: crypto.randomUUID() };
await observer`INSERT INTO person (id, "ownerId", name) VALUES (${person.id}, ${ownerId}, 'Emil')`;
await observer`
  UPDATE asset_face
  SET "personId" = ${person.id}
  WHERE id IN (
    SELECT min(face.id::text)::uuid
    FROM unnest(${shared}::uuid[]) AS photo (id)
    JOIN asset_face face ON face."assetId" = photo.id
    GROUP BY photo.id
  )`;

const nothing = { albums: [], people: [], tags: [], paths: [], peopleMatch: 'any', favorites: false } as const;
const jobs = albums.map((album, index): JobConfig => ({
  ...first,
  name: `album ${index}`,
  kind: 'any',
  sourcePathPrefix: undefined,
  select: {
    ...nothing,
    albums: [album],
    // The last one, so that the others go on making what is in their albums.
    people: index === JOBS - 1 ? ['Emil'] : [],
    favorites: index === 2,
  },
}));

const result = await withSharing(
  sql,
  { ...config, jobs, brake: { percent: 100, minimum: 1_000_000 } },
  'bench',
  async (sharing) => {
    const timed = async () => {
      const start = performance.now();
      const report = await sharing.cycle({ progress });
      return { seconds: (performance.now() - start) / 1000, report };
    };
    /** A cycle still sees what the one before has written, and PostgreSQL counts late. */
    const untilIdle = async () => {
      for (let run = 0; run < 60; run++) {
        if ((await timed()).report.scope === 'nothing') return;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
      throw new Error('the cycles never become idle');
    };
    /** Each run does something, of which the next cycle has to find so much. */
    const followed = async (
      does: (run: number) => Promise<unknown>,
      expected: { readonly created?: number; readonly withdrawn?: number },
    ): Promise<Followed> => {
      const seconds: number[] = [];
      let statements = 0;
      for (let run = 0; run < RUNS; run++) {
        await does(run);
        await observer`SELECT pg_stat_force_next_flush()`;
        await observer`SELECT pg_stat_statements_reset()`;
        const { seconds: taken, report } = await timed();
        statements = await countStatements(observer);
        const created = report.jobs.reduce((sum, job) => sum + job.created, 0);
        const withdrawn = report.jobs.flatMap((job) => Object.values(job.withdrawn)).reduce((sum, one) => sum + one, 0);
        if (created !== (expected.created ?? 0) || withdrawn !== (expected.withdrawn ?? 0)) {
          throw new Error(`${created} came and ${withdrawn} went instead of ${JSON.stringify(expected)}`);
        }
        seconds.push(round(taken));
        await untilIdle();
      }
      return { seconds, statements };
    };

    await timed();
    await untilIdle();
    if (times > 1) {
      await multiplyRows(observer, times, [
        'public.asset',
        'public.asset_exif',
        'public.asset_file',
        'public.asset_face',
        'public.asset_job_status',
        'public.album_asset',
        'immich_sidecar.asset_map',
        'immich_sidecar.face_map',
        'immich_sidecar.link',
        'immich_sidecar_albums.reason',
      ], 'other files');
      // Of what has no mirror there are to be no more: copies have no files.
      await observer`
      DELETE FROM asset a
      WHERE a."ownerId" = ${ownerId}
        AND a.id <> ALL (${spare}::uuid[])
        AND NOT EXISTS (SELECT FROM immich_sidecar.asset_map m WHERE m.source_asset_id = a.id)`;
    }
    await observer`VACUUM ANALYZE`;
    await untilIdle();

    const idle: number[] = [];
    for (let run = 0; run < 20; run++) idle.push((await timed()).seconds);
    await observer`SELECT pg_stat_statements_reset()`;
    await timed();
    const idleStatements = await countStatements(observer);

    const album = albums[7] ?? '';
    const part = (run: number) => spare.slice(run * 100, run * 100 + 100);
    const put = (ids: readonly string[]) =>
      observer`INSERT INTO album_asset ("albumId", "assetId") SELECT ${album}, id FROM unnest(${ids as string[]}::uuid[]) AS id`;
    const takeOut = (ids: readonly string[]) =>
      observer`DELETE FROM album_asset WHERE "albumId" = ${album} AND "assetId" = ANY (${ids as string[]}::uuid[])`;
    const put100 = await followed((run) => put(part(run)), { created: 100 });
    const takeOut100 = await followed((run) => takeOut(part(run)), { withdrawn: 100 });
    await put(part(4));
    await untilIdle();
    const takeOutOne = await followed((run) => takeOut(part(4).slice(run, run + 1)), { withdrawn: 1 });
    const favourite = await followed(
      (run) => observer`UPDATE asset SET "isFavorite" = true WHERE id = ${part(5)[run] ?? ''}`,
      { created: 1 },
    );
    // Copies of rows have no files; a cycle that looks at everything would miss them.
    const renamed = times > 1
      ? { seconds: [], statements: 0 }
      : await followed((run) => observer`UPDATE person SET name = ${`Emil ${run}`} WHERE id = ${person.id}`, {});
    const [row] = await observer<{ count: number }[]>`
    SELECT count(DISTINCT "assetId")::int AS count FROM asset_face WHERE "personId" = ${person.id}`;
    return {
      jobs: JOBS,
      idleSeconds: round(median(idle)),
      idleStatements,
      put100,
      takeOut100,
      takeOutOne,
      favourite,
      renamed,
      photosOfRenamed: row?.count ?? 0,
    };
  },
  { ...LIMITS },
);
await sql.end();
await observer.end();
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(result)));
