import type { z } from 'zod';
import type { JobConfig, Reasons } from './config.ts';
import { type JOB_FIELDS, type JobField, REASON_FIELDS, type ReasonField } from './job_fields.ts';
import type { JobDraft } from './job_draft.ts';
import { parseRaw } from './parse.ts';
import type { ConfigProblem } from './problems.ts';
import type { Raw } from './sources.ts';

/** Reads a key of a job; undefined when it is not there or was refused. */
type Read = <F extends JobField>(field: F) => z.output<(typeof JOB_FIELDS)[F]['type']['schema']> | undefined;

/** What of a job says which photos are meant. Left out is what the job does not say. */
export type SelectionConfig = Pick<JobConfig, 'select' | 'except' | 'since' | 'until' | 'minRating' | 'types'>;

/** Whether a job says for which reasons a photo is shared. */
export function hasSelect({ fields }: Pick<JobDraft, 'fields'>): boolean {
  return fields.keys().some((field) => field.startsWith('select.'));
}

/** Reads and checks what a job says of the photos that it means. */
export function readSelection(draft: JobDraft, read: Read, problems: ConfigProblem[]): SelectionConfig {
  const [since, until] = [read('since'), read('until')];
  if (since !== undefined && until !== undefined && since > until) {
    reportAt(draft.fields.get('until'), problems, {
      message: `${until} is before ${since}, so nothing at all would be shared`,
      remedy: 'Let until be the same day as since, or a later one.',
    });
  }
  const except = {
    albums: read('except.albums') ?? [],
    people: read('except.people') ?? [],
    tags: read('except.tags') ?? [],
    paths: read('except.paths') ?? [],
  };
  const select = readSelect(draft, read, problems);
  const [minRating, types] = [read('min_rating'), read('types')];
  return {
    ...select === undefined ? {} : { select },
    ...isEmpty(except) ? {} : { except },
    ...since === undefined ? {} : { since },
    ...until === undefined ? {} : { until },
    ...minRating === undefined ? {} : { minRating },
    ...types === undefined ? {} : { types },
  };
}

function readSelect(draft: JobDraft, read: Read, problems: ConfigProblem[]): SelectionConfig['select'] {
  if (!hasSelect(draft)) return undefined;
  const select = {
    albums: read('select.albums') ?? [],
    people: read('select.people') ?? [],
    tags: read('select.tags') ?? [],
    paths: read('select.paths') ?? [],
    peopleMatch: read('select.people_match') ?? 'any',
    favorites: read('select.favorites') ?? false,
  };
  const match = draft.fields.get('select.people_match');
  if (match !== undefined && !draft.fields.has('select.people')) {
    reportAt(match, problems, {
      message: 'this says how people are matched, and no people are named',
      remedy: 'Write select.people, or take it out.',
    });
  }
  const isAnythingMeant = ['albums', 'people', 'tags', 'paths'].some((name) =>
    draft.fields.has(`select.${name}` as JobField)
  );
  if (!isAnythingMeant && !select.favorites) {
    reportAt(draft.fields.get('select.favorites') ?? match, problems, {
      message: 'this share selects nothing',
      remedy:
        'Name albums, people, tags or paths, or write favorites: true; without select it is all that its kind and path say.',
    });
  }
  return select;
}

/** The top-level `never`: what no job shares. */
export function readReasons(raw: ReadonlyMap<ReasonField, Raw>, problems: ConfigProblem[]): Reasons | undefined {
  const read = (field: ReasonField) => {
    const found = raw.get(field);
    return found === undefined ? [] : parseRaw<string[]>(found, REASON_FIELDS[field].type, problems, false) ?? [];
  };
  const never = { albums: read('albums'), people: read('people'), tags: read('tags'), paths: read('paths') };
  return isEmpty(never) ? undefined : never;
}

function isEmpty({ albums, people, tags, paths }: Reasons): boolean {
  return albums.length + people.length + tags.length + paths.length === 0;
}

/** A problem of a value; none where nothing was said. */
export function reportAt(
  raw: Raw | undefined,
  problems: ConfigProblem[],
  what: Pick<ConfigProblem, 'message' | 'remedy'>,
): void {
  if (raw !== undefined) problems.push({ key: raw.key, place: raw.place, ...what });
}
