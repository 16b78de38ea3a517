import { resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import { PART } from '../config/part.ts';

/** What a command does, as far as it decides what it may touch. */
export interface Purpose {
  /** Whether it may change files, or only read them. */
  readonly changesFiles: boolean;
  /** Whether it changes nothing but the database: of all that is configured only where the last run has stopped, which it voids. */
  readonly changesDatabaseOnly: boolean;
  /** Files that an argument names. */
  readonly named: NamedFiles;
  /** Whether it starts ExifTool. */
  readonly startsExifTool: boolean;
  /** Whether it makes temporary files: for ExifTool, or a copy of the ledger to look into. */
  readonly makesTemporary: boolean;
  /** Whether it shares, going on where the last process has stopped: it has to know whether that was the same program, and when. */
  readonly resumes: boolean;
  /** Whether it answers HTTP and tells others. */
  readonly serves: boolean;
  /** Whether it tells others, and does nothing else with the network. */
  readonly tells: boolean;
  /** The directory that an export goes into, as it is named in the arguments. */
  readonly exportsTo?: string | undefined;
  /** Whether it asks for the user that it runs as, and for the room on disks. */
  readonly asksSystem: boolean;
}

/** Absolute paths that a command was told, and what it may do with these files. */
export interface NamedFiles {
  readonly read: readonly string[];
  readonly write: readonly string[];
}

/**
 * These work without a configuration, or make one: setup asks where everything is, the demo makes its own database. They never touch
 * what a configuration names.
 */
const WITHOUT_CONFIGURATION: ReadonlySet<string> = new Set(['setup', 'demo', 'completion', 'help']);

const NO_FILES: NamedFiles = Object.freeze({ read: [], write: [] });

const NOTHING: Purpose = Object.freeze({
  changesFiles: false,
  changesDatabaseOnly: false,
  named: NO_FILES,
  startsExifTool: false,
  makesTemporary: false,
  resumes: false,
  serves: false,
  tells: false,
  asksSystem: false,
});

/** Whether a command uses a configuration, and so may touch only what it names. */
export function isSandboxed([command]: readonly string[]): boolean {
  return command !== undefined && !command.startsWith('-') && !WITHOUT_CONFIGURATION.has(command);
}

/**
 * @param config undefined when it is invalid: then a command only reports that, and doctor checks the rest
 * @param args what stands behind the command
 * @param cwd where a path among them begins
 */
export function purposeOf(
  command: string | undefined,
  config: Config | undefined,
  args: readonly string[] = [],
  cwd = '/',
): Purpose {
  if (config === undefined && command !== 'doctor') return NOTHING;
  const startsExifTool = ['write', 'undo', 'tags', 'doctor', 'export'].includes(command ?? '') ||
    (command === 'serve' && config?.write.schedule !== undefined);
  return {
    // A hard link is also a change of the file that it is made of.
    changesFiles: !['status', 'explain', 'notify', 'people', 'tags', 'resolve', 'undo-merge'].includes(command ?? '') &&
      !(command === 'export' && args.includes('--copy')),
    ...(command === 'export' ? { exportsTo: directoryOf(args) } : {}),
    changesDatabaseOnly: command === 'people' || command === 'undo-merge',
    named: command === 'people' ? filesOfPeople(args, cwd) : NO_FILES,
    startsExifTool,
    makesTemporary: startsExifTool || command === 'status',
    resumes: command === 'sync' || command === 'serve',
    serves: command === 'serve',
    tells: command === 'notify',
    asksSystem: command === 'doctor',
  };
}

/** What is named besides options and the file of `--config`. */
function directoryOf(args: readonly string[]): string | undefined {
  return args.find((argument, index) => !argument.startsWith('-') && args[index - 1] !== '--config');
}

/** Options of `people` that are followed by a value. */
export const PEOPLE_VALUES: readonly string[] = Object.freeze(['--config', '--user']);

/** The file that `people save` writes, and beside it the one that becomes it, or the one that `people restore` reads. */
function filesOfPeople(args: readonly string[], cwd: string): NamedFiles {
  const [action, file] = positional(args, PEOPLE_VALUES);
  if (file === undefined) return NO_FILES;
  const path = resolve(cwd, file);
  if (action === 'save') return { read: [path, path + PART], write: [path, path + PART] };
  return action === 'restore' ? { read: [path], write: [] } : NO_FILES;
}

function positional(args: readonly string[], withValue: readonly string[]): string[] {
  const end = args.indexOf('--');
  const options = end < 0 ? args : args.slice(0, end);
  return [
    ...options.filter((argument, index) => !/^-./.test(argument) && !withValue.includes(options[index - 1] ?? '')),
    ...end < 0 ? [] : args.slice(end + 1),
  ];
}

/** The file of `--config`, anywhere among the arguments; undefined when there is none. */
export function configFileOf(args: readonly string[]): string | undefined {
  let file: string | undefined;
  for (const [index, argument] of args.entries()) {
    if (argument === '--') break;
    if (argument === '--config') file = args[index + 1];
    else if (argument.startsWith('--config=')) file = argument.slice('--config='.length);
  }
  return file;
}
