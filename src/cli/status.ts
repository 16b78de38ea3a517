import { Command } from 'commander';
import { type Config, isSharing } from '../config/config.ts';
import { plain } from '../config/quote.ts';
import { bytes as formatBytes, count, countPhotos, dayOf, minuteOf, named } from '../config/words.ts';
import { EXIT } from '../errors.ts';
import type { Sql } from '../postgres/connect.ts';
import { patiently } from '../service/patience.ts';
import { readPaused } from '../service/paused.ts';
import type { OpenConflict } from '../share/both_ways/conflicts.ts';
import { describeConflict, describeMerge, describeWaiting, describeWrittenChange } from '../share/both_ways/words.ts';
import { readWritten, type WrittenChange } from '../share/both_ways/written.ts';
import { describeBrake } from '../share/brake/words.ts';
import { planOnly } from '../share/plan_only.ts';
import { describeRetries, describeStanding } from '../share/standing/words.ts';
import { type CycleSummary, readShareStatus, type ShareStatus } from '../status/share.ts';
import { readWriteBackStatus, type WriteBackStatus } from '../status/write_back.ts';
import { VERSION } from '../version.ts';
import { type Environment, print, printJson, table } from './output.ts';
import { describeCriterion } from '../share/explain/words.ts';
import { stillAtWork } from './still_at_work.ts';
import { withConfiguration } from './with_configuration.ts';
import { OUTCOME_WORDS } from '../writeback/outcome_words.ts';
import { describeInsteads } from './write_words.ts';

interface StatusOptions {
  readonly writtenToSource?: boolean;
  readonly json?: boolean;
  readonly config?: string;
}

/** `immich-sidecar status`: where everything stands. */
export function statusCommand(env: Environment, onExit: (code: number) => void): Command {
  return new Command('status')
    .description('Show what is shared, what is not and why, and what was written into files')
    .option('--written-to-source', 'list instead what recipients have changed and was written into originals')
    .option('--json', 'print it as one JSON object (docs/status.md)')
    .option('--config <file>', 'shares and settings (default: CONFIG_FILE, or config.yaml if it is there)')
    .addHelpText('after', EXAMPLES)
    .action(async (options: StatusOptions) => onExit(await status(env, options)));
}

const EXAMPLES = `
Examples:
  immich-sidecar status
  immich-sidecar status --json | jq '.share.jobs[].standing'
  immich-sidecar status --written-to-source    what both_ways has written, newest last

Changes nothing, and can be asked at any time, also while the service runs.
"reshare --list" names the photos that are left out, "doctor" says what is wrong.`;

async function status(env: Environment, options: StatusOptions): Promise<number> {
  return await withConfiguration(env, { ...options, needJobs: false }, async (config) => {
    if (options.writtenToSource === true) {
      return await patiently(config, (sql) => planOnly(sql, config, undefined, (tx) => listWritten(tx, options)));
    }
    // Who only writes into files may have no access to the database.
    const share = !isSharing(config) ? undefined : await stillAtWork(
      () => 'still counting what is shared',
      () => patiently(config, (sql) => planOnly(sql, config, undefined, readShareStatus)),
    );
    show(config, share, options);
    return EXIT.ok;
  });
}

async function listWritten(sql: Sql, { json = false }: StatusOptions): Promise<number> {
  const written = await readWritten(sql, {});
  if (json) printJson({ written });
  else print(describeWritten(written));
  return EXIT.ok;
}

function describeWritten(written: readonly WrittenChange[]): string {
  if (written.length === 0) return 'Nothing was written into originals.\n';
  return written.map((one) => {
    const undone = one.undoneAt === null ? '' : `; undone ${minuteOf(one.undoneAt.toISOString())}`;
    return `${minuteOf(one.writtenAt.toISOString())} UTC, share ${named(one.job)}: ${
      describeWrittenChange(one)
    }${undone}\n`;
  }).join('') + 'To undo it: immich-sidecar undo-merge --since …\n';
}

function show(config: Config, share: ShareStatus | undefined, { json = false }: StatusOptions): void {
  const writeBack = readWriteBackStatus(config.write.stateDirectory);
  const { syncIntervalSeconds, reconcileHours } = config;
  const pausedSince = readPaused(config.write.stateDirectory);
  if (json) {
    printJson({
      version: VERSION,
      service: {
        isAtWork: share?.isAtWork ?? null,
        syncIntervalSeconds,
        reconcileHours,
        pausedSince: pausedSince ?? null,
      },
      share: share ?? null,
      writeBack: writeBack ?? null,
    });
    return;
  }
  if (pausedSince !== undefined) {
    print(
      `Paused since ${minuteOf(pausedSince)} UTC: the service shares and writes nothing\n` +
        'until it is resumed on the dashboard, but removes what is locked.\n\n',
    );
  }
  print(share === undefined ? 'No shares are configured: nothing is shared.\n' : describeShare(share, config));
  print(`\n${describeWriteBack(writeBack)}`);
}

