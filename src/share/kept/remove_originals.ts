import { getLogger } from '@logtape/logtape';
import type { FoundFile } from '../../files/identity.ts';
import { FileProblem } from '../../files/problem.ts';
import { describeProblem, problem } from '../../problems/problem.ts';
import type { Sql } from '../../postgres/connect.ts';
import type { Files, Tools } from '../cycle/tools.ts';
import type { WithdrawReason } from '../cycle/outcome.ts';
import {
  asideDirectories,
  asidesOf,
  extensionOf,
  type JournalEntry,
  KEPT_BESIDE,
  type RemovalFailure,
} from '../mirrors/journal.ts';
import { inspectOrNothing, localPath } from '../mirrors/links.ts';
import { type Fate, fateOf } from './fate.ts';
import { forgetKept, type KeptFile, recordKept } from './records.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** A mirror whose original has to go, or to give way to another file. */
export interface Going {
  readonly mirrorAssetId: string;
  readonly sourceAssetId: string;
  readonly targetUserId: string;
  readonly jobName: string;
  /** Why the mirror goes; undefined when only its file does. */
  readonly reason?: WithdrawReason | undefined;
}

/** A file of ours that may be the last copy of a photo, and what becomes of it. */
interface Judged {
  readonly entry: JournalEntry;
  readonly place: string;
  readonly asides: readonly string[];
  /** Where the file is: in its place, or aside, where a run that was killed has moved it. */
  readonly found: string;
  readonly keep: string;
  readonly fate: Fate;
  readonly kept: KeptFile | undefined;
}

/** Which of these links are originals: the journal says so, or the mirror's row does. */
export async function findOriginals(
  sql: Sql,
  links: readonly JournalEntry[],
): Promise<ReadonlySet<JournalEntry>> {
  const unknown = links.filter(({ stamp }) => !stamp);
  const rows = unknown.length === 0 ? [] : await sql<{ id: string; path: string }[]>`
    SELECT id, "originalPath" AS path
    FROM asset
    WHERE id = ANY (${[...new Set(unknown.map(({ mirrorId }) => mirrorId))]}::uuid[])`;
  const named = new Map(rows.map(({ id, path }) => [id, path]));
  return new Set(links.filter((link) => link.stamp || named.get(link.mirrorId) === link.path));
}

/**
 * Removes the originals of mirrors. One that may be the last copy of a photo, or is not the file that we put there, is kept
 * aside instead (docs/safety_and_backups.md). With `onlyKeeps` nothing else is done: what may be replaced stays until another file
 * takes its place in one step. Returns what could not be done; those files stay where they are.
 */
export async function removeOriginals(
  { database, files }: Pick<Tools, 'database' | 'files'>,
  going: readonly Going[],
  originals: readonly JournalEntry[],
  { onlyKeeps = false }: { readonly onlyKeeps?: boolean } = {},
): Promise<RemovalFailure[]> {
  if (originals.length === 0) return [];
  const mirrors = new Map(going.map((one) => [one.mirrorAssetId, one]));
  const sources = await readSourcePaths(database.sql, going.map(({ sourceAssetId }) => sourceAssetId));
  const missed = await readMissed(database.sql, going);
  const names = new Names();
  const failed: RemovalFailure[] = [];
  const judged = originals.flatMap((entry) => {
    try {
      const mirror = mirrors.get(entry.mirrorId);
      if (mirror === undefined) return [];
      const photo = sources.get(mirror.sourceAssetId);
      return [judge(files, entry, mirror, { photo, wasMissed: missed.has(mirror.mirrorAssetId), names })];
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      failed.push({ entry, problem: error });
      return [];
    }
  });
  const removed = onlyKeeps ? [] : judged.filter(({ kept }) => kept === undefined);
  for (const one of removed) {
    try {
      unlink(files, one);
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      failed.push({ entry: one.entry, problem: error });
    }
  }
  return [...failed, ...await keepAside({ database, files }, judged)];
}

/** Moves what is kept aside, to the first place that can be used. Returns what could not be moved; its file is where it was. */
async function keepAside(
  { database, files }: Pick<Tools, 'database' | 'files'>,
  judged: readonly Judged[],
): Promise<RemovalFailure[]> {
  let left: Keeping[] = judged.flatMap(({ kept, ...one }) => kept === undefined ? [] : [{ ...one, kept }]);
  const problems = new Map<JournalEntry, FileProblem>();
  for (const nth of asideDirectories('').keys()) {
    const placed = left.map((one): Keeping => ({ ...one, kept: inPlace(one, nth) }));
    if (placed.length === 0) break;
    await database.transaction((tx) => recordKept(tx, placed.map(({ kept }) => kept)));
    left = placed.filter(({ entry, found, place, asides, keep, kept }) => {
      try {
        files.linker.moveAside(found, localPath(kept.path, files.paths), keep, asides);
        files.linker.prune(place, keep);
        tellKept(kept);
        return false;
      } catch (error) {
        if (!(error instanceof FileProblem)) throw error;
        if (!problems.has(entry)) problems.set(entry, error);
        return true;
      }
    });
    await database.transaction((tx) => forgetKept(tx, left.map(({ kept }) => kept.id)));
  }
  return left.flatMap(({ entry }) => {
    const problem = problems.get(entry);
    return problem === undefined ? [] : [{ entry, problem }];
  });
}

