import { Command, CommanderError } from 'commander';
import { EXIT, UserError } from '../errors.ts';
import { type Supervision, UNSUPERVISED } from '../sandbox/supervision.ts';
import { VERSION_LINE } from '../version.ts';
import { type Environment, print, printError } from './output.ts';
import { earlyFormat } from './logging.ts';
import { reportError } from './report_error.ts';

/** Makes a command, which tells `onExit` how it has ended. */
type Maker = (env: Environment, onExit: (code: number) => void, supervision: Supervision) => Command;

/** In the order of the help. Each is loaded when it is asked for, as all of them take a lot of memory. */
const COMMANDS: Readonly<Record<string, () => Promise<Maker>>> = Object.freeze({
  setup: async () => (await import('./setup.ts')).setupCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  status: async () => (await import('./status.ts')).statusCommand,
  explain: async () => (await import('./explain.ts')).explainCommand,
  sync: async () => (await import('./sync.ts')).syncCommand,
  serve: async () => (await import('./serve.ts')).serveCommand,
  reshare: async () => (await import('./forget.ts')).forgetCommand,
  resolve: async () => (await import('./resolve.ts')).resolveCommand,
  'undo-merge': async () => (await import('./undo_merge.ts')).undoMergeCommand,
  kept: async () => (await import('./kept.ts')).keptCommand,
  unshare: async () => (await import('./unshare.ts')).unshareCommand,
  dedup: async () => (await import('./dedup.ts')).dedupCommand,
  people: async () => (await import('./people.ts')).peopleCommand,
  takeover: async () => (await import('./takeover.ts')).takeoverCommand,
  write: async () => (await import('./write.ts')).writeCommand,
  undo: async () => (await import('./undo.ts')).undoCommand,
  tags: async () => (await import('./tags.ts')).tagsCommand,
  export: async () => (await import('./export.ts')).exportCommand,
  notify: async () => (await import('./notify.ts')).notifyCommand,
  demo: async () => (await import('./demo.ts')).demoCommand,
  completion: async () => (await import('./completion.ts')).completionCommand,
});

/** Other names of commands. */
const ALIASES: Readonly<Record<string, string>> = Object.freeze({ forget: 'reshare' });

/** These tell about all commands. */
const ABOUT_ALL: ReadonlySet<string> = new Set(['help', 'completion']);

/**
 * The whole program: takes the arguments after the program's name, returns the exit code. Nothing is ever thrown, and
 * nothing but this function's caller ends the process.
 */
export async function main(
  given: readonly string[],
  env: Environment,
  supervision: Supervision = UNSUPERVISED,
): Promise<number> {
  const args = withoutAlias(given);
  let exitCode: number = EXIT.ok;
  const isJson = earlyFormat(env) === 'json';
  const program = await parserFor(args, env, (code) => exitCode = code, supervision);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error, { format: isJson ? 'json' : 'text' });
    if (error.exitCode === 0) return EXIT.ok;
    return isJson ? reportError(usageError(error), { format: 'json' }) : EXIT.usage;
  }
}

/** What parses the arguments: the command that they ask for, or all of them, with their options. */
export async function parserFor(
  args: readonly string[],
  env: Environment,
  onExit: (code: number) => void,
  supervision: Supervision,
): Promise<Command> {
  const isJson = earlyFormat(env) === 'json';
  const program = new Command('immich-sidecar')
    .description(
      "Shares a chosen part of one Immich user's photos with another user, without computing or storing anything twice, " +
        'and writes what Immich knows into the files.',
    )
    .version(VERSION_LINE, '-V, --version')
    // Long names of commands leave less than the 40 columns below which nothing is wrapped.
    .configureHelp({ showGlobalOptions: true, minWidthToWrap: 30 })
    .addHelpText('after', EXAMPLES);
  for (const make of await makersFor(args)) program.addCommand(make(env, onExit, supervision));
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ writeOut: print, writeErr: isJson ? () => {} : printError })
      .showHelpAfterError('(see --help for all options)');
  }
  return program;
}

/** These arguments with the name that the command itself has. */
export function withoutAlias([name = '', ...others]: readonly string[]): string[] {
  const known = Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined;
  return name === '' ? [] : [known ?? name, ...others];
}

/** Prints what went wrong before there was a command to run, and returns the exit code. */
export function reportEarly(error: unknown, env: Environment): number {
  return reportError(error, { format: earlyFormat(env) });
}

/** Of the one command that is asked for, or of all of them. */
async function makersFor([name = '']: readonly string[]): Promise<Maker[]> {
  const one = ABOUT_ALL.has(name) || !Object.hasOwn(COMMANDS, name) ? undefined : COMMANDS[name];
  return await Promise.all((one === undefined ? Object.values(COMMANDS) : [one]).map((load) => load()));
}

/** What Commander has said as text already, for those who read JSON. */
function usageError({ code, message }: CommanderError): UserError {
  const found = code === 'commander.help' ? 'A command is missing.' : message.replace(/^error: /, '');
  return new UserError(found, { problemCode: 'usage', remedy: 'See --help for all commands and options.' });
}

const EXAMPLES = `
Examples:
  immich-sidecar demo                 see it work on a generated library, without Immich
  immich-sidecar setup                set everything up, asking for what it cannot find out
  immich-sidecar doctor               is everything as it must be?
  immich-sidecar status               what is shared, what is not, and why?
  immich-sidecar explain IMG_42.jpg   is this photo shared, with whom, and why?
  immich-sidecar sync --dry-run       show what a sync would do, change nothing
  immich-sidecar sync                 one sync over all configured shares
  immich-sidecar sync --job family    one sync over one share
  immich-sidecar serve                sync after sync, until stopped
  immich-sidecar reshare --list       what is not shared, and why?
  immich-sidecar resolve              what have two users changed differently?
  immich-sidecar undo-merge --since 12h   undo in originals what recipients have changed
  immich-sidecar kept list            what was kept as it may be a last copy?
  immich-sidecar unshare --dry-run    what was shared, and would be removed?
  immich-sidecar dedup --dry-run      what is shared with somebody who has it, too?
  immich-sidecar people save names.json   keep the names of people in a file
  immich-sidecar write --all          write what Immich knows into the files
  immich-sidecar notify               do those who are to be told hear it?

Settings come from the environment, .env and config.yaml: docs/configuration.md.
Exit codes: 0 done, 1 a bug, 2 configuration or usage, 3 done but some assets failed,
4 refused and nothing changed, held back until confirmed, or not possible just now.`;
