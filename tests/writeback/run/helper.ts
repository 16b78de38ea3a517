import type { Config, WriteConfig } from '../../../src/config/config.ts';
import { FIELD_NAMES } from '../../../src/writeback/fields/fields.ts';
import type { WriteReport } from '../../../src/writeback/run/report.ts';
import type { WritePlan } from '../../../src/writeback/tags.ts';
import { undo, type UndoOptions, type UndoReport } from '../../../src/writeback/undo.ts';
import { writeBack, type WriteOptions } from '../../../src/writeback/write_back.ts';
import { exifTool } from '../../harness/exiftool.ts';
import type { World } from '../../share/world.ts';

export const SILENT = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };

/** Where the ledger of a world lies: outside of its library. */
export function stateOf(world: World): string {
  return `${world.directory}/state`;
}

/**
 * The configuration of a world's write-back; from its database unless told otherwise. With one ExifTool: another one would load all that the first has loaded for a
 * few files each, which takes half a second. Where it matters what they do at a time there are two.
 */
export function configOf(world: World, write: Partial<WriteConfig> = {}): Config {
  const { config } = world;
  return {
    ...config,
    write: { ...config.write, source: 'database', stateDirectory: stateOf(world), workers: 1, ...write },
  };
}

/** One run, of everything unless told otherwise. */
export async function write(config: Config, options: Partial<WriteOptions> = {}): Promise<WriteReport> {
  return await writeBack(config, {
    fields: FIELD_NAMES,
    isDryRun: false,
    isResume: false,
    clearCheckpoint: false,
    clearAlbumCache: false,
    since: undefined,
    signal: new AbortController().signal,
    progress: SILENT,
    onPlan: () => {},
    ...options,
  });
}

/** A dry run and its plans. */
export async function plan(config: Config, options: Partial<WriteOptions> = {}): Promise<{
  readonly report: WriteReport;
  readonly plans: readonly WritePlan[];
}> {
  const plans: WritePlan[] = [];
  const report = await write(config, { ...options, isDryRun: true, onPlan: (_, plan) => plans.push(plan) });
  return { report, plans };
}

export async function undoAll(config: Config, options: Partial<UndoOptions> = {}): Promise<UndoReport | undefined> {
  return await undo(config, {
    scope: { paths: [] },
    isDryRun: false,
    signal: new AbortController().signal,
    confirm: () => true,
    onChange: () => {},
    ...options,
  });
}

/** Every file below a directory, in order. */
export function filesBelow(directory: string): string[] {
  return [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory, isFile }) => {
    const path = `${directory}/${name}`;
    return isDirectory ? filesBelow(path) : isFile ? [path] : [];
  }).sort();
}

/** Originals and sidecars of a world, and whatever else lies in its library. */
export function libraryFiles(world: World): string[] {
  return [`${world.directory}/media`, `${world.directory}/external`].flatMap(filesBelow).sort();
}

export interface Fingerprint {
  readonly inode: number | null;
  readonly mtimeMs: number | undefined;
  readonly size: number;
}

/** What tells whether a file was replaced. */
export function fingerprints(paths: readonly string[]): Map<string, Fingerprint> {
  return new Map(paths.map((path) => {
    const { ino, mtime, size } = Deno.statSync(path);
    return [path, { inode: ino, mtimeMs: mtime?.getTime(), size }];
  }));
}

/** Where things lie in a file, who wrote it last, and the empty shelves for tags that ExifTool takes out of films. */
const STRUCTURE =
  /^(System|ExifTool|Composite):|^QuickTime:(MediaDataOffset|HandlerType|HandlerVendorID)$|:XMPToolkit$|^SourceFile$/;

/** Everything that ExifTool finds in these files, by path, but for their structure and what is not in them. */
export async function tagsOf(paths: readonly string[]): Promise<Map<string, Record<string, unknown>>> {
  const options = ['-j', '-G1', '-struct', '-n', '-api', 'requesttags=imagedatahash', '-charset', 'filename=utf8'];
  const rows: Record<string, unknown>[] = JSON.parse((await exifTool([...options, ...paths])).output);
  return new Map(rows.map((row) => {
    const kept = Object.entries(row).filter(([tag]) => !STRUCTURE.test(tag));
    return [String(row.SourceFile), Object.fromEntries(kept)];
  }));
}

/** The sum of all outcomes. */
export function sumOf(report: WriteReport): number {
  return Object.values(report.outcomes).reduce((sum, count) => sum + count, 0);
}
