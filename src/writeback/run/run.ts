import { existsSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { getLogger } from '@logtape/logtape';
import { dirname } from 'node:path/posix';
import type { KnownFile } from '../ledger/files.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { WriteLimits } from '../limits.ts';
import type { SecondAssets } from '../ledger/second_assets.ts';
import type { Located, Locator } from '../locate.ts';
import type { MountCheck } from '../mount_check.ts';
import type { Outcome } from '../outcome.ts';
import type { RecordItem, SourceItem } from '../records/source.ts';
import type { FoundSidecar, Sidecars } from '../sidecar_choice.ts';
import { sidecarCandidates } from '../sidecar_path.ts';
import { NOTHING_OWN } from '../fields/values.ts';
import { type AssetWork, CHANGED_JUST_NOW, type Ending, shownChange, type Task } from './asset_work.ts';
import type { Choice } from './choice.ts';
import { rememberedOutcome } from './known.ts';
import { isYoung } from '../settled.ts';
import type { WriteTally } from './report.ts';
import type { SidecarDirectories } from './sidecar_directories.ts';
import type { SidecarTree } from '../sidecar_tree.ts';
import type { UploadedSidecars } from './uploaded_sidecars.ts';
import { saysNothing } from './wanted.ts';
import { isSameStamp } from '../files.ts';

const logger = getLogger(['immich-sidecar', 'writeback']);

/**
 * Assets that are dealt with in one go. Then others have their turn: answers of the database for the next page, signals,
 * and the progress bar. With 1,000 the database and this program would work in turns instead of at once.
 */
const TURN = 12;

/** Files that ExifTool reads with one command. */
const BATCH = 16;

/** What a run works with. */
export interface RunContext {
  readonly ledger: Ledger;
  readonly locator: Locator;
  readonly mount: MountCheck;
  readonly tree: SidecarTree | undefined;
  readonly tally: WriteTally;
  /** The number of this run; undefined for a dry run, which leaves no trace in the ledger. */
  readonly runId: number | undefined;
  /** Whether an earlier part of this run is done with some assets. */
  readonly isResumed: boolean;
  /** What is written of an asset, by whether somebody else has a mirror of it. */
  readonly choose: (isShared: boolean) => Choice;
  /** See RecordSource. */
  readonly knowsMirrors: boolean;
  readonly work: AssetWork;
  readonly seconds: SecondAssets;
  readonly directories: SidecarDirectories;
  readonly sidecars: Sidecars;
  /** Those of uploads, of which the source does not tell whose they are; undefined: it does. */
  readonly uploadedSidecars: UploadedSidecars | undefined;
  readonly limits: Pick<WriteLimits, 'young'>;
  /** How many batches are worked on at once. */
  readonly concurrency: number;
  /** WRITE_SETTLE_SECONDS */
  readonly settleSeconds: number;
  /** Aborted when the user wants to stop: what was begun is finished, nothing more is begun. */
  readonly signal: AbortSignal;
  /** Files of these assets were replaced, which somebody else has mirrors of. */
  readonly onRewritten: (assetIds: readonly string[]) => void;
  /** So many assets have come to their end. */
  readonly onEnd: (assets: number) => void;
  /** An asset has ended like this. */
  readonly onOutcome: (assetId: string, outcome: Outcome) => void;
}

/**
 * Takes every asset to exactly one outcome. Memory holds one page of them and the next. A file that fails never stops the rest;
 * throws only when the ledger, the source of the records or ExifTool as such fails, or when the library is mounted elsewhere.
 */
export async function runAssets(context: RunContext, pages: AsyncIterable<readonly SourceItem[]>): Promise<void> {
  const young: SourceItem[] = [];
  for await (const page of pages) {
    nextPage(context);
    await new Page(context, young).run(context.isResumed ? withoutDone(context, page) : page);
    if (context.signal.aborted) return;
  }
  nextPage(context);
  await new Page(context, undefined).run(young);
}

function nextPage({ directories, sidecars }: RunContext): void {
  directories.nextPage();
  sidecars.nextPage();
}

/** Some assets, whose rows in the ledger are read with one statement. What was begun of them is waited for before the next. */
class Page {
  readonly #context: RunContext;
  readonly #claims = new Map<string, string>();
  /** No p-limit: that takes on whatever it is given, and a batch that waits holds its records. */
  readonly #underWay = new Set<Promise<void>>();
  /** Files that were not looked for on their way, as they are what they were. */
  readonly #unlocated = new WeakSet<Located>();
  #batch: Task[] = [];
  readonly #rewritten: string[] = [];
  #failure: unknown;

  readonly #young: SourceItem[] | undefined;

  /** @param young takes what somebody may be at work on; undefined when it is not looked at again in this run */
  constructor(context: RunContext, young: SourceItem[] | undefined) {
    this.#context = context;
    this.#young = young;
  }

  async run(items: readonly SourceItem[]): Promise<void> {
    const { ledger, mount, tally, signal, onEnd } = this.#context;
    const { files, known } = await this.#look(items);
    for (const [index, item] of items.entries()) {
      if (index % TURN === 0) await setImmediate();
      if (signal.aborted || this.#failure !== undefined) break;
      const file = files[index];
      if (item.kind === 'mirror' || file === undefined) {
        tally.look();
        tally.end('mirror');
        onEnd(1);
        continue;
      }
      if (this.#young !== undefined) this.#failure ??= mount.add(item.record.originalPath, file);
      const next = this.#located(item, this.#decide(item, file, known), known);
      if (next === 'still-changing' && this.#comesLater(item)) continue;
      tally.look();
      if (next === 'still-changing') tally.note({ path: file.path ?? '', outcome: next, reason: CHANGED_JUST_NOW });
      if (typeof next === 'string') {
        tally.end(next);
        this.#context.onOutcome(item.record.assetId, next);
        onEnd(1);
      } else {
        this.#batch.push(next);
        if (this.#batch.length >= BATCH) await this.#start();
      }
    }
    await this.#start();
    await Promise.all(this.#underWay);
    this.#context.onRewritten(this.#rewritten);
    if (this.#failure !== undefined) throw this.#failure;
    ledger.commits.now();
  }

  /** Where the originals are, and what the ledger knows of them. */
  async #look(items: readonly SourceItem[]): Promise<{
    readonly files: readonly (Located | undefined)[];
    readonly known: ReadonlyMap<string, KnownFile>;
  }> {
    const { ledger, locator } = this.#context;
    const paths = items.map((item) => item.kind === 'record' ? locator.toLocal(item.record.originalPath) : undefined);
    const known = new Map(ledger.files.find(paths.filter((path) => path !== undefined)));
    const files: (Located | undefined)[] = [];
    const elsewhere: string[] = [];
    for (const [index, item] of items.entries()) {
      if (index % TURN === 0) await setImmediate();
      if (item.kind !== 'record') {
        files.push(undefined);
        continue;
      }
      const path = paths[index] ?? '';
      const row = known.get(path);
      const unchanged = row && locator.unchanged(path, row.stamp);
      if (unchanged !== undefined) this.#unlocated.add(unchanged);
      const file = unchanged ?? locator.locate(item.record.originalPath);
      if (file.isFound && file.realPath !== path) elsewhere.push(file.realPath);
      files.push(file);
    }
    if (elsewhere.length > 0) { for (const [path, row] of ledger.files.find(elsewhere)) known.set(path, row); }
    return { files, known };
  }

  /** What is to be looked into is found by its whole way, if it was not. */
  #located(item: RecordItem, next: Outcome | Task, known: ReadonlyMap<string, KnownFile>): Outcome | Task {
    if (typeof next === 'string' || !this.#unlocated.has(next.file)) return next;
    const file = this.#context.locator.locate(item.record.originalPath);
    const isThere = file.isFound && file.path === next.file.path && file.realPath === next.file.realPath;
    return isThere ? { ...next, file } : this.#decide(item, file, known, true);
  }

  /** How an asset ends that need not be looked into, or what to do with it. */
  #decide(item: RecordItem, file: Located, known: ReadonlyMap<string, KnownFile>, isAgain = false): Outcome | Task {
    const { tally, choose, knowsMirrors, seconds, settleSeconds, runId = -1 } = this.#context;
    const { record } = item;
    if (!file.isFound) {
      const where = file.path ?? record.originalPath;
      logger.debug('{path}: {reason}', { path: shownChange(where), reason: file.reason });
      tally.note({ path: where, outcome: 'not-found', reason: file.reason });
      return 'not-found';
    }
    const path = file.realPath;
    const row = known.get(path);
    const claim = this.#claims.get(path);
    const holder = claim === undefined ? row : { assetId: claim, runId };
    if (seconds.isSecond(path, record.assetId, holder, runId)) return 'same-file';
    this.#claims.set(path, record.assetId);
    // A file that was written has one name until the next share cycle.
    const isShared = item.isShared || (!knowsMirrors && (file.times.names > 1 || row?.isShared === true));
    const choice = choose(isShared);
    if (this.#young !== undefined && !isAgain && choice.leavesOut(record)) tally.leaveOut();
    const sidecar = this.#recorded(item);
    const inTree = this.#context.tree?.placeOf(record.originalPath);
    if (row === undefined && saysNothing(record, choice.fields) && !this.#hasOwn(file, inTree ?? sidecar)) {
      return 'nothing-known';
    }
    const wanted = choice.digest(record);
    const remembered = rememberedOutcome(row, wanted, file.stamp, this.#sidecarOf(file, row, sidecar, inTree));
    if (remembered !== undefined) {
      if (row?.instead !== undefined) tally.insteads.add(row.instead, file.path);
      return remembered;
    }
    // What is as the ledger has it was whole then, and is not what somebody is at work on: we may have written it just now.
    const isNew = row === undefined || !isSameStamp(row.stamp, file.stamp);
    if (isNew && isYoung(file.times, Date.now(), settleSeconds)) return 'still-changing';
    const uploaded = record.isExternal ? undefined : this.#context.uploadedSidecars?.of(item, file);
    if (uploaded !== undefined) {
      tally.note({ path: file.path, outcome: 'sidecar-unknown', reason: uploaded });
      logger.warn('{path}: {reason}.', { path: shownChange(file.path), reason: uploaded });
      return 'sidecar-unknown';
    }
    return { item, record, file, sidecar, inTree, fields: choice.fields, isShared, known: row, wanted };
  }

  /** The sidecar of an original, as far as that is known without a look into it. */
  #sidecarOf(
    { path }: Located & { readonly isFound: true },
    row: KnownFile | undefined,
    recorded: string | undefined,
    inTree: string | undefined,
  ): FoundSidecar {
    const { directories, sidecars } = this.#context;
    if (inTree !== undefined) return { path: existsSync(inTree) ? inTree : undefined, isShared: false };
    const hasNone = recorded === undefined && row !== undefined && directories.hasNone(dirname(path));
    return hasNone ? NO_SIDECAR : sidecars.find(path, recorded);
  }

  /** Where the sidecar lies that Immich has on record: of an upload it is another directory and another name. */
  #recorded({ sidecarPath }: RecordItem): string | undefined {
    const found = sidecarPath === undefined ? undefined : this.#context.locator.locate(sidecarPath);
    return found?.isFound ? found.path : undefined;
  }

  /** Whether it is looked at once more at the end of the run. */
  #comesLater(item: RecordItem): boolean {
    if (this.#young === undefined || this.#young.length >= this.#context.limits.young) return false;
    this.#young.push(item);
    return true;
  }

  /** Whether something of ours is in the original or its sidecar, that could have to be undone. */
  #hasOwn({ path, realPath }: Located & { readonly isFound: true }, sidecar: string | undefined): boolean {
    const { files } = this.#context.ledger;
    return [realPath, ...sidecarCandidates(path), sidecar ?? path].some((place) => files.own(place) !== NOTHING_OWN);
  }

  /** Begins the batch as soon as there is room for it. */
  async #start(): Promise<void> {
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    const work: Promise<void> = this.#work(batch).finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
    if (this.#underWay.size >= this.#context.concurrency) await Promise.race(this.#underWay);
  }

  /** Never rejects. */
  async #work(batch: readonly Task[]): Promise<void> {
    const { tally, work, onEnd } = this.#context;
    let later = 0;
    try {
      const endings = await work.run(batch);
      for (const [index, task] of batch.entries()) {
        const ending = endings[index];
        const isLater = ending?.outcome === 'still-changing' && this.#comesLater(task.item);
        if (isLater) later++;
        if (ending === undefined || isLater) tally.giveBack();
        else this.#finish(task, ending);
      }
    } catch (error) {
      // What is not the fault of one file ends the run.
      this.#failure ??= error;
      for (const _ of batch) tally.end('failed');
    }
    onEnd(batch.length - later);
  }

  #finish(
    { record, file, known, isShared }: Task,
    { outcome, reason, written, instead, otherNames = [] }: Ending,
  ): void {
    const { tally, ledger, runId, onOutcome } = this.#context;
    tally.end(outcome);
    onOutcome(record.assetId, outcome);
    for (const kind of written) tally.wrote(kind);
    if (isShared && written.length > 0) this.#rewritten.push(record.assetId);
    if (instead !== undefined) {
      tally.insteads.add(instead, file.path);
      const level = known?.instead === instead ? 'debug' : 'info';
      logger[level]('{path}: a sidecar instead, as {instead}.', { path: shownChange(file.path), instead });
    }
    for (const path of otherNames) {
      tally.keepOtherNames();
      logger.info('{path}: it had other names (hard links), which keep what they had.', { path: shownChange(path) });
    }
    if (reason !== undefined) {
      tally.note({ path: file.path, outcome, reason });
      // Said once of what can never be written. That a copy is under way is nothing to worry about.
      const isNews = outcome !== 'unwritable' || known?.outcome !== 'unwritable';
      const level = outcome === 'still-changing' ? 'info' : isNews ? 'warn' : 'debug';
      logger[level]('{path}: {reason}.', { path: shownChange(file.path), reason });
    }
    if (runId === undefined || !tally.isFinal(outcome)) return;
    ledger.commits.later(() => ledger.runs.markDone(runId, record.assetId, outcome));
  }
}

/** existsSync takes 1 µs for what is not there, and the list of a directory less. */
const NO_SIDECAR: FoundSidecar = Object.freeze({ path: undefined, isShared: false });

function withoutDone({ ledger, runId = -1 }: RunContext, items: readonly SourceItem[]): readonly SourceItem[] {
  const idOf = (item: SourceItem) => item.kind === 'record' ? item.record.assetId : item.assetId;
  const done = ledger.runs.done(runId, items.map(idOf));
  return items.filter((item) => !done.has(idOf(item)));
}
