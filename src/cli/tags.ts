import { Argument, Command } from 'commander';
import type { Config } from '../config/config.ts';
import { plain } from '../config/quote.ts';
import { count } from '../config/words.ts';
import { EXIT, UserError } from '../errors.ts';
import type { NameAsTag } from '../writeback/names_as_tags/find.ts';
import { listNamesAsTags, takeOffNames } from '../writeback/names_as_tags/names_as_tags.ts';
import { consentOf } from './ask.ts';
import { type Environment, print, printJson, table } from './output.ts';
import { stopOnSignals } from './signals.ts';
import { withConfiguration } from './with_configuration.ts';

const ACTIONS = ['list', 'remove'] as const;

type Action = typeof ACTIONS[number];

interface TagsFlags {
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly config?: string;
}

/** `immich-sidecar tags`: names of people and albums that Immich has taken for tags. */
export function tagsCommand(env: Environment, onExit: (code: number) => void): Command {
  return new Command('tags')
    .description(
      'List tags that are names of people and albums which were written into files, or take them off the photos',
    )
    .addArgument(new Argument('<action>', 'what to do').choices(ACTIONS))
    .argument('[tag...]', 'remove: these tags, as list shows them')
    .option('--all', 'remove: all that list shows')
    .option('--dry-run', 'remove: print what would be taken off and change nothing')
    .option('--yes', 'do not ask')
    .option('--config <file>', 'settings (default: CONFIG_FILE, config.yaml or immich-sync.conf)')
    .option('--json', 'print the result as one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (action: Action, tags: string[], flags: TagsFlags) => {
      checkUsage(action, tags, flags);
      onExit(await withConfiguration(env, { ...flags, needJobs: false }, (config) => run(config, action, tags, flags)));
    });
}

const EXAMPLES = `
Examples:
  immich-sidecar write --all --dry-run      what "write" would put right in the files first
  immich-sidecar tags list                  names that are tags now, and on how many photos
  immich-sidecar tags remove "Anna Müller"  take this one off
  immich-sidecar tags remove --all

Early versions wrote names of people and albums so that Immich took them for
tags when it read the file again. Listed is what the history of "write" knows as
a name that was written into this very photo, unless somebody else wrote it there,
too. Tags that were given in Immich stay. With IMMICH_API_KEY Immich itself takes
them off the photos of the key's owner (the key needs tag.read and tag.asset),
those of others go from the database; shared photos follow with the next sync.`;

/** Throws UserError for what does not fit together. */
function checkUsage(action: Action, tags: readonly string[], { all = false, dryRun, yes }: TagsFlags): void {
  const isRight = action === 'list'
    ? tags.length === 0 && !all && dryRun !== true && yes !== true
    : all !== tags.length > 0;
  if (isRight) return;
  throw new UserError(`These arguments do not fit "tags ${action}".`, {
    problemCode: 'usage',
    remedy: 'Write: tags list, tags remove TAG, or tags remove --all.',
  });
}

async function run(config: Config, action: Action, chosen: readonly string[], flags: TagsFlags): Promise<number> {
  using stop = stopOnSignals();
  const { tags: all, since } = await listNamesAsTags(config, stop.signal);
  if (action === 'list') {
    if (flags.json) printJson({ tags: all });
    else print(describe(all));
    return EXIT.ok;
  }
  const tags = flags.all ? all : choose(all, chosen);
  if (flags.dryRun) {
    if (flags.json) printJson({ dryRun: true, tags });
    else print(tags.length === 0 ? describe(tags) : `${describe(tags)}Nothing was changed.\n`);
    return EXIT.ok;
  }
  if (tags.length > 0 && !consentOf(flags).isGiven(describe(tags), 'Take them off these photos?')) return EXIT.ok;
  const taken = await takeOffNames(config, { tags, since }, stop.signal);
  const inFiles = new Set(
    tags.flatMap(({ photos }) => photos.filter(({ isInFile }) => isInFile).map(({ path }) => path)),
  );
  if (flags.json) printJson({ ...taken, inFiles: inFiles.size });
  else print(describeTaken(taken.byImmich + taken.inDatabase, inFiles.size));
  return EXIT.ok;
}

/** Throws UserError for one that is not listed. */
function choose(all: readonly NameAsTag[], chosen: readonly string[]): readonly NameAsTag[] {
  const known = new Map(all.map((one) => [one.tag, one]));
  return [...new Set(chosen)].map((tag) => {
    const found = known.get(tag);
    if (found !== undefined) return found;
    throw new UserError(`${plain(JSON.stringify(tag))} is no tag that was made of a name.`, {
      problemCode: 'unknown-name',
      remedy: 'tags list shows those that there are.',
    });
  });
}

function describe(tags: readonly NameAsTag[]): string {
  if (tags.length === 0) return 'No name that was written into a file is a tag.\n';
  const rows = tags.map(({ tag, photos }) => [plain(tag), String(photos.length), plain(photos[0]?.path ?? '')]);
  const photos = new Set(tags.flatMap(({ photos }) => photos.map(({ assetId }) => assetId)));
  return table([['tag', 'photos', 'such as'], ...rows], new Set([1])) +
    `${count(tags.length, 'tag')} on ${count(photos.size, 'photo')}.\n`;
}

function describeTaken(taken: number, inFiles: number): string {
  const again = inFiles === 0
    ? ''
    : `Of ${
      count(inFiles, 'photo')
    } they are still in the file, and Immich would take them from there again: run "write" now.\n`;
  return `${count(taken, 'tag')} of photos taken off.\n${again}`;
}