function describeShare(status: ShareStatus, config: Config): string {
  const { jobs, totals, brakes, kept, remembered, conflicts, merges, waiting, writtenToSource, cycles, isAtWork } =
    status;
  const again = describeRetries(status.retries);
  const rows = jobs.map(({ job, standing, mirrors, people, links, bytes }) => [
    plain(job),
    String(standing?.selected ?? ''),
    String(standing?.mirrored ?? mirrors),
    String(people),
    String(links),
    formatBytes(bytes),
  ]);
  const heading = ['share', 'selected', 'shared', 'people', 'links', 'not stored twice'];
  const rest = jobs.flatMap(({ job, standing, criteria = [], isConfigured, stoppedSince }) => {
    const lines = [...criteria.flatMap(describeCriterion), ...standing === undefined ? [] : describeStanding(standing)];
    if (stoppedSince !== undefined) lines.push(describeStop(job, stoppedSince));
    if (!isConfigured) lines.push('is not configured any more; the next sync removes its photos');
    return lines.length === 0 ? [] : [`\n${plain(job)}\n`, ...lines.map((line) => `  ${line}\n`)];
  });
  return table([heading, ...rows], new Set([1, 2, 3, 4, 5])) +
    (jobs.length > 1
      ? `in all ${countPhotos(totals.mirrors)}, ${count(totals.people, 'person', 'people')}, ${
        count(totals.links, 'link')
      }, ` +
        `${formatBytes(totals.bytes)}\n`
      : '') +
    rest.join('') +
    brakes.map((brake) => `\n${describeBrakeOf(brake, config)}\n`).join('') +
    waiting.map((one) => `\n${describeWaiting(one)}\n`).join('') +
    describeConflicts(conflicts) +
    merges.map((one) => `\n${describeMerge(one)}\n`).join('') +
    (writtenToSource === 0
      ? ''
      : `\n${
        count(writtenToSource, 'change')
      } of recipients in originals: immich-sidecar status --written-to-source\n`) +
    (again === undefined ? '' : `\n${again}\n`) +
    describeKept(kept) +
    describeRemembered(remembered) +
    `\n${describeService(isAtWork, config)}\n` +
    describeCycles(cycles);
}

function describeBrakeOf(brake: ShareStatus['brakes'][number], { jobs }: Config): string {
  const isConfigured = jobs.some(({ name }) => name === brake.job);
  const confirmed = brake.confirmedAt === null ? '' : '\n  Confirmed; the next sync removes them.';
  return `${describeBrake({ ...brake, isConfigured, emptyDirectory: undefined })}${confirmed}`;
}

function describeStop(job: string, since: Date | null): string {
  const when = since === null ? '' : ` since ${dayOf(since)}`;
  return `stopped by the recipient${when}, who has deleted its library in Immich; to share it again: immich-sidecar reshare --job ${
    named(job)
  }`;
}

/** Longer lists are left to `resolve`. */
const MOST_CONFLICTS = 20;

function describeConflicts(conflicts: readonly OpenConflict[]): string {
  if (conflicts.length === 0) return '';
  const rest = conflicts.length - MOST_CONFLICTS;
  return `\n${count(conflicts.length, 'conflict')}, to be decided with immich-sidecar resolve\n` +
    conflicts.slice(0, MOST_CONFLICTS).flatMap(describeConflict).map((line) => `  ${line}\n`).join('') +
    (rest > 0 ? `  and ${rest} more\n` : '');
}

function describeKept({ files, bytes }: ShareStatus['kept']): string {
  if (files === 0) return '';
  return `\n${count(files, 'file was', 'files were')} kept (${
    formatBytes(bytes)
  }), as each may be the last copy of something: immich-sidecar kept list\n`;
}

function describeRemembered(remembered: ShareStatus['remembered']): string {
  const photos = remembered.reduce((sum, job) => sum + job.photos, 0);
  if (photos === 0) return '';
  return `\n${
    count(photos, 'photo that is', 'photos that are')
  } not shared now: what the receiver had done is kept, and given back\n`;
}

function describeService(isAtWork: boolean, { syncIntervalSeconds, reconcileHours }: Config): string {
  return isAtWork
    ? `An immich-sidecar is at work. A service looks for changes every ${syncIntervalSeconds} s,\n` +
      `and at everything every ${reconcileHours} h.`
    : 'No immich-sidecar is at work: nothing follows until the next sync or serve.';
}

function describeCycles(cycles: readonly CycleSummary[]): string {
  if (cycles.length === 0) return 'No sync has changed anything yet.\n';
  const rows = cycles.map(({ startedAt, seconds, created, withdrawn, rowsUpdated, filesUpdated, ...rest }) => [
    minuteOf(startedAt.toISOString()),
    String(created),
    String(withdrawn),
    String(rowsUpdated + filesUpdated),
    String(rest.problems),
    `${seconds.toFixed(1)} s`,
    rest.isBraked ? 'paused' : '',
  ]);
  const heading = ['last syncs (UTC)', 'new', 'removed', 'updated', 'failed', 'took', ''];
  return `\n${table([heading, ...rows], new Set([1, 2, 3, 4, 5]))}`;
}

function describeWriteBack(status: WriteBackStatus | undefined): string {
  if (status === undefined) return 'Nothing was written into files from here.\n';
  if ('problem' in status) return `The history of write-back cannot be read now: ${status.problem}\n`;
  const { files, sidecarInstead, undo, lastRun, isOpen } = status;
  const rows = Object.entries(OUTCOME_WORDS).flatMap(([outcome, words]) => {
    const count = files[outcome as keyof typeof files];
    return count === undefined ? [] : [[String(count), words]];
  });
  const run = lastRun === undefined
    ? 'no run yet'
    : `run ${lastRun.id}, ${minuteOf(lastRun.startedAt)} UTC, ${lastRun.state}`;
  return `Written into files: ${run}${isOpen ? ', in use' : ''}\n` +
    table(rows.map((row) => ['', ...row]), new Set([1])) + describeInsteads(sidecarInstead) +
    (undo.changes === 0
      ? ''
      : `${count(undo.changes, 'change')} can be undone${
        undo.bytes === 0 ? '' : `, for which ${formatBytes(undo.bytes)} are kept`
      }\n`);
}
