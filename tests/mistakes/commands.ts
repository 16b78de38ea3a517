import type { Mistake } from './mistake.ts';

function command(line: string, ...says: readonly RegExp[]): Mistake {
  return { what: line, args: line.split(' '), says };
}

const SEE_HELP = /--help/;

export const WRONG_COMMANDS: readonly Mistake[] = [
  command('snyc', /unknown command 'snyc'/, /Did you mean sync\?|SEE|--help/),
  command('sync --dryrun', /unknown option '--dryrun'/, /Did you mean --dry-run\?/),
  command('sync extra', /too many arguments/, SEE_HELP),
  command('sync --job', /argument missing/, SEE_HELP),
  command('sync --dry-run --confirm-withdrawals', /cannot be used with option/),
  command('write', /Nothing was chosen to be written/, /Give --all, or some of --people/),
  command('write --all --to files', /"files" is not one of the possible words. Write embed, sidecar, both, or tree:/),
  command('write --all --source db', /Allowed choices are api, database/),
  command('write --all --since yesterday', /Write a date such as 2026-07-01/),
  command('write --all --since 07/01/2026', /Write a date such as 2026-07-01/),
  command('write --all', /Immich asks for a key, and none is configured/, /IMMICH_API_KEY, or use --source database/),
  command('write --all --export-stats xml', /Allowed choices are json, csv/),
  command('undo --run last', /Write the number of a run/),
  command('undo --run 1 a.jpg', /Paths and --run were given together/, /Give one of the two/),
  command('undo --yes', /knows of no change that could be undone/, /Check WRITE_STATE_DIR/),
  command('reshare', /Nothing was chosen to be shared again/, /--list shows/),
  command('reshare photo.jpg', /is not the id of an asset or a user/, /reshare --list/),
  command('reshare --all --job x', /cannot be used with option/),
  command('unshare --user bob', /"bob" is not the id of a user/, /Administration > Users/),
  command('kept', /missing required argument 'action'/),
  command('export', /missing required argument 'directory'/),
  command('kept remove', /Allowed choices are list, restore, delete/),
  command('completion powershell', /Allowed choices are|bash, zsh/),
  command('sync --config', /argument missing/),
  command('setup --yes --config settings.ini', /setup writes YAML/, /ends in \.yaml/),
  command('setup --yes --api-key-file nowhere', /--api-key-file: the file "nowhere" does not exist/),
  command(
    'setup --yes --share external',
    /--compose, --api-key-file, --db-password-file, --from, --to and --path are missing/,
    /setup --help says what each of them is/,
  ),
];
