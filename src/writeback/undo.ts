import { count, list, plural } from '../config/words.ts';
import type { Config } from '../config/config.ts';
import { RefusedError, UserError } from '../errors.ts';
import { noteRewritten } from '../files/rewritten.ts';
import type { Change } from './ledger/journal.ts';
import type { KnownFile } from './ledger/files.ts';
import { Ledger } from './ledger/ledger.ts';
import { FIELD_NAMES } from './fields/fields.ts';
import { Locator, pathRulesOf } from './locate.ts';
import { LazyWriter, workersOf } from './open_writer.ts';
import { recover } from './run/recover.ts';
import { SidecarTree } from './sidecar_tree.ts';
import { ownSidecarNames, sidecarCandidates } from './sidecar_path.ts';
import { WriteProblem } from './write_problem.ts';
import type { Intent } from './intent.ts';
import type { Writer } from './writer.ts';

/** How a change ended that was to be undone. A closed list; the counts add up. */
export const UNDO_OUTCOMES = Object.freeze(
  [
    'undone',
    /** The photo was changed since: what still said what was written says again what it said before, the rest stays. */
    'undone-in-part',
    /** A dry run would undo it. */
    'would-undo',
    /** The file was changed since, by a later run or by somebody else, and stays as it is. */
    'changed-since',
    /** It cannot be written now; nothing was changed. */
    'failed',
  ] as const,
);

export type UndoOutcome = typeof UNDO_OUTCOMES[number];

/** What to undo: a run, or everything that was ever done to some files or directories; without both, the last run. */
export interface UndoScope {
  readonly runId?: number | undefined;
  /** Absolute, as this program sees them. */
  readonly paths: readonly string[];
}

export interface UndoOptions {
  readonly scope: UndoScope;
  readonly isDryRun: boolean;
  readonly signal: AbortSignal;
  /** Asked once, before anything is done; false ends it. */
  readonly confirm: (changes: number, what: string) => boolean;
  readonly onChange: (change: Change, outcome: UndoOutcome, reason: string | undefined) => void;
}

export interface UndoReport {
  readonly dryRun: boolean;
  /** What was undone, for people: `run 12 of 2026-07-01T03:00:00Z`. */
  readonly what: string;
  readonly changes: number;
  /** They add up to `changes`. */
  readonly outcomes: Readonly<Record<UndoOutcome, number>>;
  readonly complete: boolean;
  readonly interrupted: boolean;
}

/**
 * Undoes changes, the last one of each file first. A sidecar gets its bytes back or goes; a media file gets its tags
 * back. What was changed since is left alone and counted.
 *
 * Returns undefined when that was not confirmed. Throws UserError when there is nothing to undo, RefusedError when another
 * run is at work.
 */
export async function undo(config: Config, options: UndoOptions): Promise<UndoReport | undefined> {
  const { isDryRun, signal, scope, onChange } = options;
  using ledger = isDryRun ? Ledger.openToLook(config.write.stateDirectory) : Ledger.open(config.write.stateDirectory);
  if (!isDryRun) ledger.follow(new Locator(pathRulesOf(config)).moved());
  using _ = isDryRun ? undefined : recover(ledger, config.write.stateDirectory);
  const { what, ids } = choose(ledger, scope);
  const outcomes = Object.fromEntries(UNDO_OUTCOMES.map((outcome) => [outcome, 0])) as Record<UndoOutcome, number>;
  const rewritten = new Set<string>();
  const end: End = (change, outcome, reason) => {
    outcomes[outcome]++;
    if (outcome === 'undone' || outcome === 'undone-in-part') rewritten.add(change.assetId);
    onChange(change, outcome, reason);
  };
  if (isDryRun) { for (const change of found(ledger, ids)) end(change, 'would-undo', undefined); }
  else if (!options.confirm(ids.length, what)) return undefined;
  else {await undoAll(config, ledger, ids, signal, end).finally(() =>
      noteRewritten(config.write.stateDirectory, [...rewritten])
    );}
  const done = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  return {
    dryRun: isDryRun,
    what,
    changes: done,
    outcomes,
    complete: done === outcomes.undone + outcomes['would-undo'] && done === ids.length,
    interrupted: done < ids.length,
  };
}

type End = (change: Change, outcome: UndoOutcome, reason: string | undefined) => void;

function* found({ journal }: Ledger, ids: readonly number[]): Generator<Change> {
  for (const id of ids) {
    const change = journal.find(id);
    if (change !== undefined) yield change;
  }
}