type Keeping = Omit<Judged, 'kept'> & { readonly kept: KeptFile };

/** How many names files have, as far as those were judged that are removed together: several mirrors may be names of one file. */
class Names {
  readonly #gone = new Map<string, number>();

  of(file: FoundFile): number {
    return file.names - (this.#gone.get(keyOf(file)) ?? 0);
  }

  oneGoes(file: FoundFile): void {
    this.#gone.set(keyOf(file), (this.#gone.get(keyOf(file)) ?? 0) + 1);
  }
}

function keyOf({ device, inode }: FoundFile): string {
  return `${device}:${inode}`;
}

/** What is known of a mirror's source. */
interface Source {
  /** Its original, as Immich sees it; undefined when Immich does not know the photo any more. */
  readonly photo: string | undefined;
  readonly wasMissed: boolean;
  readonly names: Names;
}

function judge(files: Files, entry: JournalEntry, mirror: Going, { photo, wasMissed, names }: Source): Judged {
  const { linker, paths } = files;
  const [place, keep] = [localPath(entry.path, paths), localPath(entry.keep, paths)];
  const asides = asidesOf(keep, entry);
  const there = linker.look(place);
  const inPlace = there?.isDirectory ? undefined : there; // somebody has taken the file away
  const [aside] = inPlace === undefined ? linker.findAside(asides) : [];
  const file = inPlace ?? (aside === undefined ? undefined : linker.look(aside));
  const judged = { entry, place, asides, found: aside ?? place, keep };
  if (file?.isFile !== true) {
    return {
      ...judged,
      fate: file === undefined ? { kind: 'nothing' } : { kind: 'unlink', expected: file },
      kept: undefined,
    };
  }
  const source = photo === undefined ? undefined : inspectOrNothing(photo, files);
  const { reason } = mirror;
  const fate = fateOf({ ...file, names: names.of(file) }, { stamp: entry.stamp, source, reason, wasMissed });
  if (fate.kind === 'unlink') names.oneGoes(file);
  const kept = fate.kind === 'keep' ? keptFile(entry, mirror, photo, fate.reason, file) : undefined;
  return { ...judged, fate, kept };
}

function keptFile(
  entry: JournalEntry,
  { sourceAssetId, targetUserId, jobName }: Going,
  photo: string | undefined,
  reason: KeptFile['reason'],
  { size: bytes, mode }: FoundFile,
): KeptFile {
  const [id, path, mirrorPath] = [crypto.randomUUID(), '', entry.path];
  return { id, path, photo: photo ?? null, mirrorPath, sourceAssetId, targetUserId, jobName, bytes, reason, mode };
}

/** The same file where it is to lie, the nth place of those that there are. */
function inPlace({ entry, kept }: Keeping, nth: number): KeptFile {
  const directory = asideDirectories(entry.keep)[nth] ?? entry.keep;
  // Beside what the target sees it must be hidden.
  const prefix = directory === entry.keep ? KEPT_BESIDE : '';
  return { ...kept, path: `${directory}/${prefix}${kept.id}${extensionOf(entry.path)}` };
}

function unlink({ linker }: Files, { place, asides, keep, fate }: Judged): void {
  // What is put there, or aside, from now on has not been judged.
  if (fate.kind === 'nothing') linker.prune(place, keep);
  else if (fate.kind !== 'keep') linker.removeAside(place, keep, asides, fate);
}

function tellKept({ photo, mirrorPath, reason, path }: KeptFile): void {
  const kept = problem('kept', { photo: photo ?? mirrorPath, path }, reason);
  logger.warn('{problem}. {remedy}', { problem: describeProblem(kept), remedy: kept.remedy, code: kept.code });
}

/** The mirrors of deleted sources that Immich did not find before it deleted them. */
async function readMissed(sql: Sql, going: readonly Going[]): Promise<ReadonlySet<string>> {
  const deleted = going.filter(({ reason }) => reason === 'source-deleted').map(({ mirrorAssetId }) => mirrorAssetId);
  if (deleted.length === 0) return new Set();
  const rows = await sql<{ id: string }[]>`
    SELECT mirror_asset_id AS id
    FROM immich_sidecar.asset_map
    WHERE mirror_asset_id = ANY (${deleted}::uuid[])
      AND missed_at IS NOT NULL`;
  return new Set(rows.map(({ id }) => id));
}

async function readSourcePaths(sql: Sql, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await sql<{ id: string; path: string }[]>`
    SELECT id, "originalPath" AS path
    FROM asset
    WHERE id = ANY (${ids as string[]}::uuid[])`;
  return new Map(rows.map(({ id, path }) => [id, path]));
}
