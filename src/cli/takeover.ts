import { count, countPhotos } from '../config/words.ts';
import { Command } from 'commander';
import type { Config } from '../config/config.ts';
import { plain } from '../config/quote.ts';
import { EXIT, RefusedError, UserError } from '../errors.ts';
import type { Connection } from '../postgres/connect.ts';
import { detectPredecessor, type Predecessor } from '../share/predecessor/detect.ts';
import { describeNarrowing } from '../share/predecessor/libraries.ts';
import { planTakeover, type TakeoverPlan } from '../share/predecessor/plan.ts';
import { applyTakeover, type TakeoverResult } from '../share/predecessor/takeover.ts';
import { planOnly } from '../share/plan_only.ts';
import { withSharing } from '../share/share.ts';
import { VERSION } from '../version.ts';
import type { Consent } from './ask.ts';
import { confirmed, type ConfirmedOptions, photosByJob } from './confirmed.ts';
import { wrapText } from './doctor_page.ts';
import { type Environment, print, printJson } from './output.ts';

interface TakeoverOptions extends ConfirmedOptions {
  readonly isStopped?: boolean;
  readonly dryRun?: boolean;
}

/** `immich-sidecar takeover`: what immich-shared-library has shared becomes ours. */
export function takeoverCommand(env: Environment, onExit: (code: number) => void): Command {
  const command = new Command('takeover')
    .description('Take over what immich-shared-library has shared: nothing is copied again')
    .option('--is-stopped', 'immich-shared-library is stopped, although something looks like it')
    .option('--dry-run', 'print what would be taken over and change nothing')
    .addHelpText('after', EXAMPLES);
  return confirmed(command, env, onExit, takeover);
}

const EXAMPLES = `
Examples:
  docker stop immich_shared_library    first of all
  immich-sidecar takeover --dry-run    what is there, and does it fit?
  immich-sidecar takeover              then sync or serve

Its .env and config.yaml are read as they are: run this where they are, or copy
them here. Its tables stay, untouched, and so do all files and symbolic links;
"unshare" can undo everything later. docs/coming_from.md says what the
first sync puts right.`;

async function takeover(
  sql: Connection,
  config: Config,
  options: TakeoverOptions,
  consent: Consent,
): Promise<number> {
  const found = await detectPredecessor(sql);
  if (found === undefined || found.unknown === 0) {
    if (options.json) printJson({ mirrors: 0, faces: 0, people: 0, links: 0, decisions: 0 });
    else print(`${nothing(found)}\n`);
    return EXIT.ok;
  }
  const plan = await planOnly(sql, config, undefined, planTakeover);
  if (options.dryRun) {
    if (options.json) printJson({ dryRun: true, sessions: found.sessions, ...plan });
    else print(`${describePlan(plan)}${describeObstacles(found, plan)}Nothing was changed.\n`);
    return EXIT.ok;
  }
  assertFits(plan);
  assertStopped(found, options);
  if (!consent.isGiven(describePlan(plan), 'Take this over?')) return EXIT.ok;
  const result = await withSharing(sql, config, VERSION, (sharing) =>
    sharing.apply(async (tools, view) => {
      const now = await planTakeover(sql, view);
      assertFits(now);
      return await applyTakeover(tools, view, now);
    }));
  if (options.json) printJson(result);
  else print(describeResult(result));
  return EXIT.ok;
}

function nothing(found: Predecessor | undefined): string {
  return found === undefined
    ? 'immich-shared-library has left nothing in this database.'
    : 'All that immich-shared-library has shared was taken over already.';
}

function assertFits({ obstacles }: TakeoverPlan): void {
  if (obstacles.length === 0) return;
  throw new UserError(
    `The configuration does not fit what immich-shared-library has shared:\n  - ${obstacles.map(plain).join('\n  - ')}`,
    {
      problemCode: 'takeover-unfit',
      remedy: 'Nothing was changed. Use its own .env and config.yaml (docs/coming_from.md).',
    },
  );
}

/** It would go on to share the same, and take our rows for its own. */
function assertStopped({ sessions }: Predecessor, { isStopped = false }: TakeoverOptions): void {
  if (sessions.length === 0 || isStopped) return;
  throw new RefusedError(`immich-shared-library seems to be running: ${sessions.join('; ')}.`, {
    problemCode: 'busy',
    remedy:
      'Nothing was changed. Stop it (docker stop immich_shared_library). If that is another program: --is-stopped.',
  });
}

function describePlan({ mirrors, people, decisions, libraries, notes }: TakeoverPlan): string {
  return photosByJob(mirrors.map(({ job }) => job)) +
    `To be taken over: ${countPhotos(mirrors.length)}, ${count(people.length, 'person', 'people')} by name.\n` +
    (decisions.length > 0
      ? `To stay unshared (declined by the receiving user, or duplicates): ${decisions.length}.\n`
      : '') +
    [...libraries.map(describeNarrowing), ...notes].map((note) => `${wrapText(plain(note), 80).join('\n')}\n`).join('');
}

function describeObstacles({ sessions }: Predecessor, { obstacles }: TakeoverPlan): string {
  return obstacles.map((obstacle) => `! ${plain(obstacle)}\n`).join('') +
    sessions.map((session) => `! It seems to be running: ${session}\n`).join('');
}

function describeResult({ mirrors, faces, people, links, decisions }: TakeoverResult): string {
  return `Taken over: ${countPhotos(mirrors)}, ${count(faces, 'face')}, ${count(people, 'person', 'people')}, ${
    count(links, 'file')
  }.\n` +
    (decisions > 0 ? `Not shared again: ${decisions}; "reshare --list" shows them.\n` : '') +
    'Do not start immich-shared-library again. Next: immich-sidecar sync --dry-run\n';
}
