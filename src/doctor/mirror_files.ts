import { existsSync } from 'node:fs';
import { count, named, plural } from '../config/words.ts';
import type { PathMap } from '../files/path_map.ts';
import type { Fragment, Sql } from '../postgres/connect.ts';
import { ok, type Verdict, warn } from './finding.ts';
import type { Subject } from './subject.ts';

/** On a disk that is asleep each file may take 10 ms, and a mirror has three or four. */
const SAMPLE = 100;

/** Mirrors in one query when all of them are looked at. */
const PAGE = 1_000;

/** A mirror and the files it should have, as Immich sees them: its original, and what we linked for it. */
interface MirrorFiles {
  readonly id: string;
  readonly files: readonly string[];
}

/** What was found of mirrors' files. */
export interface MirrorCount {
  /** All there are. */
  readonly mirrors: number;
  readonly lookedAt: number;
  /** Mirrors that lack a file. */
  readonly incomplete: number;
  /** A file that is missing, as Immich sees it. */
  readonly example: string | undefined;
}

/** Looks for the files of some mirrors; with `--thorough` of all. */
export async function lookAtMirrorFiles(subject: Subject): Promise<readonly Verdict[]> {
  await subject.schema.use();
  const [sql, paths] = [await subject.ownTables.use(), await subject.paths.use()];
  await subject.linker.use(); // the directories are there
  const [row] = await sql<{ mirrors: number }[]>`
    SELECT count(*)::int AS mirrors
    FROM immich_sidecar.asset_map
    JOIN asset a ON a.id = mirror_asset_id`;
  const mirrors = row?.mirrors ?? 0;
  const { isThorough, progress, mirrorsPerQuery = PAGE } = subject.options;
  const counter = new Counter(paths);
  if (isThorough) {
    progress.start('mirrors', mirrors, 'photos');
    for await (const page of pages(sql, mirrorsPerQuery)) {
      counter.add(page);
      progress.advance(page.length);
    }
    progress.stop();
  } else {
    counter.add(await readFiles(sql, sql`ORDER BY random() LIMIT ${SAMPLE}`));
  }
  return [judgeMirrorFiles({ mirrors, ...counter.counts() })];
}

async function* pages(sql: Sql, size: number): AsyncGenerator<readonly MirrorFiles[]> {
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const page = await readFiles(sql, sql`WHERE mirror_asset_id > ${after} ORDER BY mirror_asset_id LIMIT ${size}`);
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    after = last.id;
  }
}

async function readFiles(sql: Sql, which: Fragment): Promise<MirrorFiles[]> {
  return await sql<MirrorFiles[]>`
    SELECT
      m.mirror_asset_id AS id,
      array_prepend(
        m."originalPath"::text,
        ARRAY(SELECT l.path FROM immich_sidecar.link l WHERE l.mirror_id = m.mirror_asset_id)
      ) AS files
    FROM (
      SELECT mirror_asset_id, a."originalPath"
      FROM immich_sidecar.asset_map
      JOIN asset a ON a.id = mirror_asset_id
      ${which}
    ) AS m
    ORDER BY id`;
}

class Counter {
  readonly #paths: PathMap;
  #lookedAt = 0;
  #incomplete = 0;
  #example: string | undefined;

  constructor(paths: PathMap) {
    this.#paths = paths;
  }

  add(mirrors: readonly MirrorFiles[]): void {
    for (const { files } of mirrors) {
      const missing = files.find((path) => !this.#isThere(path));
      this.#lookedAt++;
      if (missing === undefined) continue;
      this.#incomplete++;
      this.#example ??= missing;
    }
  }

  counts(): Omit<MirrorCount, 'mirrors'> {
    return { lookedAt: this.#lookedAt, incomplete: this.#incomplete, example: this.#example };
  }

  #isThere(path: string): boolean {
    const local = this.#paths.toLocal(path);
    return local !== undefined && existsSync(local);
  }
}

export function judgeMirrorFiles({ mirrors, lookedAt, incomplete, example }: MirrorCount): Verdict {
  if (lookedAt === 0) return ok('There are no files of shared photos yet.');
  const isSample = lookedAt < mirrors;
  const which = isSample
    ? `${lookedAt} sampled shared photos (of ${mirrors.toLocaleString('en')})`
    : count(mirrors, 'shared photo');
  if (example === undefined) return ok(`All files of ${which} are here.`);
  return warn(
    `${incomplete} of ${which} ${plural(incomplete, 'lacks', 'lack')} a file, for example ${named(example)}.`,
    `sync puts them back, as long as the originals are there.${
      isSample ? ' doctor --thorough looks at all shared photos.' : ''
    }`,
  );
}
