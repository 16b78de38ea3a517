import { getLogger } from '@logtape/logtape';
import { plain } from '../../config/quote.ts';
import type { SeenAsset } from '../file_state.ts';
import type { KnownFile } from '../ledger/files.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Located } from '../locate.ts';
import type { Outcome } from '../outcome.ts';
import { planFiles, type PlanOptions } from '../plan_files.ts';
import type { AssetRecord } from '../record.ts';
import type { FilePlan, FileStamp } from '../tags.ts';
import { WriteProblem } from '../write_problem.ts';
import type { Intent, Writer } from '../writer.ts';

const logger = getLogger(['immich-sidecar', 'writeback']);

/** An asset whose files have to be looked into. */
export interface Task {
  readonly record: AssetRecord;
  readonly file: Located & { readonly isFound: true };
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
  readonly written: readonly FilePlan['kind'][];
}

export interface WorkOptions {
  readonly writer: Writer;
  readonly ledger: Ledger;
  readonly plan: PlanOptions;
  /** undefined for a dry run: nothing is written, neither files nor ledger. */
  readonly runId: number | undefined;
  /** Is given every plan before it is carried out. */
  readonly onPlan: (record: AssetRecord, plan: FilePlan) => void;
}

/** Looks into the files of assets, plans what to write and does it. */
export class AssetWork {
  readonly #options: WorkOptions;

  constructor(options: WorkOptions) {
    this.#options = options;
  }

  /**
   * In the order of the tasks. A file that cannot be read or written is an ending; throws when the ledger or ExifTool as
   * such fails.
   */
  async run(tasks: readonly Task[]): Promise<Ending[]> {
    const seen = await this.#options.writer.look(tasks.map(({ file }) => file));
    return await Promise.all(tasks.map(async (task, index) => {
      const asset = seen[index];
      if (asset === undefined) throw new Error('The writer looked at fewer files than it was given.');
      return await this.#one(task, asset);
    }));
  }

  async #one(task: Task, seen: SeenAsset): Promise<Ending> {
    const { ledger, plan: options, runId, onPlan } = this.#options;
    const { record } = task;
    const own = { media: ledger.files.own(seen.media.path), sidecar: ledger.files.own(seen.sidecar.path) };
    const planned = planFiles(record, seen, own, options);
    for (const reason of planned.refused) {
      logger.warn('{path}: {reason}.', { path: plain(JSON.stringify(seen.media.path)), reason });
    }
    if (planned.obstacle !== undefined) {
      const { reason, isPermanent } = planned.obstacle;
      return this.#end(task, seen, { outcome: isPermanent ? 'unwritable' : 'failed', reason, written: [] });
    }
    for (const plan of planned.plans) onPlan(record, plan);
    if (planned.plans.length === 0) {
      return this.#end(task, seen, { outcome: planned.isNothing ? 'nothing-known' : 'already-right', written: [] });
    }
    if (runId === undefined) return { outcome: 'would-write', written: [] };
    const written: FilePlan[] = [];
    const stamps = new Map<FilePlan['kind'], FileStamp>();
    try {
      // One after the other: where the first fails, the second would be a half of what was wanted.
      for (const plan of planned.plans) {
        stamps.set(plan.kind, await this.#apply(runId, record.assetId, plan));
        written.push(plan);
      }
    } catch (error) {
      if (!(error instanceof WriteProblem)) throw error;
      const ending = { outcome: error.outcome, reason: error.reason, written: written.map(({ kind }) => kind) };
      return this.#end(task, seen, ending, stamps);
    }
    return this.#end(task, seen, { outcome: 'written', written: written.map(({ kind }) => kind) }, stamps);
  }

  /** Carries out one plan: on record before it begins, and on record when it is done. */
  async #apply(runId: number, assetId: string, plan: FilePlan): Promise<FileStamp> {
    const { writer, ledger: { commits, files, journal } } = this.#options;
    const id = journal.nextId();
    let isBegun = false;
    const begin = async ({ plan, temporaryPath, bytesBefore }: Intent) => {
      const ownBefore = files.own(plan.path);
      await commits.durably(() => journal.begin(id, { runId, assetId, plan, temporaryPath, ownBefore, bytesBefore }));
      isBegun = true;
    };
    try {
      const stamp = await writer.apply(plan, begin);
      commits.later(() => {
        journal.finish(id, stamp);
        files.saveOwn(plan.path, plan.own);
      });
      return stamp;
    } catch (error) {
      // Anything else leaves a file of which nobody knows what it is: the next run finds out.
      if (isBegun && error instanceof WriteProblem) commits.later(() => journal.drop(id));
      throw error;
    }
  }

  /** What is remembered of a file, so that the next run need not look into it, or must. */
  #end(task: Task, { media, sidecar }: SeenAsset, ending: Ending, stamps?: ReadonlyMap<string, FileStamp>): Ending {
    const { ledger: { commits, files }, runId } = this.#options;
    if (runId === undefined) return ending;
    const stamp = stamps?.get('media') ?? media.stamp;
    const sidecarStamp = stamps?.get('sidecar') ?? sidecar.stamp;
    const { outcome, reason } = ending;
    if (!SETTLED.has(outcome) || stamp === undefined) {
      if (task.known !== undefined) commits.later(() => files.forget(media.path));
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
        reason,
      })
    );
    return ending;
  }
}

/** What stays as it is until the record or the file changes. */
const SETTLED: ReadonlySet<Outcome> = new Set(['written', 'already-right', 'nothing-known', 'unwritable']);
