import type { Config } from '../config/config.ts';
import { connect, type Connection } from '../postgres/connect.ts';
import type { CycleReport } from '../share/cycle/report.ts';
import { share } from '../share/share.ts';
import { Secret } from '../config/secret.ts';
import { demoConfig, jobsOf } from './jobs.ts';
import { generateLibrary } from './library_generator/generate.ts';
import { assetOf, type GeneratedLibrary } from './library_generator/result.ts';
import { servePGlite } from './pglite.ts';
import { demoPaths, EXTERNAL_ROOT, MEDIA_LOCATION } from './roots.ts';
import { type DemoAlbum, lookAtAlbum, shareAnAlbum } from './shared_album.ts';
import { installImmichSchema } from './schema/install.ts';
import { IMMICH_3_1_0 } from './schema/v3_1_0.ts';
import { type Damage, verifyMirrors } from './verify/verify.ts';
import { type DemoWriteBack, demoWriteBack } from './write_back.ts';
import { hasExifTool } from '../writeback/open_writer.ts';

/** What the demo did and what it found when it checked the result. */
export interface DemoResult {
  readonly directory: string;
  readonly library: GeneratedLibrary;
  readonly first: CycleReport;
  readonly second: CycleReport;
  readonly findings: readonly Damage[];
  readonly album: DemoAlbum;
  /** What was written into the files; undefined where ExifTool cannot be run. */
  readonly writeBack: DemoWriteBack | undefined;
  /** Bytes of the mirrors' files that are stored once instead of twice. */
  readonly bytesShared: number;
  /** One photo of Alice's and where Bob finds it; local paths. */
  readonly example: { readonly source: string; readonly mirror: string };
}

/** Runs one step, telling the person who waits what it is. */
export type Step = <T>(what: string, work: () => Promise<T>) => Promise<T>;

const SILENT = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };

/**
 * The whole of sharing on an embedded PostgreSQL: Immich's tables, a generated library for Alice, two shares with Bob, a check
 * of every row and file, a second cycle that must find nothing to do, and write-back into Alice's files. Leaves its files in `directory`, which must exist and
 * be empty; the database is gone afterwards.
 */
export async function runDemo(directory: string, version: string, step: Step): Promise<DemoResult> {
  const postgres = await step('start an embedded PostgreSQL with pgvector', () => servePGlite());
  try {
    const database = {
      hostname: '127.0.0.1',
      port: postgres.port,
      username: 'postgres',
      password: new Secret('demo'),
      name: 'postgres',
      maxConnections: 1,
    };
    const sql = await connect(database);
    try {
      await step(
        'create the tables of Immich 3.1',
        () =>
          installImmichSchema(sql, IMMICH_3_1_0, {
            vector: 'pgvector',
            vectorIndexes: true,
            mediaLocation: MEDIA_LOCATION,
          }),
      );
      const library = await step('generate a photo library for Alice', () =>
        generateLibrary(sql, {
          mediaLocation: MEDIA_LOCATION,
          localMedia: `${directory}/media`,
          externalRoot: EXTERNAL_ROOT,
          localExternal: `${directory}/external`,
        }));
      const config = demoConfig(database, directory, jobsOf(library, 'bob'));
      const cycle = () => share(sql, config, { version, progress: SILENT, isFull: true });
      const first = await step('share her family pictures and uploads with Bob', cycle);
      const check = () => verifyMirrors(sql, { config });
      const findings = [...await step('check every row and every file', check)];
      const second = await step('run again', cycle);
      const withAlbums = await step('let her share an album with Carol in Immich', async () => {
        const shared = await shareAnAlbum(sql, library, config);
        await share(sql, shared, { version, progress: SILENT });
        findings.push(...await verifyMirrors(sql, { config: shared }));
        return shared;
      });
      const album = await lookAtAlbum(sql, library);
      const beach = Deno.realPathSync(assetOf(library, 'family/beach').localPath);
      const writeBack = await step("write what Immich knows into everybody's files, twice", async () => {
        // It is the one step that needs something which may not be there: Perl.
        return await hasExifTool(config.write) ? await demoWriteBack(config, beach) : undefined;
      });
      await step("have Bob's and Carol's shared photos follow, and check again", async () => {
        await share(sql, withAlbums, { version, progress: SILENT, isFull: true });
        findings.push(...await verifyMirrors(sql, { config: withAlbums }));
      });
      return { directory, library, first, second, findings, album, writeBack, ...await lookAtLinks(sql, config) };
    } finally {
      await sql.end({ timeout: 5 });
    }
  } finally {
    await postgres.close();
  }
}

/** What the links save, and one of them. */
async function lookAtLinks(sql: Connection, config: Config): Promise<Pick<DemoResult, 'bytesShared' | 'example'>> {
  const paths = demoPaths(config);
  const local = (path: string) => paths.toLocal(path) ?? path;
  const links = await sql<{ path: string }[]>`
    SELECT l.path
    FROM immich_sidecar.link l`;
  const [example] = await sql<{ source: string; mirror: string }[]>`
    SELECT source."originalPath" AS source, mirror."originalPath" AS mirror
    FROM immich_sidecar.asset_map m
    JOIN asset source ON source.id = m.source_asset_id
    JOIN asset mirror ON mirror.id = m.mirror_asset_id
    ORDER BY length(source."originalPath"), source."originalPath"
    LIMIT 1`;
  return {
    bytesShared: links.reduce((sum, { path }) => sum + Deno.statSync(local(path)).size, 0),
    example: { source: local(example?.source ?? ''), mirror: local(example?.mirror ?? '') },
  };
}
