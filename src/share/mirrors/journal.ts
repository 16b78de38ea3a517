import type { Linker } from '../../files/linker.ts';
import { FileProblem } from '../../files/problem.ts';
import type { Fragment, Sql } from '../../postgres/connect.ts';
import { type Place, type Problem, problem } from '../../problems/problem.ts';
import type { Files } from '../cycle/tools.ts';
import { hiddenDirectory } from './home.ts';

/**
 * The journal of files. A row is committed before its file is linked and goes after its file is removed, so at any
 * moment every file of ours has a row. A row whose mirror does not exist is unfinished work.
 */
export interface JournalEntry {
  readonly mirrorId: string;
  readonly path: string;
  readonly keep: string;
  /** Which file we put there; only for originals, which may become the last copy of a photo. */
  readonly stamp?: LinkStamp | null;
  /** How many bytes a link saves; without it those of the stamp. */
  readonly saves?: number | null;
}

/** A file and its content, as far as can be seen without reading it. */
export interface LinkStamp {
  readonly device: number;
  readonly inode: number;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly mtimeMs: number;
}

export function isSameLinkStamp(a: LinkStamp, b: LinkStamp): boolean {
  return a.device === b.device && a.inode === b.inode && a.size === b.size && a.mtimeMs === b.mtimeMs;
}

export function linkStampOf({ device, inode, size, mtimeMs }: LinkStamp): LinkStamp {
  return { device, inode, size, mtimeMs };
}

/** Writes journal rows; call and commit it before the files are linked. */
export async function recordLinks(sql: Sql, entries: readonly JournalEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const rows = entries.map(({ stamp, ...entry }) => ({ ...entry, ...stamp }));
  await sql`
    INSERT INTO immich_sidecar.link (mirror_id, path, keep, device, inode, size, modified_at_ms, saves)
    SELECT
      entry."mirrorId", entry.path, entry.keep,
      entry.device, entry.inode, entry.size, entry."mtimeMs", coalesce(entry.saves, entry.size)
    FROM jsonb_to_recordset(${sql.json(rows as never)}) AS entry (
      "mirrorId" uuid, path text, keep text, device float8, inode float8, size float8, "mtimeMs" float8,
      saves float8
    )
    WHERE (
      SELECT l.path
      FROM immich_sidecar.link l
      WHERE l.mirror_id = entry."mirrorId" AND l.path = entry.path
    ) IS NULL`;
}

/** Notes that another file is about to be put there: the source was replaced. */
export async function recordStamps(sql: Sql, entries: readonly JournalEntry[]): Promise<void> {
  const rows = entries.flatMap(({ stamp, mirrorId, path }) => stamp ? [{ mirrorId, path, ...stamp }] : []);
  if (rows.length === 0) return;
  await sql`
    UPDATE immich_sidecar.link l
    SET
      device = entry.device, inode = entry.inode, size = entry.size, modified_at_ms = entry."mtimeMs",
      saves = CASE WHEN l.saves IS NOT NULL THEN entry.size END -- a copy saves nothing, whatever it is a copy of
    FROM jsonb_to_recordset(${sql.json(rows as never)}) AS entry (
      "mirrorId" uuid, path text, device float8, inode float8, size float8, "mtimeMs" float8
    )
    WHERE l.mirror_id = entry."mirrorId"
      AND l.path = entry.path`;
}

/** The files of these mirrors. */
export async function readLinks(sql: Sql, mirrorIds: readonly string[]): Promise<JournalEntry[]> {
  return await sql<JournalEntry[]>`
    SELECT
      mirror_id AS "mirrorId", path, keep,
      ${stampColumns(sql)} AS stamp
    FROM immich_sidecar.link
    WHERE mirror_id = ANY (${mirrorIds as string[]}::uuid[])`;
}

/** The stamp of the row `link` as JSON. */
export function stampColumns(sql: Sql): Fragment {
  return sql`
    CASE WHEN inode IS NOT NULL THEN json_build_object(
      'device', device, 'inode', inode, 'size', size, 'mtimeMs', modified_at_ms
    ) END`;
}

/** Whether any file of ours lies below this directory, perhaps of a job that is not configured any more. */
export async function hasLinksBelow(sql: Sql, directory: string): Promise<boolean> {
  const rows = await sql`
    SELECT
    FROM immich_sidecar.link
    WHERE starts_with(path, ${`${directory}/`})
    LIMIT 1`;
  return rows.length > 0;
}

/** Forgets all links of these mirrors; call it after the files are gone. */
export async function forgetLinks(sql: Sql, mirrorIds: readonly string[]): Promise<void> {
  await sql`
    DELETE FROM immich_sidecar.link
    WHERE mirror_id = ANY (${mirrorIds as string[]}::uuid[])`;
}

