import { Cron } from 'croner';
import { z } from 'zod';
import { type Destination, inTree } from './destination.ts';
import { FIELD_NAMES, type FieldName } from '../writeback/fields/fields.ts';
import { REGION_KINDS, type RegionKind } from '../writeback/fields/region_kinds.ts';
import { TWO_WAY_CHOICES, type TwoWayChoice } from './two_way_fields.ts';
import { quote } from './quote.ts';
import { writeTimesOf } from './write_times.ts';
import { Secret } from './secret.ts';
import { list } from './words.ts';

/** How one kind of value is read from text, and what to tell somebody whose value was refused. */
export interface ValueType<T> {
  /** Issue messages continue a sentence that begins with the quoted value: `"abc" is not a UUID`. */
  readonly schema: z.ZodType<T>;
  /** A sentence: what to write instead. */
  readonly remedy: string;
  /** All that can be written, where that is a few words. */
  readonly words?: readonly string[];
  /** True for a text that may hold credentials although it is no secret; such a text is not quoted. */
  readonly mayHoldSecret?: (text: string) => boolean;
}

const text = z.string('is not a single value').trim();
const withoutControls = text.refine((value) => !/\p{Cc}/u.test(value), 'contains a line break or a control character');

const absolutePath = withoutControls
  .refine((path) => path.startsWith('/'), 'does not begin with "/"')
  .refine((path) => !path.includes('//'), 'contains "//"')
  .refine((path) => !path.split('/').some((step) => step === '.' || step === '..'), 'contains a "." or ".." step')
  .refine((path) => path !== '/', 'is the root directory, which would mean every file there is');

const directorySchema = absolutePath.transform((path) => path.replace(/\/$/, ''));

/** A directory as Immich or this program sees it; no trailing slash in the result. */
export const directory: ValueType<string> = {
  schema: directorySchema,
  remedy: 'Write the full path of a directory, such as /data.',
};

/** The beginning of Immich's paths; the result always ends with a slash, so `/a/b` never matches `/a/bc`. */
export const pathPrefix = {
  schema: absolutePath.transform((path) => path.endsWith('/') ? path : `${path}/`),
  remedy: 'Write the full path of a directory as Immich sees it, such as /external_library/alice/photos/.',
} satisfies ValueType<string>;

/** A directory on this side, possibly relative to the working directory; resolved by the caller. */
export const localDirectory: ValueType<string> = {
  schema: withoutControls
    .refine((path) => !path.startsWith('~'), 'begins with "~", which only a shell understands')
    .refine((path) => !path.includes('${'), 'contains "${", and variables are not expanded here')
    .refine((path) => !/^\/+$/.test(path), 'is the root directory'),
  remedy: 'Write the directory out, such as /mnt/photos or ../immich-app/library.',
};

/** The path of a file that is read at start-up. */
export const filePath: ValueType<string> = {
  schema: withoutControls,
  remedy: 'Write the path of a file, such as config.yaml.',
};

const pathMapEntry = z.union([
  z.array(z.tuple([z.string(), z.string()])),
  text.transform((entries) =>
    entries.split(',').filter((entry) => entry.trim() !== '').map((entry) => entry.split('='))
  ),
]);

/** `/data=/mnt/photos,/other=/mnt/other`, or a YAML mapping of the same (the only way to write `,` and `=` in a path). */
export const pathMap: ValueType<{ immich: string; local: string }[]> = {
  schema: pathMapEntry.transform((entries, context) => {
    const complain = (message: string) => context.addIssue({ code: 'custom', message });
    const pairs = entries.map((entry) => {
      const [immich, local, more] = entry;
      if (immich === undefined || local === undefined || more !== undefined) {
        complain(`has the entry ${quote(entry.join('='))}, which is not a pair of paths with one "=" between them`);
        return { immich: '', local: '' };
      }
      const [from, to] = [immich, local].map((side) => {
        const result = directorySchema.safeParse(side);
        if (!result.success) complain(`has the path ${quote(side)}, which ${result.error.issues[0]?.message}`);
        return result.data ?? '';
      });
      return { immich: from ?? '', local: to ?? '' };
    });
    const repeated = pairs.find((pair, index) => pairs.findIndex((other) => other.immich === pair.immich) !== index);
    if (repeated !== undefined) complain(`maps ${quote(repeated.immich)} twice`);
    return pairs;
  }),
  remedy: "Write pairs of full paths, Immich's first: /data=/mnt/photos,/other=/mnt/other.",
};

/** A UUID in any spelling PostgreSQL also takes with hyphens; lower-cased, because Immich compares text. */
function id(remedy: string): ValueType<string> {
  return { schema: text.pipe(z.guid('is not a UUID')).transform((value) => value.toLowerCase()), remedy };
}

const guid = z.guid();

/** Whether this is an id as Immich writes them, and no name. */
export function isId(value: string): boolean {
  return guid.safeParse(value).success;
}

