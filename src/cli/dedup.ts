import { count, countPhotos } from '../config/words.ts';
import { Command, Option } from 'commander';
import type { Config } from '../config/config.ts';
import { plain } from '../config/quote.ts';
import { EXIT } from '../errors.ts';
import type { Connection } from '../postgres/connect.ts';
import { applyDedup, type DedupChoice, type DedupPlan, type DedupResult, planDedup } from '../share/undo/dedup.ts';
import { planOnly } from '../share/plan_only.ts';
import { withSharing } from '../share/share.ts';
import { VERSION } from '../version.ts';
import type { Consent } from './ask.ts';
import { confirmed, type ConfirmedOptions, shareChoiceOf } from './confirmed.ts';
import { type Environment, print, printJson, table } from './output.ts';
import { listProblems } from './list_problems.ts';
import { shownProgress } from './progress.ts';

interface DedupOptions extends ConfirmedOptions {
  readonly matchTime?: boolean;
  readonly job?: string;
  readonly user?: string;
  readonly dryRun?: boolean;
}

/** `immich-sidecar dedup`: removes what the receiving users have themselves. */
export function dedupCommand(env: Environment, onExit: (code: number) => void): Command {
  const command = new Command('dedup')
    .description('Remove shared photos that the receiving user has, too, and do not share them again')
    .option('--match-time', 'only with the same capture time to the second (default: the same day)')
    .option('--job <name>', 'only the photos of this share')
    .addOption(new Option('--user <id>', 'only what this user has received').conflicts('job'))
    .option('--dry-run', 'list the duplicates and change nothing')
    .addHelpText('after', EXAMPLES);
  return confirmed(command, env, onExit, dedup, shareChoiceOf);
}

const EXAMPLES = `
Examples:
  immich-sidecar dedup --dry-run                 which photos are there twice?
  immich-sidecar dedup --match-time              only what is surely the same
  immich-sidecar dedup --job "alice to bob" --yes

A shared photo is a duplicate if the receiving user has a photo of their own with
the same name, extension and case aside, taken on the same day. With
--match-time it must be the same second; different time zones are allowed for.
Their own photo stays as it is, and so does the source's. What they have done to the
shared copy (favourites, edits, albums) goes with it. Stop the service first.
"reshare" shares it again.`;

async function dedup(sql: Connection, config: Config, options: DedupOptions, consent: Consent): Promise<number> {
  const choice: DedupChoice = { ...shareChoiceOf(options), matchTime: options.matchTime === true };
  const plan = await planOnly(sql, config, undefined, (tx, context) => planDedup(tx, context, choice));
  if (options.dryRun) {
    if (options.json) printJson({ dryRun: true, ...plan });
    else print(`${describePlan(plan, Infinity)}Nothing was changed.\n`);
    return EXIT.ok;
  }
  if (plan.duplicates.length === 0) {
    if (options.json) printJson({ mirrors: 0, people: 0, links: 0, problems: [] });
    else print('There are no duplicates.\n');
    return EXIT.ok;
  }
  if (!consent.isGiven(describePlan(plan, MAX_LISTED), 'Remove these?')) return EXIT.ok;
  const progress = shownProgress(config.log.format);
  const result = await withSharing(sql, config, VERSION, (sharing) =>
    sharing.apply(async (tools, view) => {
      const now = await planDedup(sql, view, choice);
      progress.start('removing', now.duplicates.length, 'photos');
      try {
        return await applyDedup(tools, now, (mirrors) => progress.advance(mirrors));
      } finally {
        progress.stop();
      }
    }));
  if (options.json) printJson(result);
  else print(describeResult(result));
  return result.problems.length === 0 ? EXIT.ok : EXIT.partial;
}

/** More than this before a question would push the beginning off the screen. */
const MAX_LISTED = 15;

function describePlan({ duplicates, counts }: DedupPlan, max: number): string {
  if (duplicates.length === 0) return 'There are no duplicates.\n';
  const shown = duplicates.filter(({ isMotionPart }) => !isMotionPart);
  const rows = shown.slice(0, max).map(({ takenOn, fileName, ownFileName }) => [
    takenOn,
    plain(fileName),
    plain(ownFileName),
  ]);
  const rest = shown.length - rows.length;
  const { mirrors, people, links } = counts;
  return table([['taken on', 'shared', 'their own'], ...rows]) +
    (rest > 0 ? `… and ${rest} more; --dry-run lists all.\n` : '') +
    `To be removed: ${countPhotos(mirrors)}, ${count(people, 'person', 'people')}, ${count(links, 'link')}.\n`;
}

function describeResult({ mirrors, people, links, problems }: DedupResult): string {
  return `Removed: ${countPhotos(mirrors)}, ${count(people, 'person', 'people')}, ${
    count(links, 'link')
  }. They are not shared again.\n` +
    listProblems(problems).map((line) => `${line}\n`).join('') +
    (problems.length > 0 ? 'Then run it again.\n' : '');
}