/** Forgets single links. */
export async function forgetEntries(sql: Sql, entries: readonly JournalEntry[]): Promise<void> {
  await sql`
    DELETE FROM immich_sidecar.link l
    USING jsonb_to_recordset(${sql.json(entries as never)}) AS entry ("mirrorId" uuid, path text)
    WHERE l.mirror_id = entry."mirrorId"
      AND l.path = entry.path`;
}

/** The directory below a target directory where kept files lie: hidden, so that Immich's crawler passes over it. */
export const KEPT_DIRECTORY = '.kept';

/** How the name of a kept file begins that lies in no directory of its own. */
export const KEPT_BESIDE = `${KEPT_DIRECTORY}-`;

/** How the name of a file begins that is on its way out. */
export const GOING = '.going-';

/**
 * Where files lie aside, the first that can be used: on a full disk no directory can be made, and somebody else may have put another thing in its
 * place. `keep` is a directory in which ours are.
 */
export function asideDirectories(keep: string): readonly string[] {
  return [`${keep}/${KEPT_DIRECTORY}`, keep];
}

/** Where a file of this entry is on its way out; `keep` is local. A removal that was cut off finds it there again. */
export function asidesOf(keep: string, { mirrorId, path }: JournalEntry): readonly string[] {
  return asideDirectories(keep).map((directory) => `${directory}/${GOING}${mirrorId}${extensionOf(path)}`);
}

/** With its dot; a name itself may be as long as the file system allows, and ours are longer than some. */
export function extensionOf(path: string): string {
  return /\.[A-Za-z0-9]{1,8}$/.exec(path)?.[0] ?? '';
}

/** A file of ours that stays. */
export interface RemovalFailure {
  readonly entry: JournalEntry;
  readonly problem: FileProblem;
}

/** The same for a report. */
export function notRemoved({ problem: { path, sentence } }: RemovalFailure, where: Place = {}): Problem {
  return problem('not-removed', { ...where, path }, sentence);
}

/**
 * Removes the files of journal rows. Returns those that could not be removed, with the reason. `options`: see
 * Linker.remove.
 */
export function removeFiles(
  entries: readonly JournalEntry[],
  { linker, paths }: Files,
  options: { readonly sparesLast?: boolean } = {},
): RemovalFailure[] {
  const failed: RemovalFailure[] = [];
  for (const entry of entries) {
    try {
      const [local, keep] = [paths.toLocal(entry.path), paths.toLocal(entry.keep)];
      if (local === undefined || keep === undefined) throw new FileProblem('outside-roots', entry.path);
      if (hiddenDirectory(entry) === undefined) linker.remove(local, keep, options);
      else removeHidden(linker, entry, { local, keep }, options);
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      failed.push({ entry, problem: error });
    }
  }
  return failed;
}

/** One that is the last name of its file stays in its place if it is to be spared; aside it gets a name under which it waits for a person. */
function removeHidden(
  linker: Linker,
  entry: JournalEntry,
  { local, keep }: { readonly local: string; readonly keep: string },
  { sparesLast = false }: { readonly sparesLast?: boolean },
): void {
  const asides = asidesOf(keep, entry);
  const there = linker.look(local);
  const inPlace = there?.isDirectory ? undefined : there; // somebody has taken the file away
  if (sparesLast && inPlace?.names === 1) return;
  const [aside] = sparesLast && inPlace === undefined ? linker.findAside(asides) : [];
  const left = aside === undefined ? undefined : linker.look(aside);
  linker.removeAside(local, keep, asides, left && { expected: left, hasAnother: true });
}

/** Journal rows whose mirrors do not exist. Another instance's work in progress looks the same. */
export async function readUnfinished(sql: Sql): Promise<JournalEntry[]> {
  return await sql<JournalEntry[]>`
    SELECT l.mirror_id AS "mirrorId", l.path, l.keep
    FROM immich_sidecar.link l
    WHERE ${isUnfinished(sql)}`;
}

/** Whether the mirror of the journal row `l` does not exist. */
export function isUnfinished(sql: Sql): Fragment {
  return sql`(
    NOT EXISTS (SELECT 1 FROM immich_sidecar.asset_map a WHERE a.mirror_asset_id = l.mirror_id)
    AND NOT EXISTS (SELECT 1 FROM immich_sidecar.person_map p WHERE p.mirror_person_id = l.mirror_id)
    AND NOT EXISTS (SELECT 1 FROM asset a WHERE a.id = l.mirror_id)
  )`;
}
