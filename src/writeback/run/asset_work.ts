import { isDeepStrictEqual } from 'node:util';
import { getLogger } from '@logtape/logtape';
import { plain } from '../../config/quote.ts';
import { messageOf, UserError } from '../../errors.ts';
import { hasEnd } from '../file_ends/has_end.ts';
import type { FileState, SeenAsset } from '../file_state.ts';
import type { LazyWriter } from '../open_writer.ts';
import type { KnownFile } from '../ledger/files.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Located } from '../locate.ts';
import type { Outcome } from '../outcome.ts';
import { type OwnOfAsset, planFiles, type PlannedFiles, type PlanOptions } from '../plan_files.ts';
import type { FieldName } from '../fields/fields.ts';
import type { AssetRecord } from '../fields/record.ts';
import type { RecordItem } from '../records/source.ts';
import { isSameStamp } from '../files.ts';
import { assertInPlace } from '../in_place.ts';
import { isGivenUp, isYoung } from '../settled.ts';
import type { Sidecars } from '../sidecar_choice.ts';
import { Spelling } from '../spelling.ts';
import type { SidecarTree } from '../sidecar_tree.ts';
import type { FileStamp, WritePlan } from '../tags.ts';
import { asWriteProblem } from '../write_file.ts';
import { applyWhatCanBe } from '../without_tags.ts';
import { WriteProblem } from '../write_problem.ts';
import type { Intent } from '../intent.ts';

const logger = getLogger(['immich-sidecar', 'writeback']);

/** Why a file is left for later that somebody may be at work on; a sentence without full stop. */
export const CHANGED_JUST_NOW = 'it changed a moment ago, and somebody may still be at work on it';

/** An asset whose files have to be looked into. */
export interface Task {
  readonly item: RecordItem;
  readonly record: AssetRecord;
  /** Those that are written of it. */
  readonly fields: readonly FieldName[];
  /** Whether somebody else has the file too. */
  readonly isShared: boolean;
  readonly file: Located & { readonly isFound: true };
  /** The sidecar that Immich has on record, where that is known. */
  readonly sidecar: string | undefined;
  /** See Original. */
  readonly inTree: string | undefined;
  readonly known: KnownFile | undefined;
  /** Digest of what is wanted. */
  readonly wanted: string;
}

/** How an asset ended whose files were looked into. */
export interface Ending {
  readonly outcome: Outcome;
  /** A sentence without full stop, when it did not end well. */
  readonly reason?: string | undefined;
  /** Kinds of the files that were replaced. */
  readonly written: readonly WritePlan['kind'][];
  /** Why the original was left alone although it was to be written into: its sidecar has everything. */
  readonly instead?: string | undefined;
  /** Files that were replaced and had other names (hard links), which keep what they had. */
  readonly otherNames?: readonly string[];
}

export interface WorkOptions {
  readonly writer: LazyWriter;
  readonly ledger: Ledger;
  readonly plan: PlanOptions;
  readonly sidecars: Sidecars;
  readonly tree: SidecarTree | undefined;
  /** undefined for a dry run: nothing is written, neither files nor ledger. */
  readonly runId: number | undefined;
  /** WRITE_SETTLE_SECONDS */
  readonly settleSeconds: number;
  /** When aborted, nothing more is begun. */
  readonly signal: AbortSignal;
  /** Is given every plan before it is carried out. */
  readonly onPlan: (record: AssetRecord, plan: WritePlan) => void;
  /** See WriteOptions. */
  readonly review?: ((plans: readonly WritePlan[]) => Promise<boolean>) | undefined;
}

/** Looks into the files of assets, plans what to write and does it. */
export class AssetWork {
  readonly #options: WorkOptions;

  constructor(options: WorkOptions) {
    this.#options = options;
  }

