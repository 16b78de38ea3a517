import { plain } from '../config/quote.ts';
import { settingOf } from '../config/settings.ts';
import { Secret } from '../config/secret.ts';
import { bytes, countPhotos, list, named, plural } from '../config/words.ts';
import type { Amount } from '../share/offers/amount.ts';
import type { WrittenName } from '../share/offers/things.ts';
import type { SelectionAnswer } from './answers.ts';
import { COMPOSE_VARIABLES, isComposeVariable } from './compose/variables.ts';
import type { PlannedJob, SetupPlan } from './plan.ts';

/** The plan for people, a line for each thing that will be done; secrets are never shown. Pure. */
export function describeSetup(
  plan: SetupPlan,
  files: readonly { readonly path: string; readonly old: string | undefined }[],
): string[] {
  return [
    ...plan.directories.map(({ local, immich }) =>
      `+ directory ${local}${local === immich ? '' : ` (in Immich: ${immich})`}`
    ),
    ...plan.links.map(({ local, leadsTo }) => `+ symbolic link ${local} -> ${leadsTo}`),
    ...plan.libraries.map(({ name, owner, importPath }) =>
      `+ external library "${name}" of ${owner}, import path ${importPath}`
    ),
    ...plan.libraryChanges.map(describeLibraryChange),
    ...plan.albums.map(({ name, owner }) => `+ album "${name}" of ${owner}`),
    ...plan.jobs.map((job) => `${job.change === 'changed' ? '~' : '+'} share "${job.name}": ${describeJob(job)}`),
    ...plan.sharedAlbums === undefined ? [] : [describeAlbums(plan.sharedAlbums)],
    ...files.flatMap(({ path, old }) => [
      `${old === undefined ? '+' : '~'} file ${path}${old === undefined ? '' : ' (the old one is kept)'}`,
      ...(path.endsWith('/.env')
        ? [...plan.settings.map(describeSetting), ...plan.retired.map((name) => `    # ${name}`)]
        : []),
    ]),
  ].map(plain);
}

function describeLibraryChange({ name, now, then }: SetupPlan['libraryChanges'][number]): string {
  const lost = now.patterns.filter((one) => !then.patterns.includes(one));
  const changes = [
    ...then.importPaths === now.importPaths ? [] : [
      `import path ${then.importPaths.join(', ')} instead of ${now.importPaths.join(', ')}`,
    ],
    ...lost.length === 0 ? [] : [`without the exclusion patterns ${lost.join(' ')}`],
  ];
  return `~ external library "${name}": ${changes.join(', ')}`;
}

function describeAlbums({ albums, directory, now }: NonNullable<SetupPlan['sharedAlbums']>): string {
  const which = albums === 'all'
    ? 'all shared albums'
    : `the shared ${plural(albums.length, 'album')} ${shortList(albums)}`;
  const whose = albums === 'all' ? 'their' : plural(albums.length, 'its', 'their');
  return `+ share ${which} with ${whose} members, in ${directory}${describeNow(now)}`;
}

/** So many names stand in a line of the plan. */
const MOST_NAMES = 8;

function shortList(names: readonly WrittenName[], last: 'and' | 'or' = 'and'): string {
  const shown = names.slice(0, MOST_NAMES).map(({ text, comment }) => named(comment ?? text));
  const more = names.length - shown.length;
  return list([...shown, ...more > 0 ? [`${more} more`] : []], last);
}

function describeNow(now: Amount | undefined): string {
  return now === undefined ? '' : `; now ${countPhotos(now.photos)}, ${bytes(now.bytes)}`;
}

/** After "photos of Alice that": in which albums they are, whom they show, … */
function describeSelection({ albums, people, tags, favorites }: SelectionAnswer): string {
  return list([
    ...people.length === 0 ? [] : [`show ${shortList(people, 'or')}`],
    ...albums.length === 0 ? [] : [`are in the ${plural(albums.length, 'album')} ${shortList(albums, 'or')}`],
    ...tags.length === 0 ? [] : [`are tagged ${shortList(tags, 'or')}`],
    ...favorites ? ['are favourites'] : [],
  ], 'or');
}

function describeSetting({ name, value }: SetupPlan['settings'][number]): string {
  const shown = value instanceof Secret ? '***' : value;
  const { label } = isComposeVariable(name) ? COMPOSE_VARIABLES[name] : settingOf(name);
  return `    ${label}: ${shown}`;
}

function describeJob(
  { change, kind, source, target, sourcePath, targetPath, placement, matchPeople, select, now }: PlannedJob,
): string {
  if (change === 'moved') return `as it is, moved from .env${describeNow(now)}`;
  const what = select !== undefined
    ? `photos of ${source.name} that ${describeSelection(select)}`
    : kind === 'upload'
    ? `everything that ${source.name} uploads`
    : `what ${source.name} has in ${sourcePath}`;
  const how = {
    hardlink: 'hard links',
    symlink: 'the symbolic link',
    copy: 'copies, which take the space a second time,',
  }[placement ?? 'hardlink'];
  return `${what}, for ${target.name}, as ${how} in ${targetPath}${
    matchPeople === 'name' ? ', people of the same name as one' : ''
  }${describeNow(now)}`;
}

/** Whether there is nothing to be done. */
export function isNothingToDo(plan: SetupPlan, files: readonly unknown[]): boolean {
  const { directories, links, libraries, libraryChanges, albums } = plan;
  return files.length === 0 &&
    [directories, links, libraries, libraryChanges, albums].every(({ length }) => length === 0);
}
