import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Outcome } from '../outcome.ts';
import type { FileStamp } from '../tags.ts';
import { NOTHING_OWN, type OwnValues } from '../fields/values.ts';

/** What is remembered of an original: when all of it still holds, there is nothing to look at. */
export interface KnownFile {
  /** As this program sees it. */
  readonly path: string;
  readonly assetId: string;
  /** The run that has last looked at it. */
  readonly runId: number;
  /** Digest of what was wanted; see wanted.ts. */
  readonly wanted: string;
  readonly stamp: FileStamp;
  readonly sidecar: { readonly path: string; readonly stamp: FileStamp } | undefined;
  /** How its asset ended then. */
  readonly outcome: Outcome;
  /** Why the original itself can never be written; what is wanted is in its sidecar, if that can be written. */
  readonly reason: string | undefined;
  /** Whether somebody else had it too. */
  readonly isShared: boolean;
  /** Why the original was left alone although it was to be written into, so that its sidecar has everything. */
  readonly instead: string | undefined;
}

/** A sidecar that was made or written of an original. */
export interface SidecarOfAsset extends Pick<KnownFile, 'path' | 'assetId'> {
  readonly sidecar: NonNullable<KnownFile['sidecar']>;
}

/** The ledger's rows about files and about what in them is ours. Reads are immediate; writes belong into Commits. */
export class KnownFiles {
  readonly #find: StatementSync;
  readonly #save: StatementSync;
  readonly #forget: StatementSync;
  readonly #forgetWish: StatementSync;
  readonly #own: StatementSync;
  readonly #below: StatementSync;
  readonly #saveOwn: StatementSync;
  readonly #forgetOwn: StatementSync;

  constructor(db: DatabaseSync) {
    // One statement for a page of paths: 1.4 µs each, where a statement for each takes 4.
    this.#find = db.prepare(`
      SELECT file.*
      FROM json_each(?) AS wanted
      JOIN file ON file.path = wanted.value`);
    this.#save = db.prepare(`
      INSERT OR REPLACE INTO file
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#forget = db.prepare('DELETE FROM file WHERE path = ? AND is_shared = 0');
    this.#forgetWish = db.prepare("UPDATE file SET wanted = '' WHERE path = ?");
    this.#below = db.prepare(`
      SELECT *
      FROM file
      WHERE sidecar_path > ?1 || '/' AND sidecar_path < ?1 || '0' AND path > ?2
        AND (?4 IS NULL OR asset_id IN (SELECT value FROM json_each(?4)))
      ORDER BY path
      LIMIT ?3`);
    this.#own = db.prepare('SELECT tags FROM own WHERE path = ?');
    this.#saveOwn = db.prepare('INSERT OR REPLACE INTO own VALUES (?, ?)');
    this.#forgetOwn = db.prepare('DELETE FROM own WHERE path = ?');
  }

  /** Those of these originals that are known, by path. */
  find(paths: readonly string[]): ReadonlyMap<string, KnownFile> {
    const rows = this.#find.all(JSON.stringify(paths)) as unknown as FileRow[];
    return new Map(rows.map((row) => [row.path, knownFile(row)]));
  }

  save({ path, assetId, runId, wanted, stamp, sidecar, outcome, reason, isShared, instead }: KnownFile): void {
    this.#save.run(
      ...[path, assetId, runId, wanted, stamp.size, stamp.mtimeMs, stamp.inode],
      ...[sidecar?.path ?? null, sidecar?.stamp.size ?? null, sidecar?.stamp.mtimeMs ?? null],
      ...[sidecar?.stamp.inode ?? null, outcome, reason ?? null, Number(isShared), instead ?? null],
    );
  }

  /** The next run looks at this original again. What is ours in it stays ours, and what is shared counts as shared. */
  forget(path: string): void {
    this.#forget.run(path);
    this.#forgetWish.run(path);
  }

  /** Originals whose sidecars lie below a directory, in the order of their paths. `assetIds`: only of these. */
  sidecarsBelow(
    directory: string,
    after: string,
    limit: number,
    assetIds: readonly string[] | undefined,
  ): readonly SidecarOfAsset[] {
    const asked = assetIds === undefined ? null : JSON.stringify(assetIds);
    const rows = this.#below.all(directory, after, limit, asked) as unknown as FileRow[];
    return rows.map(knownFile).flatMap(({ path, assetId, sidecar }) =>
      sidecar === undefined ? [] : [{ path, assetId, sidecar }]
    );
  }

  /** Forgets an original with its sidecar, which is gone. */
  forgetSidecar(path: string, sidecar: string): void {
    this.#forget.run(path);
    this.#forgetWish.run(path);
    this.#forgetOwn.run(sidecar);
  }

  /** What is ours in a media file or a sidecar. */
  own(path: string): OwnValues {
    const row = this.#own.get(path);
    return row === undefined ? NOTHING_OWN : JSON.parse(String(row['tags']));
  }

  saveOwn(path: string, own: OwnValues): void {
    const isNothing = Object.keys(own.lists).length === 0 && Object.keys(own.values).length === 0;
    if (isNothing) this.#forgetOwn.run(path);
    else this.#saveOwn.run(path, JSON.stringify(own));
  }
}

interface FileRow {
  readonly path: string;
  readonly asset_id: string;
  readonly run_id: number;
  readonly wanted: string;
  readonly size: number;
  readonly mtime_ms: number;
  readonly inode: number;
  readonly sidecar_path: string | null;
  readonly sidecar_size: number;
  readonly sidecar_mtime_ms: number;
  readonly sidecar_inode: number;
  readonly outcome: Outcome;
  readonly reason: string | null;
  readonly is_shared: number;
  readonly instead: string | null;
}

function knownFile(row: FileRow): KnownFile {
  const { sidecar_path: sidecarPath, sidecar_size: size, sidecar_mtime_ms: mtimeMs, sidecar_inode: inode } = row;
  return {
    path: row.path,
    assetId: row.asset_id,
    runId: row.run_id,
    wanted: row.wanted,
    stamp: { size: row.size, mtimeMs: row.mtime_ms, inode: row.inode },
    sidecar: sidecarPath === null ? undefined : { path: sidecarPath, stamp: { size, mtimeMs, inode } },
    outcome: row.outcome,
    reason: row.reason ?? undefined,
    isShared: row.is_shared === 1,
    instead: row.instead ?? undefined,
  };
}
