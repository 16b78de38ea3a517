import { Command, Option } from 'commander';
import type { Config } from '../config/config.ts';
import { plain } from '../config/quote.ts';
import { bytes as formatBytes } from '../config/words.ts';
import { EXIT } from '../errors.ts';
import type { Connection } from '../postgres/connect.ts';
import { planOnly, withSharing } from '../share/share.ts';
import {
  applyUnshare,
  planUnshare,
  type UnshareChoice,
  type UnshareCounts,
  type UnsharePlan,
  type UnshareResult,
} from '../share/undo/unshare.ts';
import { VERSION } from '../version.ts';
import type { Consent } from './ask.ts';
import { confirmed, type ConfirmedOptions, photosByJob, shareChoiceOf } from './confirmed.ts';
import { type Environment, print, printJson } from './output.ts';
import { listProblems } from './list_problems.ts';
import { terminalProgress } from './progress.ts';

interface UnshareOptions extends ConfirmedOptions {
  readonly job?: string;
  readonly user?: string;
  readonly dryRun?: boolean;
}

/** `immich-sidecar unshare`: removes what was shared. */
export function unshareCommand(env: Environment, onExit: (code: number) => void): Command {
  const command = new Command('unshare')
    .description('Remove shared photos with everything that came with them: of a job, of a user, or all')
    .option('--job <name>', 'what this job has shared')
    .addOption(new Option('--user <id>', 'what this user has received').conflicts('job'))
    .option('--dry-run', 'print what would be removed and change nothing')
    .addHelpText('after', EXAMPLES);
  return confirmed(command, env, onExit, unshare);
}

const EXAMPLES = `
Examples:
  immich-sidecar unshare --dry-run               what has been shared?
  immich-sidecar unshare --job "alice to bob"    only what this job has shared
  immich-sidecar unshare --yes                   everything, without asking

The originals are not touched. Afterwards Immich's tables and directories are
as they were before the first sync. What the receiving users have done to the
shared photos (favourites, edits, albums) goes with them. Stop the service
first, and take the job out of the configuration, or the next sync shares it
again.`;

async function unshare(
  sql: Connection,
  config: Config,
  options: UnshareOptions,
  consent: Consent,
): Promise<number> {
  const choice = shareChoiceOf(options);
  const plan = await planOnly(sql, config, undefined, (tx, context) => planUnshare(tx, context, choice));
  if (options.dryRun) {
    if (options.json) printJson({ dryRun: true, ...plan });
    else print(`${describePlan(plan)}Nothing was changed.\n`);
    return EXIT.ok;
  }
  if (isNothing(plan, choice)) {
    if (options.json) printJson({ mirrors: 0, people: 0, links: 0, problems: [] });
    else print('Nothing is shared.\n');
    return EXIT.ok;
  }
  if (!consent.isGiven(describePlan(plan), 'Remove all this?')) return EXIT.ok;
  const progress = terminalProgress(config.log.format === 'text');
  const result = await withSharing(sql, config, VERSION, (sharing) =>
    sharing.apply(async (tools, view) => {
      const now = await planUnshare(sql, view, choice);
      progress.start('removing', now.mirrors.length, 'photos');
      try {
        return await applyUnshare(tools, now, (mirrors) => progress.advance(mirrors));
      } finally {
        progress.stop();
      }
    }));
  if (options.json) printJson(result);
  else print(describeResult(result, plan));
  return result.problems.length === 0 ? EXIT.ok : EXIT.partial;
}

function isNothing({ counts, targetUserIds }: UnsharePlan, { job }: UnshareChoice): boolean {
  return counts.mirrors === 0 && counts.people === 0 && (job !== undefined || targetUserIds.length === 0);
}

function describePlan(plan: UnsharePlan): string {
  const { counts } = plan;
  return photosByJob(plan.mirrors.map(({ jobName }) => jobName)) +
    `To be removed: ${describeCounts(counts)}.\n` +
    (counts.kept > 0 ? `${counts.kept} photos stay, as another job shares them too.\n` : '') +
    describeJobs(plan.configuredJobs);
}

function describeCounts({ mirrors, people, links, bytes }: UnshareCounts): string {
  return `${mirrors} photos and videos (${formatBytes(bytes)}, which the source keeps), ${people} people, ` +
    `${links} links`;
}

function describeJobs(names: readonly string[]): string {
  if (names.length === 0) return '';
  const list = names.map((name) => plain(JSON.stringify(name))).join(', ');
  return `Still configured: ${list}.\nThe next sync shares it again unless you take it out of the configuration.\n`;
}

function describeResult({ mirrors, people, links, problems }: UnshareResult, plan: UnsharePlan): string {
  return `Removed: ${mirrors} photos and videos, ${people} people, ${links} links.\n` +
    listProblems(problems).map((line) => `${line}\n`).join('') +
    (problems.length > 0 ? 'Then run it again.\n' : '') +
    describeJobs(plan.configuredJobs);
}
