import { getLogger } from '@logtape/logtape';
import type { Config } from '../config/config.ts';
import { UserError } from '../errors.ts';
import { noteRewritten } from '../files/rewritten.ts';
import { discardOlder } from './discard.ts';
import { Ledger } from './ledger/ledger.ts';
import type { Counts } from './ledger/runs.ts';
import { SecondAssets } from './ledger/second_assets.ts';
import { WRITE_LIMITS, type WriteLimits } from './limits.ts';
import { Locator, pathRulesOf } from './locate.ts';
import { MountCheck } from './mount_check.ts';
import { Sidecars } from './sidecar_choice.ts';
import { SidecarTree } from './sidecar_tree.ts';
import type { FieldName } from './fields/fields.ts';
import type { WritePlan } from './tags.ts';
import { MAPPING_VERSION } from './plan_files.ts';
import { LazyWriter, workersOf } from './open_writer.ts';
import type { AssetRecord } from './fields/record.ts';
import type { Outcome } from './outcome.ts';
import { AssetWork } from './run/asset_work.ts';
import { type OpenSource, openSource } from './run/open_source.ts';
import { removeGoneSidecars } from './run/gone_sidecars.ts';
import { recover } from './run/recover.ts';
import { type WriteReport, WriteTally } from './run/report.ts';
import { runAssets, type RunContext } from './run/run.ts';
import { SidecarDirectories } from './run/sidecar_directories.ts';
import { chooser } from './run/choice.ts';
import { UploadedSidecars } from './run/uploaded_sidecars.ts';

const logger = getLogger(['immich-sidecar', 'writeback']);

/** Told while a run works. */
export interface WriteProgress {
  /** Whether anybody looks: counting what lies ahead is not free. */
  readonly isShown: boolean;
  start(job: string, total: number, unit: 'photos'): void;
  advance(done: number): void;
  stop(): void;
}

export interface WriteOptions {
  readonly fields: readonly FieldName[];
  /** Plans everything and writes nothing. */
  readonly isDryRun: boolean;
  /** Goes on with the last run that was interrupted, if there is one. */
  readonly isResume: boolean;
  readonly clearCheckpoint: boolean;
  readonly clearAlbumCache: boolean;
  readonly since: Date | undefined;
  /** Only these assets; WRITE_SOURCE=database only. */
  readonly assetIds?: readonly string[];
  /**
   * It looks at a few assets because they have changed: it is no part of another run that was interrupted, and leaves no trace in the ledger's list of
   * runs when there was nothing to be written.
   */
  readonly isOfChanges?: boolean;
  /** Is told how each asset has ended. */
  readonly onOutcome?: (assetId: string, outcome: Outcome) => void;
  /** When aborted, what was begun is finished and the report is that of an interrupted run. */
  readonly signal: AbortSignal;
  readonly progress: WriteProgress;
  /** WRITE_LIMITS when left out. */
  readonly limits?: WriteLimits;
  /** Is given every plan before it is carried out. */
  readonly onPlan: (record: AssetRecord, plan: WritePlan) => void;
  /** Is asked whether the plans of an asset are to be carried out; left out: all are. */
  readonly review?: ((plans: readonly WritePlan[]) => Promise<boolean>) | undefined;
}

/**
 * Writes what Immich knows into the files: one run over all assets of the source.
 *
 * Throws UserError and RefusedError before anything is written when the configuration, Immich, the ledger or ExifTool is
 * not as it must be, and later when one of them fails or most of the files are not there; what was written until then is
 * whole and on record.
 */
export async function writeBack(config: Config, options: WriteOptions): Promise<WriteReport> {
  const { stateDirectory } = config.write;
  using ledger = options.isDryRun ? Ledger.openToLook(stateDirectory) : Ledger.open(stateDirectory, options.limits);
  if (options.clearAlbumCache) ledger.albums.clear();
  if (options.clearCheckpoint && !options.isDryRun) ledger.runs.clearCheckpoint();
  if (!options.isDryRun) ledger.follow(new Locator(pathRulesOf(config)).moved());
  using _ = options.isDryRun ? undefined : recover(ledger, stateDirectory);
  await using opened = await openSource(config, options.fields, ledger.albums, options.signal);
  await using writer = new LazyWriter(config.write, options.fields, options.isDryRun ? undefined : stateDirectory);
  return await run(config, options, { ledger, writer, ...opened });
}

interface Tools extends Pick<OpenSource, 'source' | 'locator'> {
  readonly ledger: Ledger;
  readonly writer: LazyWriter;
}

