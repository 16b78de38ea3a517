import process from 'node:process';
import { Command, Option } from 'commander';
import { readTextFile } from '../config/text_file.ts';
import { EXIT, UserError } from '../errors.ts';
import { describeSetup, isNothingToDo } from '../setup/describe.ts';
import { Cancelled, WentBack } from '../setup/prompter.ts';
import { type PreparedSetup, prepareSetup } from '../setup/setup.ts';
import { TerminalPrompter } from '../setup/terminal.ts';
import { wrapText } from './doctor_page.ts';
import { notConfirmed } from './ask.ts';
import { earlyFormat } from './logging.ts';
import { type Environment, print, printError, printJson, redactor } from './output.ts';
import { reportError } from './report_error.ts';
import {
  applyIfWanted,
  describeResult,
  NOTHING_CHANGED,
  NOTHING_TO_DO,
  STOPPED,
  type Ways,
  waysOf,
} from './setup_result.ts';
import { stopOnSignals } from './signals.ts';

/** Every question has a flag: its name, what it is followed by, and what it answers. */
const ANSWERS: readonly (readonly [flag: string, value: string, help: string])[] = [
  ['--compose', '<path>', "directory of Immich's docker-compose.yml, or none"],
  ['--immich-url', '<url>', 'address of Immich'],
  ['--api-key-file', '<file>', 'file with the API key of an administrator (or IMMICH_API_KEY in the environment)'],
  ['--keep-key', '<yes|no>', 'whether the key is written into .env'],
  ['--media-location', '<dir>', "Immich's own directory as Immich sees it, such as /data"],
  ['--db-host', '<host:port>', 'host of the database'],
  ['--db-user', '<name>', 'user of the database'],
  ['--db-password-file', '<file>', 'file with its password (or DB_PASSWORD in the environment)'],
  ['--db-name', '<name>', 'name of the database'],
  ['--share', '<what>', 'add a share: albums, chosen, external or upload; or change one: its name'],
  ['--shared-albums', '<albums>', 'share albums with their members: all, or names separated by commas'],
  ['--people', '<people>', 'share pictures of these people: names separated by commas'],
  ['--albums', '<albums>', 'with --share chosen: albums of theirs; with --share albums as --shared-albums'],
  ['--tags', '<tags>', 'share what has these tags, or one below them'],
  ['--favorites', '<yes|no>', 'share favourites'],
  ['--from', '<user>', 'who shares: name, e-mail address or id'],
  ['--to', '<user>', 'who receives'],
  ['--path', '<dir>', 'what of the external library is shared, as Immich sees it'],
  ['--target-dir', '<dir>', 'where the shared files lie, as Immich sees it'],
  ['--placement', '<how>', 'hardlink, copy or symlink (default: a hard link if one can be made)'],
  ['--library', '<library>', 'external library for them: new, or the name or id of an empty one'],
  ['--album', '<album>', 'none, new:NAME, or the address of an album of the receiving user'],
  ['--album-name', '<name>', 'name of the new album'],
  ['--album-key-file', '<file>', 'file with an API key of the receiving user, to make the album'],
  ['--match-people', '<yes|no>', 'whether people whom both users call the same are one (default: no)'],
  ['--job', '<name>', 'name of the share'],
  ['--write-to', '<where>', 'set up writing into files: embed, sidecar or both'],
  ['--write-source', '<source>', 'database (users that you choose) or api (the owner of the key)'],
  ['--write-users', '<users>', 'names separated by commas, or all'],
  ['--time-zone', '<zone>', 'for photos whose time zone is not known; or none'],
];

/** What is told at the end is broken here at the latest. */
const WIDTH = 80;

/** Their value is what the file contains. */
const IN_FILES: ReadonlySet<string> = new Set(['--api-key-file', '--db-password-file', '--album-key-file']);

interface SetupFlags {
  readonly mount: readonly string[];
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly config?: string;
  readonly [answer: string]: unknown;
}

/** `immich-sidecar setup`: the wizard. */
export function setupCommand(env: Environment, onExit: (code: number) => void): Command {
  const command = new Command('setup')
    .description('Set everything up: asks, shows a plan, then makes libraries, .env and config.yaml')
    .option('--yes', 'ask nothing and do it: every answer comes from a flag, or is the usual one')
    .option('--dry-run', 'print the plan and change nothing')
    .option('--json', 'print the result as one JSON object')
    .option('--config <file>', 'the YAML file to write (default: CONFIG_FILE, or config.yaml)')
    .addHelpText('after', EXAMPLES);
  for (const [flag, value, help] of ANSWERS) command.option(`${flag} ${value}`, help);
  return command
    .addOption(
      new Option('--mount <immich=here>', "one of Immich's directories here, such as /data=/mnt/photos (repeatable)")
        .default([], 'from the Compose file')
        .argParser((value: string, before: readonly string[]) => [...before, value]),
    )
    .action(async (flags: SetupFlags) => onExit(await setup(env, flags)));
}