  /**
   * In the order of the tasks; undefined for one that was not begun because the run is to stop. A file that cannot be read
   * or written is an ending; throws when the ledger or ExifTool as such fails.
   */
  async run(tasks: readonly Task[]): Promise<(Ending | undefined)[]> {
    const writer = await this.#options.writer.get();
    const seen = await writer.look(
      tasks.map((task) => ({ ...task.file, sidecar: this.#sidecarOf(task), inTree: task.inTree })),
    );
    const spelling = new Spelling();
    const endings = await Promise.allSettled(tasks.map(async (task, index) => {
      const asset = seen[index];
      if (asset === undefined) throw new Error('The writer looked at fewer files than it was given.');
      try {
        const misnamed = misnamedIn(spelling, task, asset);
        return misnamed === undefined ? await this.#one(task, asset) : this.#end(task, asset, misnamed);
      } catch (error) {
        if (error instanceof UserError) throw error;
        // A bug, which must not keep the other files waiting.
        logger.error('{path}: {error}', { path: shownChange(task.file.path), error });
        return this.#end(task, asset, { outcome: 'failed', reason: messageOf(error), written: [] });
      }
    }));
    // Only now: a file that is being written is not left alone because of another one.
    return endings.map((ending) => {
      if (ending.status === 'rejected') throw ending.reason;
      return ending.value;
    });
  }

  #sidecarOf({ file: { path }, sidecar }: Task): string {
    const choice = this.#options.sidecars.choose(path, sidecar);
    if (choice.readInstead !== undefined) {
      logger.info('{path}: {sidecar} is that of {of}, and left alone here, although Immich may read it for both.', {
        path: shownChange(path),
        sidecar: shownChange(choice.readInstead.sidecar),
        of: shownChange(choice.readInstead.of),
      });
    }
    return choice.path;
  }

  async #one(task: Task, seen: SeenAsset): Promise<Ending | undefined> {
    const { ledger: { files }, runId, onPlan, review, signal } = this.#options;
    const { record, fields } = task;
    if (seen.media.stamp === undefined) {
      return this.#end(task, seen, { outcome: 'not-found', reason: 'the file has vanished', written: [] });
    }
    const asset = withKnownObstacle(seen, task);
    const own = {
      media: files.own(seen.media.path),
      sidecar: files.own(seen.sidecar.path),
      ...(seen.beside === undefined ? {} : { beside: files.own(seen.beside.path) }),
    };
    const planned = planFiles(record, asset, own, { ...this.#options.plan, fields });
    for (const reason of planned.refused) {
      logger.warn('{path}: {reason}', { path: shownChange(task.file.path), reason });
    }
    if (planned.obstacle !== undefined) {
      const { reason, isPermanent } = planned.obstacle;
      return this.#end(task, asset, { outcome: isPermanent ? 'unwritable' : 'failed', reason, written: [] });
    }
    if (planned.plans.length > 0 && signal.aborted) return undefined;
    const instead = planned.instead?.reason;
    const stamps = new Map<WritePlan['kind'], FileStamp>();
    const ownNow = { ...planned.own };
    try {
      const doubt = this.#doubt(task, asset, planned.plans);
      if (doubt === 'broken') return await this.#one(task, withObstacle(seen, 'its end is missing'));
      if (doubt !== undefined) return this.#end(task, asset, { outcome: 'still-changing', reason: doubt, written: [] });
      for (const plan of planned.plans) onPlan(record, plan);
      if (runId === undefined && planned.plans.length > 0) return { outcome: 'would-write', written: [], instead };
      if (planned.plans.length > 0 && review !== undefined && !(await review(planned.plans))) {
        return signal.aborted ? undefined : this.#end(task, asset, { outcome: 'not-wanted', written: [] });
      }
      // One after the other: where the first fails, the second would be a half of what was wanted.
      for (const plan of planned.plans) {
        const present = plan.kind === 'media' ? planned.present : [];
        const { result: stamp, applied } = await this.#applyPart(runId ?? 0, record.assetId, plan, present);
        if (stamp !== undefined) stamps.set(plan.kind, stamp);
        ownNow[plan.kind] = applied.own;
      }
    } catch (error) {
      if (!(error instanceof WriteProblem)) throw error;
      if (error.outcome === 'unwritable' && error.path === asset.media.path && asset.media.obstacle === undefined) {
        // It looked as if it could be written. Now the sidecar gets everything.
        return await this.#one(task, withObstacle(seen, error.reason));
      }
      return this.#end(
        task,
        asset,
        { outcome: error.outcome, reason: error.reason, written: [...stamps.keys()] },
        stamps,
      );
    }
    this.#keepOwn(own, ownNow, asset);
    const outcome = stamps.size > 0 ? 'written' : 'already-right';
    const otherNames = [asset.media, asset.sidecar]
      .filter(({ kind, times }) => stamps.has(kind) && (times?.names ?? 1) > 1)
      .map(({ path }) => path);
    return this.#end(task, asset, { outcome, written: [...stamps.keys()], instead, otherNames }, stamps);
  }

  /** Why these plans have to wait, as somebody may be at work on a file; `broken` when nobody can be any more. */
  #doubt({ known }: Task, { media, sidecar }: SeenAsset, plans: readonly WritePlan[]): string | undefined {
    const { settleSeconds } = this.#options;
    const now = Date.now();
    const isYoungSince = (file: FileState, stamp: FileStamp | undefined) =>
      file.times !== undefined && !isSameStamp(file.stamp, stamp) && isYoung(file.times, now, settleSeconds);
    const writes = (kind: WritePlan['kind']) => plans.some((plan) => plan.kind === kind);
    if (isYoungSince(media, known?.stamp)) return CHANGED_JUST_NOW;
    if (writes('sidecar') && isYoungSince(sidecar, known?.sidecar?.stamp)) return `its sidecar: ${CHANGED_JUST_NOW}`;
    if (!writes('media') || isWhole(media.path)) return undefined;
    return media.times !== undefined && isGivenUp(media.times, now) ? 'broken' : 'its end has not arrived yet';
  }

  /** What is ours may change although nothing is written: others have taken it away, or it is wanted by another field now. */
  #keepOwn(before: OwnOfAsset, after: PlannedFiles['own'], { media, sidecar }: SeenAsset): void {
    const { ledger: { commits, files }, runId } = this.#options;
    if (runId === undefined) return;
    for (const { kind, path } of [media, sidecar]) {
      const now = after[kind];
      if (now === undefined || isDeepStrictEqual(now, before[kind])) continue;
      commits.later(() => files.saveOwn(path, now));
    }
  }