/** A whole number within bounds (inclusive). */
export function wholeNumber(minimum: number, maximum: number): ValueType<number> {
  return {
    schema: text
      .refine((value) => /^\d{1,15}$/.test(value), 'is not a whole number')
      .transform(Number)
      .refine((value) => value >= minimum && value <= maximum, `is not between ${minimum} and ${maximum}`),
    remedy: `Write a whole number from ${minimum} to ${maximum}.`,
  };
}

/** The system's own zone, as some systems and images set it. */
const SYSTEM_ZONE = /^:?\/etc\/localtime$/;

/** A name from the IANA time zone database. A leading colon, which POSIX allows, is dropped. */
export const timeZone: ValueType<string> = {
  schema: text
    .transform((zone) => SYSTEM_ZONE.test(zone) ? Temporal.Now.timeZoneId() : zone.replace(/^:/, ''))
    .refine(isTimeZone, 'is not the name of a time zone'),
  remedy: 'Write a name from the time zone database, such as Europe/Berlin or UTC.',
};

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** One of a few words, in any case; the result is lower-cased. */
export function choice<const W extends string>(...words: readonly W[]): ValueType<Lowercase<W>> {
  const lower = words.map((word) => word.toLowerCase() as Lowercase<W>);
  return {
    schema: text.toLowerCase().pipe(z.enum(lower, `is not one of the possible words`)),
    remedy: `Write ${list(words, 'or')}.`,
    words,
  };
}

const besideOrInside = choice('embed', 'sidecar', 'both');

/** Where write-back writes: a word, or `tree:` and a directory, possibly relative to the working directory; resolved by the caller. */
export const destination: ValueType<Destination> = {
  schema: text.transform((value, context): Destination => {
    const tree = /^tree:(.*)$/is.exec(value)?.[1]?.trim();
    const { data, error } = tree === undefined
      ? besideOrInside.schema.safeParse(value)
      : localDirectory.schema.refine((path) => path !== '', 'names no directory').transform(inTree).safeParse(tree);
    if (data !== undefined) return data;
    for (const { message } of error?.issues ?? []) context.addIssue({ code: 'custom', message });
    return z.NEVER;
  }),
  remedy: 'Write embed, sidecar, both, or tree: and a directory, such as tree:/mnt/sidecars.',
};

/** `true` or `false`, in any case; YAML 1.1's `yes` and `on` are refused rather than guessed. */
export const flag: ValueType<boolean> = {
  schema: text.toLowerCase().pipe(z.enum(['true', 'false'], 'is neither true nor false')).transform((value) =>
    value === 'true'
  ),
  remedy: 'Write true or false.',
  words: ['true', 'false'],
};

/** The name of a database, its user or its host. */
export const word: ValueType<string> = {
  schema: withoutControls,
  remedy: 'Write it on one line.',
};

/** Any text; never shown. */
export const password: ValueType<Secret> = {
  schema: z.string('is not a single value').transform((value) => new Secret(value)),
  remedy: 'Write it on one line, or put it into a file and name that file.',
};

/** A key that must fit into an HTTP header. */
export const apiKey: ValueType<Secret> = {
  schema: z.string('is not a single value')
    .regex(/^[\x21-\x7e]+$/, 'contains a space, a line break or a character that no API key has')
    .transform((value) => new Secret(value)),
  remedy: 'Copy the key again from Immich: Account Settings > API Keys.',
};

/** The name of a job: what logs and commands call it. */
export const jobName: ValueType<string> = {
  schema: text
    .refine(
      (name) => !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(name),
      'contains characters that cannot be printed',
    )
    .refine((name) => [...name].length <= 64, 'is longer than 64 characters'),
  remedy: 'Give the share a short name on one line, such as "alice to bob".',
};

/** A user of Immich. */
export const userId = id(
  'Copy it from Immich: Administration > Users, open the user; the id is the end of the address.',
);

/** Several of them, separated by commas. */
export const userIds: ValueType<string[]> = {
  schema: text
    .transform((list) => list.split(',').map((part) => part.trim().toLowerCase()).filter((part) => part !== ''))
    .refine((ids) => ids.every((id) => userId.schema.safeParse(id).success), 'is not a list of UUIDs'),
  remedy: userId.remedy,
};

/** An external library of Immich. */
export const libraryId = id(
  'Copy it from Immich: Administration > External Libraries, open the library; the id is the end of the address.',
);

/** An album of Immich. */
export const albumId = id('Copy it from Immich: open the album; the id is the end of the address.');

/** See `Placement`. */
export const placement = choice('auto', 'hardlink', 'symlink', 'copy');

const name = withoutControls.refine((value) => value !== '', 'is empty').refine(
  (value) => [...value].length <= 1_000,
  'is longer than 1,000 characters',
);

/** A user by e-mail, name or id. An id is lower-cased, as Immich compares text. */
export const userReference: ValueType<string> = {
  schema: name,
  remedy: 'Write the e-mail, the name or the id of a user of Immich.',
};

