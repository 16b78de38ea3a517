import { UserError } from '../../errors.ts';
import type { Config, JobConfig } from '../../config/config.ts';
import type { ImmichUser } from '../../immich/api/users.ts';
import type { Offer, Offers } from '../../share/offers/things.ts';
import type { SelectionAnswer } from '../answers.ts';
import { draftConfig, draftJob } from '../drafts.ts';
import type { DialogueChoices } from '../dialogue.ts';
import type { Option } from '../prompter.ts';
import type { Directories, Session } from '../session.ts';
import type { Sizes } from '../sizes.ts';
import { amountText, namesIn, valuesIn } from './listed.ts';

/** What can be named, in the order in which it is shown. */
const SORTS = Object.freeze(
  [
    { key: 'people', kind: 'person', flag: '--people', heading: 'People', what: 'person' },
    { key: 'albums', kind: 'album', flag: '--albums', heading: 'Albums', what: 'album' },
    { key: 'tags', kind: 'tag', flag: '--tags', heading: 'Tags', what: 'tag' },
  ] as const,
);

const FAVORITES = 'favorites';

/** Flags that only belong to a share that is chosen so: they say that there is to be one. */
export const SELECTION_FLAGS: readonly string[] = Object.freeze(['--people', '--tags', '--favorites']);

interface Immich {
  readonly sizes: Sizes;
  readonly directories: Directories;
}

/** Somebody whose photos are chosen, and the job that is changed. */
interface Subject {
  readonly source: ImmichUser;
  readonly job: JobConfig | undefined;
}

/** By what photos of somebody are chosen: from one list of all that there is; where the database cannot be asked, by names. */
export async function askSelection(session: Session, immich: Immich, subject: Subject): Promise<SelectionAnswer> {
  const { dialogue, existing } = session;
  const { sizes, directories } = immich;
  const { source, job } = subject;
  const config = draftConfig(existing, directories);
  const look = () => offersOf(config, session, immich, source);
  const first = await look();
  if (first === undefined) return await askNames(session, job);
  const kept = await sizes.meant(config, source.id, namesOf(job));
  const initial = [...kept.keys(), ...job?.select?.favorites === true ? [FAVORITES] : []];
  const options = optionsOf(first);
  let now = first;
  const chosen = await dialogue.chooseMany({
    flags: FLAGS,
    message: `Which photos of ${source.name} are shared?`,
    help:
      'Whatever is chosen is enough: a photo is shared when it shows one of the people, is in one of the albums or has one of the tags. What is added ' +
      'in Immich later is shared, too.',
    options: async () => optionsOf(now = await look() ?? first),
    initial: initial.filter((value) => options.some((option) => option.value === value)),
    check: assertSome,
  });
  const namesFor = async (kind: Offer['kind']) => {
    const things = now.things.filter((thing) => thing.kind === kind && chosen.includes(thing.id));
    return await sizes.namesFor(config, source.id, things, kept);
  };
  return {
    albums: await namesFor('album'),
    people: await namesFor('person'),
    tags: await namesFor('tag'),
    favorites: chosen.includes(FAVORITES),
  };
}

/** Throws UserError when a user has nothing by which anything could be chosen. */
export async function assertChoosable(session: Session, immich: Immich, source: ImmichUser): Promise<void> {
  const offers = await offersOf(draftConfig(session.existing, immich.directories), session, immich, source);
  if (offers === undefined || optionsOf(offers).length > 0) return;
  throw new UserError(
    `${source.name} has no album, no favourite and no tag, and nobody on their photos has a name.`,
    { problemCode: 'setup-answer', remedy: 'Choose somebody else, or name people and make albums in Immich first.' },
  );
}

/** Whether a job chooses by the same as was answered now. */
export function isSameSelection(job: JobConfig, selection: SelectionAnswer): boolean {
  const { select } = job;
  if (select === undefined || select.favorites !== selection.favorites || select.paths.length > 0) return false;
  return SORTS.every(({ key }) => {
    const texts = new Set(selection[key].map(({ text }) => text));
    return texts.size === select[key].length && select[key].every((text) => texts.has(text));
  });
}

async function offersOf(
  config: Config,
  { existing }: Session,
  { sizes }: Immich,
  source: ImmichUser,
): Promise<Offers | undefined> {
  return await sizes.offers(config, draftJob(existing, source.id));
}

function optionsOf({ things, favorites }: Offers): Option<string>[] {
  const named = SORTS.flatMap(({ kind, heading }) =>
    things.filter((thing) => thing.kind === kind).map((thing) => ({
      value: thing.id,
      label: thing.name === '' ? '(without a name)' : thing.name,
      hint: amountText(thing),
      group: heading,
      words: [thing.name, thing.id],
    }))
  );
  const hint = amountText(favorites);
  const all = { value: FAVORITES, label: 'all favourites', hint, group: 'Favourites', words: [] };
  return favorites.photos === 0 ? named : [...named, all];
}

const FLAGS: DialogueChoices<string>['flags'] = [
  ...SORTS.map(({ flag, heading, what }) => ({
    flag,
    read: (text: string, options: readonly Option<string>[]) =>
      valuesIn(text, options.filter(({ group }) => group === heading), what),
  })),
  {
    flag: '--favorites',
    read: (text: string, options: readonly Option<string>[]) => {
      if (!isYes(text)) return [];
      if (options.some(({ value }) => value === FAVORITES)) return [FAVORITES];
      throw new UserError('There is no favourite to share.', {
        problemCode: 'setup-answer',
        remedy: 'Mark one in Immich, or leave it out.',
      });
    },
  },
];

function isYes(text: string): boolean {
  const answer = new Map([['yes', true], ['true', true], ['no', false], ['false', false]]).get(
    text.trim().toLowerCase(),
  );
  if (answer !== undefined) return answer;
  throw new UserError('That is neither yes nor no.', { problemCode: 'setup-answer', remedy: 'Write yes or no.' });
}

function assertSome(values: readonly unknown[]): void {
  if (values.length > 0) return;
  throw new UserError('Nothing is chosen.', {
    problemCode: 'setup-answer',
    remedy: 'Choose at least one. To share everything, go back and choose uploads, or an external library.',
  });
}

function namesOf(job: JobConfig | undefined): { readonly kind: Offer['kind']; readonly text: string }[] {
  return SORTS.flatMap(({ key, kind }) => (job?.select?.[key] ?? []).map((text) => ({ kind, text })));
}

/** What nobody can look up is written as it was said. */
async function askNames({ dialogue }: Session, job: JobConfig | undefined): Promise<SelectionAnswer> {
  dialogue.say(
    'The database cannot be asked from here, so there is no list: write names as they are in Immich.',
    'warning',
  );
  while (true) {
    const names = { people: [], albums: [], tags: [] } as Record<(typeof SORTS)[number]['key'], { text: string }[]>;
    for (const { key, flag, heading } of SORTS) {
      const before = job?.select?.[key] ?? [];
      names[key] = await dialogue.text({
        flag,
        message: `${heading}, separated by commas; empty: none`,
        initial: before.join(', '),
        check: (text) => namesIn(text, before).map((name) => ({ text: name })),
      });
    }
    const favorites = await dialogue.yesNo({
      flag: '--favorites',
      message: 'Favourites, too?',
      initial: job?.select?.favorites === true,
    });
    try {
      assertSome([...Object.values(names).flat(), ...favorites ? [FAVORITES] : []]);
      return { ...names, favorites };
    } catch (error) {
      if (!(error instanceof UserError) || !dialogue.isAttended) throw error;
      dialogue.say(`${error.message}\n${error.remedy}`, 'warning');
    }
  }
}