/** What the scope means, the last change first. */
function choose(
  { journal, runs, files }: Ledger,
  { runId, paths }: UndoScope,
): { what: string; ids: readonly number[] } {
  if (paths.length > 0) {
    // A photo and its sidecar are one thing to a person who names the photo.
    const ids = new Set(
      paths
        .flatMap((path) => [path, realPathOf(path)])
        .flatMap((path) => placesOf(path, files.find([path]).get(path)))
        .flatMap((path) => journal.idsBelow(path)),
    );
    if (ids.size === 0) throw nothingToUndo(`in ${paths.map((path) => JSON.stringify(path)).join(', ')}`);
    return { what: count(paths.length, 'path'), ids: [...ids].sort((a, b) => b - a) };
  }
  const run = runId === undefined ? runs.lastWithChanges() : runs.find(runId);
  const ids = run === undefined ? [] : journal.idsOfRun(run.id);
  if (run === undefined || ids.length === 0) throw nothingToUndo(runId === undefined ? undefined : `of run ${runId}`);
  return { what: `run ${run.id} of ${run.startedAt}`, ids };
}

/** A file with its sidecars; not with `photo.xmp` where that is known to be another one's. */
function placesOf(path: string, known: KnownFile | undefined): readonly string[] {
  const names = known === undefined ? sidecarCandidates(path) : ownSidecarNames(path);
  return [path, ...names, ...(known?.sidecar === undefined ? [] : [known.sidecar.path])];
}

/** The path itself where there is nothing, or nothing that may be looked at. */
function realPathOf(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}

function nothingToUndo(where: string | undefined): UserError {
  return new UserError(
    `The history knows of no change${where === undefined ? '' : ` ${where}`} that could be undone.`,
    {
      problemCode: 'nothing-to-undo',
      remedy:
        'Check WRITE_STATE_DIR, the path (as this program sees it) and the number of the run, which each run prints.',
    },
  );
}

/** Where the tree of sidecars is, if there is one now: no sidecar is undone because of it. */
function treeOrNothing({ write }: Config): SidecarTree | undefined {
  try {
    return SidecarTree.open(write.destination, []);
  } catch (error) {
    if (error instanceof RefusedError) return undefined;
    throw error;
  }
}

async function undoAll(
  config: Config,
  ledger: Ledger,
  ids: readonly number[],
  signal: AbortSignal,
  end: End,
): Promise<void> {
  await using lazy = new LazyWriter(config.write, FIELD_NAMES, config.write.stateDirectory);
  const writer = await lazy.get();
  const tree = treeOrNothing(config);
  /** Changes of one file follow each other; those of others need not wait. */
  const last = new Map<string, Promise<void>>();
  const underWay = new Set<Promise<void>>();
  for (const change of found(ledger, ids)) {
    if (signal.aborted) break;
    const { path } = change.plan;
    const turn: Promise<void> = (last.get(path) ?? Promise.resolve())
      .then(() => undoOne(ledger, writer, tree, change.id, end))
      .finally(() => {
        underWay.delete(turn);
        if (last.get(path) === turn) last.delete(path);
      });
    last.set(path, turn);
    underWay.add(turn);
    if (underWay.size > workersOf(config.write)) await Promise.race(underWay);
  }
  await Promise.all(underWay);
  ledger.commits.now();
}

async function undoOne(
  { journal, files, commits, deltas }: Ledger,
  writer: Writer,
  tree: SidecarTree | undefined,
  id: number,
  end: End,
): Promise<void> {
  commits.now(); // what an undo before this one has found out about the file
  const change = journal.find(id);
  if (change?.written === undefined) throw new Error(`Change ${id} of the journal was never finished.`);
  const { plan, bytesBefore, written, ownBefore, runId, assetId } = change;
  const later = journal.laterRun(change);
  if (later !== undefined) return end(change, 'changed-since', `run ${later} has written it since; undo that first`);
  const undoing = journal.nextId();
  let isBegun = false;
  const begin = async (intent: Intent) => {
    const own = files.own(plan.path);
    await commits.durably(() => journal.begin(undoing, { ...intent, runId, assetId, ownBefore: own, undoes: id }));
    isBegun = true;
  };
  try {
    const { stamp: now, left } = await writer.undo({ plan, bytesBefore, delta: deltas.find(id), written }, begin);
    commits.later(() => {
      journal.finishUndo(undoing, change, now);
      files.saveOwn(plan.path, ownBefore);
    });
    commits.now(); // before what it was made from goes
    deltas.drop([id]);
    if (now === undefined) tree?.tidy(plan.path);
    if (left.length === 0) end(change, 'undone', undefined);
    else {end(
        change,
        'undone-in-part',
        `${list(left)} ${plural(left.length, 'was', 'were')} changed since and left alone`,
      );}
  } catch (error) {
    if (!(error instanceof WriteProblem)) throw error;
    if (isBegun && !error.isUnsettled) commits.later(() => journal.drop(undoing));
    end(change, error.outcome === 'changed-meanwhile' ? 'changed-since' : 'failed', error.reason);
  }
}