async function run(
  config: Config,
  options: WriteOptions,
  { ledger, source, locator, writer }: Tools,
): Promise<WriteReport> {
  const { fields, since, assetIds, signal, progress, isDryRun, isOfChanges = false, limits = WRITE_LIMITS } = options;
  const { destination, sidecarName, captionMaxLength, timeZone, settleSeconds, intoShared, regions } = config.write;
  const tree = SidecarTree.open(destination, locator.realDirectories);
  const began = performance.now();
  const startedAt = new Date().toISOString();
  const identity = JSON.stringify({
    ...{ modules: fields.toSorted(), to: destination, source: config.write.source, since },
    ...(intoShared ? { intoShared } : {}),
  });
  const { runId, before } = isDryRun
    ? NO_RUN
    : isOfChanges
    ? { runId: ledger.runs.start(identity, startedAt), before: {} }
    : beginRun(ledger, identity, startedAt, options.isResume);
  const tally = new WriteTally(limits, before);
  const resumed = tally.assets;
  const mount = new MountCheck(locator);
  const sidecars = new Sidecars(sidecarName);
  const wish = { fields, destination, captionMaxLength, timeZone, regions };
  logger.info('{source}', { source: source.describe() });
  progress.start('write', progress.isShown ? await source.count({ fields, since, assetIds }) ?? 0 : 0, 'photos');
  progress.advance(resumed);
  const context: RunContext = {
    ...{ ledger, locator, mount, tree, tally, runId, signal, limits, concurrency: workersOf(config.write) + 1 },
    isResumed: resumed > 0,
    settleSeconds,
    choose: chooser(wish, MAPPING_VERSION, intoShared),
    knowsMirrors: source.knowsMirrors,
    work: new AssetWork({
      ...{ writer, ledger, runId, signal, settleSeconds, sidecars, tree },
      plan: wish,
      onPlan: warnOfUploads(options.onPlan),
      review: options.review,
    }),
    seconds: new SecondAssets(ledger),
    directories: new SidecarDirectories(limits),
    sidecars,
    uploadedSidecars: source.knowsSidecars ? undefined : new UploadedSidecars(),
    onRewritten: (assetIds) => noteRewritten(config.write.stateDirectory, assetIds),
    onEnd: progress.advance,
    onOutcome: options.onOutcome ?? (() => {}),
  };
  let isFinished = false;
  try {
    await runAssets(context, source.pages({ fields, since, assetIds }));
    isFinished = !signal.aborted;
    const { presenceOf } = source;
    if (isFinished && tree !== undefined && !isDryRun && presenceOf !== undefined && since === undefined) {
      const onTrouble = (path: string, reason: string) => tally.note({ path, outcome: 'changed-meanwhile', reason });
      await removeGoneSidecars({ ledger, tree, presenceOf, assetIds, onTrouble });
    }
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
  } finally {
    progress.stop();
    if (runId !== undefined && !ledger.commits.hasFailed) {
      const seesAll = isFinished && since === undefined && assetIds === undefined && resumed === 0;
      ledger.commits.later(() => {
        context.seconds.save({ seesAll });
        ledger.runs.end(
          runId,
          isFinished || isOfChanges ? 'finished' : 'interrupted',
          tally.counts,
          new Date().toISOString(),
        );
        if (isOfChanges) ledger.runs.dropIdle(runId);
      });
      ledger.commits.now();
      if (isFinished && config.write.undoDays !== undefined) discardOlder(ledger, config.write.undoDays);
    }
  }
  tally.check();
  // Of a few photos most may well be away.
  const problem = isFinished && !isOfChanges ? mount.end() : undefined;
  if (problem !== undefined) throw problem;
  return {
    run: runId,
    dryRun: isDryRun,
    source: source.describe(),
    modules: fields,
    to: destination,
    startedAt,
    seconds: Math.round(performance.now() - began) / 1000,
    assets: tally.assets,
    resumed,
    outcomes: tally.counts,
    mediaWritten: tally.written.media,
    sidecarsWritten: tally.written.sidecar,
    privateLeftOut: tally.leftOut,
    sidecarInstead: tally.insteads.list(),
    otherNamesKept: tally.otherNamesKept,
    complete: isFinished && tally.failed === 0,
    interrupted: !isFinished,
    troubles: tally.troubles,
  };
}

const NO_RUN = Object.freeze({ runId: undefined, before: {} });

/** A new run, or the last one that was interrupted. One with other options is no continuation of that. */
function beginRun(
  { runs }: Ledger,
  identity: string,
  startedAt: string,
  isResume: boolean,
): { readonly runId: number; readonly before: Counts } {
  const last = runs.interrupted();
  if (isResume && last !== undefined) {
    if (last.options !== identity) {
      throw new UserError(`Run ${last.id} was interrupted, but it had other options: ${last.options}.`, {
        problemCode: 'other-options',
        remedy: 'Give the same options, or begin anew with --clear-checkpoint.',
      });
    }
    runs.restart(last.id);
    return { runId: last.id, before: runs.doneCounts(last.id) };
  }
  if (last !== undefined) {
    logger.info('run {run} was interrupted; this one begins anew, --resume would have gone on with it', {
      run: last.id,
    });
    runs.clearCheckpoint();
  }
  return { runId: runs.start(identity, startedAt), before: {} };
}

/** Says once what Immich will say of uploaded originals that are written into. */
function warnOfUploads(onPlan: WriteOptions['onPlan']): WriteOptions['onPlan'] {
  let isSaid = false;
  return (record, plan) => {
    if (!isSaid && plan.kind === 'media' && !record.isExternal) {
      isSaid = true;
      logger.warn(
        "Uploaded originals are written into. Their checksums change, and Immich's integrity report (3.0 and later) will list " +
          'them as damaged; with --to sidecar they stay as they were uploaded.',
      );
    }
    onPlan(record, plan);
  };
}
