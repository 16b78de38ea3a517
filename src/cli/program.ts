import { Command, CommanderError } from 'commander';
import { EXIT, UserError } from '../errors.ts';
import { VERSION_LINE } from '../version.ts';
import { type Environment, print, printError } from './output.ts';
import { completionCommand } from './completion.ts';
import { dedupCommand } from './dedup.ts';
import { demoCommand } from './demo.ts';
import { doctorCommand } from './doctor.ts';
import { earlyFormat } from './logging.ts';
import { forgetCommand } from './forget.ts';
import { reportError } from './report_error.ts';
import { serveCommand } from './serve.ts';
import { setupCommand } from './setup.ts';
import { statusCommand } from './status.ts';
import { syncCommand } from './sync.ts';
import { takeoverCommand } from './takeover.ts';
import { undoCommand } from './undo.ts';
import { unshareCommand } from './unshare.ts';
import { writeCommand } from './write.ts';

/** In the order of the help. */
const COMMANDS = [
  setupCommand,
  doctorCommand,
  statusCommand,
  syncCommand,
  serveCommand,
  forgetCommand,
  unshareCommand,
  dedupCommand,
  takeoverCommand,
  writeCommand,
  undoCommand,
  demoCommand,
  completionCommand,
];

/**
 * The whole program: takes the arguments after the program's name, returns the exit code. Nothing is ever thrown, and
 * nothing but this function's caller ends the process.
 */
export async function main(args: readonly string[], env: Environment): Promise<number> {
  let exitCode: number = EXIT.ok;
  const isJson = earlyFormat(env) === 'json';
  const program = new Command('immich-sidecar')
    .description(
      "Shares a chosen part of one Immich user's photos with another user, without computing or storing anything twice, " +
        'and writes what Immich knows into the files.',
    )
    .version(VERSION_LINE, '-V, --version')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', EXAMPLES);
  for (const command of COMMANDS) program.addCommand(command(env, (code) => exitCode = code));
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ writeOut: print, writeErr: isJson ? () => {} : printError })
      .showHelpAfterError('(see --help for all options)');
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportError(error, { format: isJson ? 'json' : 'text' });
    if (error.exitCode === 0) return EXIT.ok;
    return isJson ? reportError(usageError(error), { format: 'json' }) : EXIT.usage;
  }
}

/** What Commander has said as text already, for those who read JSON. */
function usageError({ code, message }: CommanderError): UserError {
  const found = code === 'commander.help' ? 'A command is missing.' : message.replace(/^error: /, '');
  return new UserError(found, { remedy: 'See --help for all commands and options.' });
}

const EXAMPLES = `
Examples:
  immich-sidecar demo                 see it work on a generated library, without Immich
  immich-sidecar setup                set everything up, asking for what it cannot find out
  immich-sidecar doctor               is everything as it must be?
  immich-sidecar status               what is shared, what is not, and why?
  immich-sidecar sync --dry-run       show what a cycle would do, change nothing
  immich-sidecar sync                 one cycle over all configured jobs
  immich-sidecar sync --job family    one cycle over one job
  immich-sidecar serve                cycle after cycle, until stopped
  immich-sidecar forget --list        what is not shared, and why?
  immich-sidecar unshare --dry-run    what was shared, and would be taken back?
  immich-sidecar dedup --dry-run      what is shared with somebody who has it himself?
  immich-sidecar write --all          write what Immich knows into the files

Settings come from the environment, .env and config.yaml: docs/configuration.md.
Exit codes: 0 done, 1 a bug, 2 configuration or usage, 3 done but some assets failed,
4 refused and nothing changed, or stopped by the brake.`;
