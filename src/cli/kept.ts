import { Argument, Command } from 'commander';
import type { Config } from '../config/config.ts';
import { plain } from '../config/quote.ts';
import { bytes as formatBytes } from '../config/words.ts';
import { EXIT, UserError } from '../errors.ts';
import type { Connection } from '../postgres/connect.ts';
import { deleteKept, type KeptResult, restoreKept } from '../share/kept/decide.ts';
import type { KeptFile, KeptFileSince } from '../share/kept/records.ts';
import { findKept } from '../share/kept/set_aside.ts';
import { planOnly } from '../share/plan_only.ts';
import { withSharing } from '../share/share.ts';
import { VERSION } from '../version.ts';
import type { Consent } from './ask.ts';
import { confirmed, type ConfirmedOptions } from './confirmed.ts';
import { listProblems } from './list_problems.ts';
import { type Environment, print, printJson, table } from './output.ts';

const ACTIONS = ['list', 'restore', 'delete'] as const;

type Action = typeof ACTIONS[number];

interface KeptOptions extends ConfirmedOptions {
  readonly all?: boolean;
  readonly to?: string;
}

/** `immich-sidecar kept`: what was kept aside because it may be the last copy of a photo. */
export function keptCommand(env: Environment, onExit: (code: number) => void): Command {
  const command = new Command('kept')
    .description('List, restore or delete files that were kept because they may be the last copy of a photo')
    .addArgument(new Argument('<action>', 'what to do').choices(ACTIONS))
    .argument('[id...]', 'ids of kept files, as list shows them')
    .option('--all', 'all kept files')
    .option('--to <directory>', 'restore: into this directory, as Immich sees it, instead of the original place')
    .addHelpText('after', EXAMPLES);
  return confirmed<KeptOptions>(command, env, onExit, (sql, config, options, consent) => {
    const [action, ...ids] = command.args;
    return kept(sql, config, action as Action, ids, options, consent);
  });
}

const EXAMPLES = `
Examples:
  immich-sidecar kept list
  immich-sidecar kept restore --all                 back to where the originals were
  immich-sidecar kept restore --all --to /external_library/alice/found
  immich-sidecar kept delete 5f0c1f4e-9a53-4c9e-8a33-0d2b1f7ab111

A photo's original that is lost on disk may live on as a shared photo of somebody
else. When that has to go, its file is kept in ".kept" of the target directory,
where no library of Immich's shows it. So is a file that somebody has saved over
a shared photo, and one that somebody has exchanged while it was removed: "moved
aside by mistake", to be restored with --to, as nobody knows where it belongs.
"restore" replaces nothing. Stop the service first.`;

async function kept(
  sql: Connection,
  config: Config,
  action: Action,
  ids: readonly string[],
  options: KeptOptions,
  consent: Consent,
): Promise<number> {
  const all = await planOnly(sql, config, undefined, findKept);
  if (action === 'list') {
    if (options.json) printJson({ kept: all });
    else print(describe(all));
    return EXIT.ok;
  }
  const chosen = choose(all, ids, options);
  if (chosen.length > 0) {
    const question = action === 'restore' ? 'Restore these?' : 'Delete these for good?';
    if (!consent.isGiven(describe(chosen), question)) return EXIT.ok;
  }
  const result = await withSharing(
    sql,
    config,
    VERSION,
    (sharing) =>
      sharing.apply((tools) =>
        action === 'restore' ? restoreKept(tools, chosen, options.to) : deleteKept(tools, chosen)
      ),
  );
  if (options.json) printJson(result);
  else print(describeResult(result, action));
  return result.problems.length === 0 ? EXIT.ok : EXIT.partial;
}

/** Throws UserError when nothing was chosen, or what is not kept. */
function choose(
  all: readonly KeptFile[],
  ids: readonly string[],
  { all: isAll, to }: KeptOptions,
): readonly KeptFile[] {
  if (isAll === true && ids.length > 0) {
    throw new UserError('--all and ids exclude each other.', {
      problemCode: 'usage',
      remedy: 'Leave one of them out.',
    });
  }
  if (isAll !== true && ids.length === 0) {
    throw new UserError('No file was chosen.', {
      problemCode: 'usage',
      remedy: 'Name them by their ids, as kept list shows them, or use --all.',
    });
  }
  if (to !== undefined && !/^\/(?:.*[^/])?$/.test(to)) {
    throw new UserError(`--to: ${plain(JSON.stringify(to))} is not an absolute directory.`, {
      problemCode: 'usage',
      remedy: 'Name it as Immich sees it, beginning with a slash and without one at the end.',
    });
  }
  const known = new Map(all.map((file) => [file.id, file]));
  return isAll === true ? all : ids.map((id) => {
    const file = known.get(id.toLowerCase());
    if (file !== undefined) return file;
    throw new UserError(`No kept file has the id ${plain(JSON.stringify(id))}.`, {
      problemCode: 'unknown-name',
      remedy: 'kept list shows those that there are.',
    });
  });
}

const REASONS: Readonly<Record<KeptFile['reason'], string>> = Object.freeze({
  'source-file-gone': 'the original is gone',
  'another-file': 'not the file we put there',
  'set-aside': 'moved aside by mistake',
});

function describe(files: readonly KeptFileSince[] | readonly KeptFile[]): string {
  if (files.length === 0) return 'Nothing is kept.\n';
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return table([
    ['id', 'size', 'why', 'photo'],
    ...files.map((file) => [
      file.id,
      formatBytes(file.bytes),
      REASONS[file.reason],
      plain(JSON.stringify(file.photo ?? (file.reason === 'set-aside' ? file.path : file.mirrorPath))),
    ]),
  ], new Set([1])) + `${files.length} kept, ${formatBytes(bytes)}.\n`;
}

function describeResult({ done, problems }: KeptResult, action: Exclude<Action, 'list'>): string {
  return `${done} ${action === 'restore' ? 'restored' : 'deleted'}.\n` +
    listProblems(problems).map((line) => `${line}\n`).join('');
}
