import { Command, Option } from 'commander';
import type { Config } from '../config/config.ts';
import { bytes as formatBytes, count, countPhotos, named, plural } from '../config/words.ts';
import { EXIT } from '../errors.ts';
import type { Connection } from '../postgres/connect.ts';
import { planOnly } from '../share/plan_only.ts';
import { withSharing } from '../share/share.ts';
import {
  applyUnshare,
  planUnshare,
  type UnshareChoice,
  type UnshareCounts,
  type UnsharePlan,
  type UnshareResult,
} from '../share/undo/unshare.ts';
import { applyDetach, type DetachResult } from '../share/undo/detach.ts';
import { VERSION } from '../version.ts';
import type { Consent } from './ask.ts';
import { confirmed, type ConfirmedOptions, photosByJob, shareChoiceOf } from './confirmed.ts';
import { type Environment, print, printJson } from './output.ts';
import { listProblems } from './list_problems.ts';
import { shownProgress } from './progress.ts';

interface UnshareOptions extends ConfirmedOptions {
  readonly keep?: boolean;
  readonly job?: string;
  readonly user?: string;
  readonly dryRun?: boolean;
}

/** `immich-sidecar unshare`: removes what was shared. */
export function unshareCommand(env: Environment, onExit: (code: number) => void): Command {
  const command = new Command('unshare')
    .description('Remove shared photos with everything that came with them: of a share, of a user, or all')
    .option('--job <name>', 'the photos of this share')
    .addOption(new Option('--user <id>', 'what this user has received').conflicts('job'))
    .option('--keep', 'end the share and leave the photos to their receivers for good')
    .option('--dry-run', 'print what would be done and change nothing')
    .addHelpText('after', EXAMPLES);
  return confirmed(command, env, onExit, unshare, shareChoiceOf);
}

const EXAMPLES = `
Examples:
  immich-sidecar unshare --dry-run               what has been shared?
  immich-sidecar unshare --job "alice to bob"    only the photos of this share
  immich-sidecar unshare --yes                   everything, without asking
  immich-sidecar unshare --keep --job "alice to bob"   Bob keeps them

With --keep the photos become the receivers' own, with all files, faces and
people, for somebody who leaves or hands a library over. What is locked at the
source is removed all the same.

The originals are not touched. Without --keep, afterwards Immich's tables and directories are
as they were before the first sync. What the receiving users have done to the
shared photos (favourites, edits, albums) goes with them. Stop the service
first, and take the share out of the configuration, or the next sync shares it
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
    else print(`${describePlan(plan, options)}Nothing was changed.\n`);
    return EXIT.ok;
  }
  if (isNothing(plan, choice)) {
    if (options.json) printJson({ ...options.keep ? { kept: 0, removed: 0, people: 0 } : NOTHING, problems: [] });
    else print('Nothing is shared.\n');
    return EXIT.ok;
  }
  const question = options.keep ? 'Leave all this to them?' : 'Remove all this?';
  if (!consent.isGiven(describePlan(plan, options), question)) return EXIT.ok;
  const progress = shownProgress(config.log.format);
  const { result, text } = await withSharing(sql, config, VERSION, (sharing) =>
    sharing.apply(async (tools, view) => {
      const now = await planUnshare(sql, view, choice);
      progress.start(options.keep ? 'leaving' : 'removing', now.mirrors.length, 'photos');
      const onProgress = (mirrors: number) => progress.advance(mirrors);
      try {
        return options.keep
          ? describedAs(describeKept, await applyDetach(tools, now, onProgress))
          : describedAs(describeResult, await applyUnshare(tools, now, onProgress));
      } finally {
        progress.stop();
      }
    }));
  if (options.json) printJson(result);
  else print(text(plan));
  return result.problems.length === 0 ? EXIT.ok : EXIT.partial;
}

function isNothing({ counts, remembered, targetUserIds }: UnsharePlan, { job }: UnshareChoice): boolean {
  return remembered.length === 0 && counts.mirrors === 0 && counts.people === 0 &&
    (job !== undefined || targetUserIds.length === 0);
}

const NOTHING = { mirrors: 0, people: 0, links: 0 };

function describedAs<Result>(describe: (result: Result, plan: UnsharePlan) => string, result: Result) {
  return { result, text: (plan: UnsharePlan) => describe(result, plan) };
}

function describePlan(plan: UnsharePlan, { keep = false }: Pick<UnshareOptions, 'keep'>): string {
  const { counts } = plan;
  return photosByJob(plan.mirrors.map(({ jobName }) => jobName)) +
    (keep
      ? `To be left to their receivers: ${describeCounts(counts, keep)}.\n`
      : `To be removed: ${describeCounts(counts, keep)}.\n`) +
    describeLast(counts, keep) +
    describeRemembered(plan) +
    (counts.kept > 0
      ? `${count(counts.kept, 'photo stays', 'photos stay')}, as another share has ${
        plural(counts.kept, 'it', 'them')
      } too.\n`
      : '') +
    describeConfigured(plan.configuredJobs, SHARED_AGAIN);
}

function describeCounts({ mirrors, people, links, bytes, lastCopies }: UnshareCounts, keep: boolean): string {
  const kept = keep || lastCopies > 0 ? '' : ', which the source keeps';
  return `${countPhotos(mirrors)} (${formatBytes(bytes)}${kept}), ${count(people, 'person', 'people')}, ${
    count(links, 'link')
  }`;
}

/** What is forgotten of photos that are not shared now. */
function describeRemembered({ remembered }: UnsharePlan): string {
  const { length } = remembered;
  if (length === 0) return '';
  return `Forgotten is what their receivers had done to ${
    count(length, 'photo that is', 'photos that are')
  } not shared now.\n`;
}

/** Photos that are nowhere else. */
function describeLast({ lastCopies }: UnshareCounts, keep: boolean): string {
  if (lastCopies === 0 || keep) return '';
  return `${lastCopies} of them ${plural(lastCopies, 'is', 'are')} not at the source any more: ${
    plural(lastCopies, 'this may be the last copy', 'these may be the last copies')
  }. --keep leaves what there is.\n`;
}

const SHARED_AGAIN = 'The next sync shares it again unless you take it out of the configuration.';
const NOT_AGAIN = 'The next sync shares what comes, and not these again; take it out of the configuration to end it.';

function describeConfigured(names: readonly string[], next: string): string {
  return names.length === 0 ? '' : `Still configured: ${names.map(named).join(', ')}.\n${next}\n`;
}

function describeKept({ kept, removed, people, problems }: DetachResult, plan: UnsharePlan): string {
  return `Left to their receivers: ${countPhotos(kept)}, ${count(people, 'person', 'people')}.\n` +
    (removed > 0 ? `Removed, as the source has locked them: ${removed}.\n` : '') +
    listProblems(problems).map((line) => `${line}\n`).join('') +
    describeConfigured(plan.configuredJobs, NOT_AGAIN);
}

function describeResult({ mirrors, people, links, problems }: UnshareResult, plan: UnsharePlan): string {
  return `Removed: ${countPhotos(mirrors)}, ${count(people, 'person', 'people')}, ${count(links, 'link')}.\n` +
    listProblems(problems).map((line) => `${line}\n`).join('') +
    (problems.length > 0 ? 'Then run it again.\n' : '') +
    describeConfigured(plan.configuredJobs, SHARED_AGAIN);
}