/** One value, or a list of them; an empty list is a mistake, as nobody can tell what it was to mean. */
function listOf<T>(one: z.ZodType<T, string>): z.ZodType<T[]> {
  const many = z.array(one).transform((values) => [...new Set(values)]);
  return z.union([z.array(z.string()).min(1, 'is an empty list'), z.string().transform((value) => [value])]).pipe(many);
}

/** Names or ids, such as those of albums. A comma is part of a name. */
export const names: ValueType<string[]> = {
  schema: listOf(name),
  remedy: 'Write names or ids as a list, such as [Family, Summer 2024].',
};

/** Beginnings of Immich's paths. */
export const pathPrefixes: ValueType<string[]> = {
  schema: listOf(pathPrefix.schema),
  remedy: pathPrefix.remedy,
};

/** A day of the calendar. */
export const day: ValueType<string> = {
  schema: text.regex(/^\d{4}-\d{2}-\d{2}$/, 'is not a date such as 2015-01-31').refine(
    isDay,
    'is no day of the calendar',
  ),
  remedy: 'Write year, month and day: 2015-01-31.',
};

function isDay(value: string): boolean {
  try {
    Temporal.PlainDate.from(value, { overflow: 'reject' });
    return true;
  } catch {
    return false;
  }
}

/** See `PeopleMatch`. */
export const peopleMatch = choice('any', 'all', 'only');

/** Photos, videos, or both. */
export const mediaTypes: ValueType<('image' | 'video')[]> = {
  schema: listOf(text.toLowerCase().pipe(z.enum(['image', 'video'], 'is neither image nor video'))),
  remedy: 'Write image, video, or [image, video].',
  words: ['image', 'video'],
};

/** Fields of a photo that go both ways. */
export const twoWayFields: ValueType<TwoWayChoice[]> = {
  schema: listOf(
    text.toLowerCase().pipe(z.enum(TWO_WAY_CHOICES, `has a word that is none of ${list(TWO_WAY_CHOICES, 'and')}`)),
  ),
  remedy: `Write some of [${TWO_WAY_CHOICES.join(', ')}].`,
};

/** What becomes of photos that were edited in Immich. */
export const shareEdited = choice('original', 'skip');

/** See `Requirement`. */
export const requirement = choice('auto', 'required', 'ignored');

/** A password for actions over HTTP: long enough not to be guessed, and fit for a header. */
export const httpToken: ValueType<Secret> = {
  schema: z.string('is not a single value')
    .regex(/^[\x21-\x7e]{12,}$/, 'has fewer than 12 characters, or some that no header can carry')
    .transform((value) => new Secret(value)),
  remedy: 'Write 12 or more letters and digits without spaces.',
};

/** When `serve` writes back: as cron has it (five fields), soon after something has changed, or both. */
export const writeSchedule: ValueType<string> = {
  schema: text.transform((value) => value.split(/\s+/).join(' ')).superRefine((value, context) => {
    const { isOnChange, cron } = writeTimesOf(value);
    if (cron === undefined && isOnChange) return;
    if (cron?.split(' ').length !== 5) {
      context.addIssue({ code: 'custom', message: 'does not have the five fields of cron' });
    } else if (!isCron(cron)) {
      context.addIssue({ code: 'custom', message: 'is not an expression that cron understands' });
    }
  }),
  remedy:
    'Write minute, hour, day, month and weekday: 0 3 * * * is every night at three. Or on-change, or both: on-change 0 3 * * *',
};

function isCron(pattern: string): boolean {
  try {
    new Cron(pattern, { paused: true }).stop();
    return true;
  } catch {
    return false;
  }
}

/** A span of the day, which may go beyond midnight; minutes since midnight. */
export const timeWindow: ValueType<{ from: number; to: number }> = {
  schema: text.regex(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/, 'is not a span such as 01:00-06:00')
    .transform((span) => {
      const [from = 0, to = 0] = span.split('-').map((time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3)));
      return { from, to };
    }).refine(({ from, to }) => from !== to, 'has no length'),
  remedy: 'Write two times of day with 24 hours: 01:00-06:00.',
};

/** Ways in which faces are written, separated by commas. */
export const regionKinds: ValueType<RegionKind[]> = {
  schema: text.transform((list) =>
    list.split(',').map((part) => part.trim().toLowerCase()).filter((part) => part !== '')
  )
    .pipe(z.array(z.enum(REGION_KINDS, 'has a word that is none of them')).min(1, 'is empty')),
  remedy: `Write some of ${REGION_KINDS.join(', ')}.`,
};

/** Some of the fields that write-back can write, separated by commas. */
export const writeModules: ValueType<FieldName[]> = {
  schema: text.transform((list) =>
    list.split(',').map((part) => part.trim().toLowerCase()).filter((part) => part !== '')
  )
    .pipe(z.array(z.enum(FIELD_NAMES, 'has a word that is none of them')).min(1, 'is empty')),
  remedy: `Write some of ${FIELD_NAMES.join(', ')}.`,
};
