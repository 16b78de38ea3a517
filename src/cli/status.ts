import { Command } from 'commander';
import { type Config, isSharing } from '../config/config.ts';
import { plain } from '../config/quote.ts';
import { bytes as formatBytes, count, countPhotos, dayOf, minuteOf, named } from '../config/words.ts';
import { EXIT } from '../errors.ts';
import { patiently } from '../service/patience.ts';
import { readPaused } from '../service/paused.ts';
import { describeBrake } from '../share/brake/words.ts';
import { planOnly } from '../share/plan_only.ts';
import { describeStanding } from '../share/standing/words.ts';
import { type CycleSummary, readShareStatus, type ShareStatus } from '../status/share.ts';
import { readWriteBackStatus, type WriteBackStatus } from '../status/write_back.ts';
import { VERSION } from '../version.ts';
import { type Environment, print, printJson, table } from './output.ts';
import { describeCriterion } from '../share/explain/words.ts';
import { withConfiguration } from './with_configuration.ts';
import { describeInsteads, OUTCOME_WORDS } from './write_words.ts';

interface StatusOptions {
  readonly json?: boolean;
  readonly config?: string;
}

/** `immich-sidecar status`: where everything stands. */
export function statusCommand(env: Environment, onExit: (code: number) => void): Command {
  return new Command('status')
    .description('Show what is shared, what is not and why, and what was written into files')
    .option('--json', 'print it as one JSON object (docs/status.md)')
    .option('--config <file>', 'jobs and settings (default: CONFIG_FILE, or config.yaml if it is there)')
    .addHelpText('after', EXAMPLES)
    .action(async (options: StatusOptions) => onExit(await status(env, options)));
}

const EXAMPLES = `
Examples:
  immich-sidecar status
  immich-sidecar status --json | jq '.share.jobs[].standing'

Changes nothing, and can be asked at any time, also while the service runs.
"reshare --list" names the photos that are left out, "doctor" says what is wrong.`;

async function status(env: Environment, options: StatusOptions): Promise<number> {
  return await withConfiguration(env, { ...options, needJobs: false }, async (config) => {
    // Who only writes into files may have no access to the database.
    const share = !isSharing(config)
      ? undefined
      : await patiently(config, (sql) => planOnly(sql, config, undefined, readShareStatus));
    show(config, share, options);
    return EXIT.ok;
  });
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
        'until it is resumed on the dashboard, but withdraws what is locked.\n\n',
    );
  }
  print(share === undefined ? 'No jobs are configured: nothing is shared.\n' : describeShare(share, config));
  print(`\n${describeWriteBack(writeBack)}`);
}

function describeShare(status: ShareStatus, config: Config): string {
  const { jobs, totals, brakes, kept, remembered, cycles, isAtWork } = status;
  const rows = jobs.map(({ job, standing, mirrors, people, links, bytes }) => [
    plain(job),
    String(standing?.selected ?? ''),
    String(standing?.mirrored ?? mirrors),
    String(people),
    String(links),
    formatBytes(bytes),
  ]);
  const heading = ['job', 'selected', 'mirrored', 'people', 'links', 'not stored twice'];
  const rest = jobs.flatMap(({ job, standing, criteria = [], isConfigured, stoppedSince }) => {
    const lines = [...criteria.flatMap(describeCriterion), ...standing === undefined ? [] : describeStanding(standing)];
    if (stoppedSince !== undefined) lines.push(describeStop(job, stoppedSince));
    if (!isConfigured) lines.push('is not configured any more; the next cycle removes its photos');
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
    describeKept(kept) +
    describeRemembered(remembered) +
    `\n${describeService(isAtWork, config)}\n` +
    describeCycles(cycles);
}

function describeBrakeOf(brake: ShareStatus['brakes'][number], { jobs }: Config): string {
  const isConfigured = jobs.some(({ name }) => name === brake.job);
  const confirmed = brake.confirmedAt === null ? '' : '\n  Confirmed; the next cycle removes them.';
  return `${describeBrake({ ...brake, isConfigured, emptyDirectory: undefined })}${confirmed}`;
}

function describeStop(job: string, since: Date | null): string {
  const when = since === null ? '' : ` since ${dayOf(since)}`;
  return `stopped by the recipient${when}, who has deleted its library in Immich; to share it again: immich-sidecar reshare --job ${
    named(job)
  }`;
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
  if (cycles.length === 0) return 'No cycle has changed anything yet.\n';
  const rows = cycles.map(({ startedAt, seconds, created, withdrawn, rowsUpdated, filesUpdated, ...rest }) => [
    minuteOf(startedAt.toISOString()),
    String(created),
    String(withdrawn),
    String(rowsUpdated + filesUpdated),
    String(rest.problems),
    `${seconds.toFixed(1)} s`,
    rest.isBraked ? 'braked' : '',
  ]);
  const heading = ['last cycles (UTC)', 'new', 'removed', 'updated', 'failed', 'took', ''];
  return `\n${table([heading, ...rows], new Set([1, 2, 3, 4, 5]))}`;
}

function describeWriteBack(status: WriteBackStatus | undefined): string {
  if (status === undefined) return 'Nothing was written into files from here.\n';
  if ('problem' in status) return `The ledger of write-back cannot be read now: ${status.problem}\n`;
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
      : `${count(undo.changes, 'change')} can be undone, for which ${formatBytes(undo.bytes)} are kept\n`);
}
