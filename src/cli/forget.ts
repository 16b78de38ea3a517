import { dayOf, plural } from '../config/words.ts';
import { Command, Option } from 'commander';
import type { Config } from '../config/config.ts';
import { plain } from '../config/quote.ts';
import { EXIT, UserError } from '../errors.ts';
import type { Connection, Sql } from '../postgres/connect.ts';
import { applyForget, type Decision, type ForgetChoice, planForget } from '../share/undo/forget.ts';
import type { View } from '../share/cycle/tools.ts';
import { liftStops, readStops, type StoppedShare } from '../share/stops/stops.ts';
import { planOnly } from '../share/plan_only.ts';
import type { Consent } from './ask.ts';
import { confirmed, type ConfirmedOptions } from './confirmed.ts';
import { type Environment, print, printJson, table } from './output.ts';
import { isUuid } from './uuid.ts';

interface ForgetOptions extends ConfirmedOptions {
  readonly job?: string;
  readonly user?: string;
  readonly all?: boolean;
  readonly list?: boolean;
  readonly dryRun?: boolean;
}

/** `immich-sidecar reshare`: lifts what keeps photos from being shared. */
export function forgetCommand(env: Environment, onExit: (code: number) => void): Command {
  const command = new Command('reshare')
    .description('Share photos again that the receiving user has deleted, or that were left out')
    .argument('[asset-id...]', "ids of the source's assets")
    .option('--job <name>', 'what this share selects')
    .addOption(new Option('--user <id>', 'what this receiving user has deleted, or was left out for them'))
    .addOption(new Option('--all', 'everything that is remembered').conflicts(['job', 'user']))
    .option('--list', 'list what is remembered and change nothing')
    .option('--dry-run', 'the same as --list')
    .addHelpText('after', EXAMPLES);
  return confirmed<ForgetOptions>(
    command,
    env,
    onExit,
    (sql, config, options, consent) => forget(sql, config, command.args, options, consent),
    (options) => choiceOf(command.args, options),
  );
}

const EXAMPLES = `
Examples:
  immich-sidecar reshare --list                 what is not shared, and why?
  immich-sidecar reshare --job "alice to bob"   share again what Bob has deleted
  immich-sidecar reshare 5f0c1f4e-9a53-4c9e-8a33-0d2b1f7ab111
      one photo; the id is the end of its address in its owner's account

The next sync shares them, even if the receiving user has uploaded the same
picture, too.`;

async function forget(
  sql: Connection,
  config: Config,
  assetIds: readonly string[],
  options: ForgetOptions,
  consent: Consent,
): Promise<number> {
  const choice = choiceOf(assetIds, options);
  const { decisions, stops } = await planOnly(sql, config, undefined, async (tx, context) => ({
    decisions: await planForget(tx, context, choice),
    stops: await chosenStops(tx, context.jobs, choice),
  }));
  if (options.list || options.dryRun) {
    if (options.json) printJson({ decisions, stops });
    else print(describe(decisions, stops));
    return EXIT.ok;
  }
  const question = `Share ${plural(decisions.length, 'it', 'them')} again?`;
  if (decisions.length + stops.length > 0 && !consent.isGiven(describe(decisions, stops), question)) return EXIT.ok;
  const lifted = await applyForget(sql, decisions);
  const shares = await liftStops(sql, stops);
  if (options.json) printJson({ forgotten: lifted, shares });
  else if (lifted + shares === 0) print('Nothing of that is remembered.\n');
  else print(`Shared again by the next sync, as far as it is still selected: ${lifted}.\n`);
  return EXIT.ok;
}

/** Throws UserError for ids that are none, and when nothing was chosen. */
function choiceOf(assetIds: readonly string[], { job, user, all, list, dryRun }: ForgetOptions): ForgetChoice {
  for (const id of [...assetIds, ...user === undefined ? [] : [user]]) {
    if (!isUuid(id)) {
      throw new UserError(`${plain(JSON.stringify(id))} is not the id of an asset or a user.`, {
        problemCode: 'unknown-name',
        remedy: 'Ids are at the end of an address in Immich; reshare --list shows those that are remembered.',
      });
    }
  }
  const isChosen = all === true || job !== undefined || user !== undefined || assetIds.length > 0;
  if (!isChosen && !list && !dryRun) {
    throw new UserError('Nothing was chosen to be shared again.', {
      problemCode: 'usage',
      remedy: 'Name assets by their ids, or use --job, --user or --all. --list shows what is remembered.',
    });
  }
  if (all === true && assetIds.length > 0) {
    throw new UserError('--all and ids of assets exclude each other.', {
      problemCode: 'usage',
      remedy: 'Leave one of them out.',
    });
  }
  return {
    job,
    targetUserId: user?.toLowerCase(),
    sourceAssetIds: assetIds.length === 0 ? undefined : assetIds.map((id) => id.toLowerCase()),
  };
}

const REASONS: Readonly<Record<string, string>> = Object.freeze({
  'target-trashed': 'the receiving user has trashed it',
  'target-deleted': 'the receiving user has deleted it',
  'detached': 'it was left to the receiving user for good',
  'duplicate': 'the receiving user has it already',
  'name-too-long': 'its name is too long for the file system',
  'not-a-file': 'it is not a file',
  'constraint': 'the database refused it',
});

/** Shares as wholes; asked for by the names of their jobs, or with everything. */
async function chosenStops(sql: Sql, jobs: View['jobs'], choice: ForgetChoice): Promise<StoppedShare[]> {
  if (choice.sourceAssetIds !== undefined) return [];
  return (await readStops(sql, jobs)).filter(({ job, targetUserId }) =>
    (choice.job === undefined || choice.job === job) &&
    (choice.targetUserId === undefined || choice.targetUserId === targetUserId)
  );
}

function describe(decisions: readonly Decision[], stops: readonly StoppedShare[]): string {
  if (decisions.length + stops.length === 0) return 'Nothing of that is remembered.\n';
  const shares = stops.map(({ job }) =>
    `${plain(JSON.stringify(job))} as a whole: its recipient has deleted the library in Immich.\n`
  ).join('');
  if (decisions.length === 0) return shares;
  return shares + table([
    ['since', 'why it is not shared', 'asset', 'file'],
    ...decisions.map(({ since, reason, sourceAssetId, sourcePath }) => [
      dayOf(since),
      REASONS[reason] ?? reason,
      sourceAssetId,
      sourcePath === null ? '(not there any more)' : plain(JSON.stringify(sourcePath)),
    ]),
  ]);
}
