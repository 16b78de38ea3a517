import { getLogger } from '@logtape/logtape';
import { named } from '../../config/words.ts';
import type { Tools, View } from '../cycle/tools.ts';
import { compareNames, type NameChanges, readRememberedNames, writeNames } from '../selection/remembered.ts';
import { type PairLibrary, writeLibraries } from '../shared_albums/libraries.ts';
import { type Member, writeMembers } from '../shared_albums/members.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** What is to be noted, and forgotten. */
interface NamePage extends NameChanges {
  readonly members: readonly Member[];
  readonly libraries: readonly PairLibrary[];
}

/** Remembers what the names in the configuration stand for, before anything is done with it, and forgets those that stand there no more. */
export const notedNames = definePhase({
  name: 'names',
  what: 'Notes which albums, people, tags and users the names of the configuration stand for.',
  per: 'cycle',
  counts: { namesNoted: 'names noted' },
  plan: async function* ({ sql, jobs, sharedAlbums }: View): AsyncGenerator<NamePage> {
    const changes = compareNames(await readRememberedNames(sql), [
      ...jobs.flatMap(({ remember }) => remember),
      ...sharedAlbums?.remember ?? [],
    ]);
    const members = (sharedAlbums?.members ?? []).filter(({ isNew }) => isNew);
    const libraries = (sharedAlbums?.libraries ?? []).filter(({ isNew }) => isNew);
    const { remember, forget } = changes;
    if ([remember, forget, members, libraries].some(({ length }) => length > 0)) {
      yield { ...changes, members, libraries };
    }
  },
  apply: eachPage(async ({ database }: Tools, _unit, changes: NamePage, tally: Tally<'namesNoted'>) => {
    const { members, libraries } = changes;
    await database.transaction(async (tx) => {
      await writeNames(tx, changes);
      await writeMembers(tx, members);
      await writeLibraries(tx, libraries);
    });
    // Once for each, as it is remembered under its new name from now on.
    for (const { kind, text, formerName, name, id } of changes.renamed) {
      logger.warn(
        'The {kind} {formerName} is called {name} now. What the configuration calls {text} goes on to mean it.',
        {
          kind,
          formerName: named(formerName),
          name: named(name),
          text: named(text),
          id,
        },
      );
    }
    tally.add(
      'namesNoted',
      changes.remember.length + changes.forget.length + members.length + libraries.length,
    );
  }),
  describe: ({ remember, forget, members, libraries }) => [
    ...linesOf(
      '~',
      'names to note',
      remember,
      ({ kind, text, name, id }) => `note that ${named(text)} means the ${kind} ${named(name)} (${id})`,
    ),
    ...linesOf('~', 'names to forget', forget, ({ kind, text }) => `forget what the ${kind} ${named(text)} was`),
    ...linesOf(
      '~',
      'names to note',
      members,
      ({ label, directory }) => `note that the directory of ${named(label)} is called ${named(directory)}`,
    ),
    ...linesOf(
      '~',
      'names to note',
      libraries,
      ({ source, target, id }) =>
        `note that ${named(target.label)} has what is of ${named(source.label)} in the library ${id}`,
    ),
  ],
});
