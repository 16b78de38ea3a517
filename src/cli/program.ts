import { Command, CommanderError } from 'commander';
import { EXIT, UserError } from '../errors.ts';
import { VERSION } from '../version.ts';
import { type Environment, print, printError } from './output.ts';
import { demoCommand } from './demo.ts';
import { earlyFormat } from './logging.ts';
import { forgetCommand } from './forget.ts';
import { reportError } from './report_error.ts';
import { serveCommand } from './serve.ts';
import { syncCommand } from './sync.ts';
import { undoCommand } from './undo.ts';
import { unshareCommand } from './unshare.ts';
import { writeCommand } from './write.ts';

/**
 * The whole program: takes the arguments after the program's name, returns the exit code. Nothing is ever thrown, and
 * nothing but this function's caller ends the process.
 */
export async function main(args: readonly string[], env: Environment): Promise<number> {
  let exitCode: number = EXIT.ok;
  const isJson = earlyFormat(env) === 'json';
  const program = new Command('immich-sidecar')
    .description(
      "Shares a chosen part of one Immich user's photos with another user, without computing or storing anything twice,\n" +
        'and writes what Immich knows into the files.',
    )
    .version(VERSION, '-V, --version')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', EXAMPLES);
  for (
    const command of [syncCommand, serveCommand, forgetCommand, unshareCommand, writeCommand, undoCommand, demoCommand]
  ) {
    program.addCommand(command(env, (code) => exitCode = code));
  }
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
  immich-sidecar sync --dry-run       show what a cycle would do, change nothing
  immich-sidecar sync                 one cycle over all configured jobs
  immich-sidecar sync --job family    one cycle over one job
  immich-sidecar serve                cycle after cycle, until stopped
  immich-sidecar forget --list        what is not shared, and why?
  immich-sidecar unshare --dry-run    what was shared, and would be taken back?
  immich-sidecar write --all          write what Immich knows into the files

Settings come from the environment, .env and config.yaml: docs/configuration.md.
Exit codes: 0 done, 1 a bug, 2 configuration or usage, 3 done but some assets failed,
4 refused and nothing changed, or stopped by the brake.`;
