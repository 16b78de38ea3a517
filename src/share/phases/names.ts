import { getLogger } from '@logtape/logtape';
import { named } from '../../config/words.ts';
import type { Tools, View } from '../cycle/tools.ts';
import { compareNames, type NameChanges, readRememberedNames, writeNames } from '../selection/remembered.ts';
import { definePhase, eachPage, linesOf, type Tally } from './phase.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/** Remembers what the names in the configuration stand for, before anything is done with it, and forgets those that stand there no more. */
export const notedNames = definePhase({
  name: 'names',
  what: 'Notes which albums, people, tags and users the names of the configuration stand for.',
  per: 'cycle',
  counts: { namesNoted: 'names noted' },
  plan: async function* ({ sql, jobs }: View) {
    const changes = compareNames(await readRememberedNames(sql), jobs.flatMap(({ remember }) => remember));
    if (changes.remember.length + changes.forget.length > 0) yield changes;
  },
  apply: eachPage(async ({ database }: Tools, _unit, changes: NameChanges, tally: Tally<'namesNoted'>) => {
    await database.transaction((tx) => writeNames(tx, changes));
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
    tally.add('namesNoted', changes.remember.length + changes.forget.length);
  }),
  describe: ({ remember, forget }) => [
    ...linesOf(
      '~',
      'names to note',
      remember,
      ({ kind, text, name, id }) => `note that ${named(text)} means the ${kind} ${named(name)} (${id})`,
    ),
    ...linesOf('~', 'names to forget', forget, ({ kind, text }) => `forget what the ${kind} ${named(text)} was`),
  ],
});