  /** Carries out one plan, as far as that can be done in this file. */
  #applyPart(runId: number, assetId: string, plan: WritePlan, present: readonly string[]) {
    return applyWhatCanBe(
      plan,
      this.#options.ledger.files.own(plan.path),
      present,
      (applied) => this.#apply(runId, assetId, applied),
      (tags, reason) =>
        logger.warn('{path}: {tags} not written: {reason}.', {
          path: shownChange(plan.path),
          tags: tags.join(', '),
          reason,
        }),
    );
  }

  /** Carries out one plan: on record before it begins, and on record when it is done. */
  async #apply(runId: number, assetId: string, plan: WritePlan): Promise<FileStamp> {
    const { writer, tree, ledger: { commits, files, journal, deltas } } = this.#options;
    const id = journal.nextId();
    let isBegun = false;
    const begin = async ({ plan, temporaryPath, bytesBefore }: Intent) => {
      const ownBefore = files.own(plan.path);
      await commits.durably(() => journal.begin(id, { runId, assetId, plan, temporaryPath, ownBefore, bytesBefore }));
      isBegun = true;
    };
    try {
      if (plan.isNew) makeRoom(tree, plan.path);
      const stamp = await (await writer.get()).apply(plan, begin, (delta) => deltas.keep(id, delta));
      commits.later(() => {
        journal.finish(id, stamp);
        files.saveOwn(plan.path, plan.own);
      });
      return stamp;
    } catch (error) {
      // Anything else leaves a file of which nobody knows what it is: the next run finds out.
      if (isBegun && error instanceof WriteProblem && !error.isUnsettled) {
        commits.later(() => journal.drop(id));
        deltas.drop([id]);
      }
      throw error;
    }
  }

  /** What is remembered of a file, so that the next run need not look into it, or must. */
  #end(task: Task, { media, sidecar }: SeenAsset, ending: Ending, stamps?: ReadonlyMap<string, FileStamp>): Ending {
    const { ledger: { commits, files }, runId } = this.#options;
    if (runId === undefined) return ending;
    const stamp = stamps?.get('media') ?? media.stamp;
    const sidecarStamp = stamps?.get('sidecar') ?? sidecar.stamp;
    const { outcome } = ending;
    if (!SETTLED.has(outcome) || stamp === undefined) {
      if (task.known !== undefined && !ASKED_AGAIN.has(outcome)) commits.later(() => files.forget(media.path));
      return ending;
    }
    commits.later(() =>
      files.save({
        path: media.path,
        assetId: task.record.assetId,
        runId,
        wanted: task.wanted,
        stamp,
        sidecar: sidecarStamp === undefined ? undefined : { path: sidecar.path, stamp: sidecarStamp },
        outcome,
        reason: media.obstacle?.isPermanent ? media.obstacle.reason : undefined,
        isShared: task.isShared,
        instead: ending.instead,
      })
    );
    return ending;
  }
}