const EXAMPLES = `
Examples:
  immich-sidecar setup                 asks for everything it cannot find out
  immich-sidecar setup --dry-run       asks, shows the plan, changes nothing
  immich-sidecar setup --yes --compose ../immich --api-key-file admin.key \\
      --share external --from Alice --to Bob --path /external_library/alice/family
                                       asks nothing: for scripts
  immich-sidecar setup --yes --compose ../immich --api-key-file admin.key \\
      --people "Emil,Grandma" --favorites yes --from Alice --to Bob
                                       what shows them, and favourites
  immich-sidecar setup --share "alice to bob"
                                       changes this share

Run it in the directory in which .env and config.yaml shall be; the old ones
are kept as .bak. Escape goes back to the question before, Ctrl-C leaves
everything as it was. One run with --yes sets up one share; run it again for
the next. docs/setup.md says more.`;

async function setup(env: Environment, flags: SetupFlags): Promise<number> {
  const isAttended = flags.yes !== true && Deno.stdin.isTerminal() && Deno.stderr.isTerminal();
  const prompter = isAttended ? new TerminalPrompter({ input: process.stdin, output: process.stderr }) : undefined;
  prompter?.begin('immich-sidecar setup');
  prompter?.say(
    'Escape goes back to the question before. Ctrl-C stops. Nothing is changed until you say yes at the end.',
    'info',
  );
  try {
    let prepared = await prepareSetup({
      env,
      cwd: Deno.cwd(),
      home: env['HOME'] ?? '/',
      configFile: flags.config,
      given: givenAnswers(flags),
      prompter,
      onSecret: (secret) => redactor.add(secret),
    });
    while (true) {
      try {
        return await finish(prepared, flags, prompter, waysOf(prepared, env));
      } catch (error) {
        if (!(error instanceof WentBack)) throw error;
        prepared = await prepared.again();
      }
    }
  } catch (error) {
    if (!(error instanceof Cancelled)) return reportError(error, { format: earlyFormat(env) });
    prompter?.cancel(STOPPED);
    return EXIT.interrupted;
  }
}

/** What was said on the command line. Throws UserError when a file with a secret cannot be read. */
function givenAnswers(flags: SetupFlags): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  for (const [flag] of ANSWERS) {
    const value = flags[attributeOf(flag)];
    if (typeof value === 'string') given.set(flag, IN_FILES.has(flag) ? secretIn(flag, value) : value);
  }
  if (flags.mount.length > 0) given.set('--mount', flags.mount.join('\n'));
  return given;
}

/** As Commander names it: `--api-key-file` is `apiKeyFile`. */
function attributeOf(flag: string): string {
  return flag.slice(2).replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function secretIn(flag: string, path: string): string {
  const file = readTextFile(path);
  if (file.state === 'read') return file.text.replace(/\r?\n$/, '');
  throw new UserError(`${flag}: the file ${JSON.stringify(path)} ${file.complaint}.`, {
    problemCode: 'unreadable',
    remedy: 'Name a file with the secret as its only line.',
  });
}

async function finish(
  prepared: PreparedSetup,
  flags: SetupFlags,
  prompter: TerminalPrompter | undefined,
  ways: Ways,
): Promise<number> {
  const { plan, files, warnings } = prepared;
  const nothing = isNothingToDo(plan, files);
  const lines = nothing ? [] : describeSetup(plan, files);
  if (flags.dryRun || nothing) {
    const conclusion = nothing ? NOTHING_TO_DO : NOTHING_CHANGED;
    if (flags.json) printJson({ dryRun: flags.dryRun === true, plan, warnings, result: null });
    else {
      if (prompter === undefined) printError(warnings.map((warning) => `! ${warning}\n`).join(''));
      print([...lines, conclusion].map((line) => `${line}\n`).join(''));
    }
    prompter?.end(conclusion);
    return EXIT.ok;
  }
  if (prompter === undefined && flags.yes !== true) throw notConfirmed();
  using stop = stopOnSignals();
  const result = prompter === undefined
    ? await prepared.apply(stop.signal)
    : await applyIfWanted(prepared, prompter, stop.signal);
  if (result === undefined) {
    prompter?.end(NOTHING_CHANGED);
    return EXIT.ok;
  }
  const done = describeResult(result, prepared, ways);
  if (flags.json) printJson({ dryRun: false, plan, warnings, result });
  else if (prompter === undefined) {
    printError(warnings.map((warning) => `! ${warning}\n`).join(''));
    print([...lines, ...done].map((line) => `${line}\n`).join(''));
  } else {
    // Below the frame, so that commands can be copied.
    const [first = '', ...next] = done;
    prompter.end(first);
    print(next.map((line) => `${line.startsWith(' ') ? line : wrapText(line, WIDTH).join('\n')}\n`).join(''));
  }
  return EXIT.ok;
}