/** How an asset ends whose names are those of other files where capitals are taken for small letters; undefined when they are its own. */
function misnamedIn(spelling: Spelling, { inTree }: Task, { media }: SeenAsset): Ending | undefined {
  const file = spelling.otherThan(media.path);
  if (file !== undefined) {
    return { outcome: 'not-found', reason: `the file there is called ${JSON.stringify(file)}`, written: [] };
  }
  const sidecar = inTree === undefined ? undefined : spelling.otherThan(inTree);
  if (sidecar === undefined) return undefined;
  const reason = `its sidecar would be ${JSON.stringify(sidecar)}, which is that of another photo: ` +
    'the disk of the tree takes capitals for small letters';
  return { outcome: 'failed', reason, written: [] };
}

/** What stays as it is until the record or the file changes. */
const SETTLED: ReadonlySet<Outcome> = new Set(['written', 'already-right', 'unwritable']);

/** What says nothing new about a file. */
const ASKED_AGAIN: ReadonlySet<Outcome> = new Set(['still-changing', 'not-wanted']);

/** What could not be written into a file the last time is not tried again while neither has changed. */
function withKnownObstacle(seen: SeenAsset, { known, wanted }: Task): SeenAsset {
  const { media } = seen;
  if (media.obstacle !== undefined || known?.reason === undefined || known.wanted !== wanted) return seen;
  if (!isSameStamp(known.stamp, media.stamp)) return seen;
  return { ...seen, media: { ...media, obstacle: { reason: known.reason, isPermanent: true } } };
}

/** Throws WriteProblem when it cannot be read. */
function isWhole(path: string): boolean {
  try {
    assertInPlace(path);
    return hasEnd(path);
  } catch (error) {
    throw asWriteProblem(error, path);
  }
}

/** Throws WriteProblem when the directories of a sidecar cannot be made. */
function makeRoom(tree: SidecarTree | undefined, path: string): void {
  try {
    tree?.makeRoom(path);
  } catch (error) {
    throw asWriteProblem(error, path);
  }
}

/** With a media file that cannot be written, so that the sidecar gets everything. */
function withObstacle(seen: SeenAsset, reason: string): SeenAsset {
  return { ...seen, media: { ...seen.media, obstacle: { reason, isPermanent: true } } };
}

/** A path for a log. */
export function shownChange(path: string): string {
  return plain(JSON.stringify(path));
}
