import { z } from 'zod';
import { UserError } from '../../errors.ts';
import { named } from '../../config/words.ts';

/** What the program writes itself; a later one also reads what an earlier one has written. */
export const FILE_VERSION = 1;

/** By which a file of ours is known from any other. */
export const KIND = 'immich-sidecar people';

/** Left, top, right and bottom, as parts of the image's width and height. */
export type RelativeBox = readonly [x1: number, y1: number, x2: number, y2: number];

const box = z.tuple([z.number(), z.number(), z.number(), z.number()]).readonly();

/** A face on a photo, which Immich's checksum of it stands for, in hexadecimal: ids are given anew by a new Immich. */
const face = z.object({ photo: z.string().regex(/^[0-9a-f]{2,128}$/), box }).readonly();

const person = z.object({
  id: z.guid(),
  name: z.string(),
  birthDate: z.iso.date().nullable(),
  isHidden: z.boolean(),
  isFavorite: z.boolean(),
  color: z.string().nullable(),
  cover: face.nullable(),
  faces: z.array(face).readonly(),
  /** The mean direction of the embeddings of their largest faces, as little-endian 32-bit floats in base64; comparable with those of the same model only. */
  embedding: z.base64().nullable(),
}).readonly();

const user = z.object({ id: z.guid(), email: z.string(), name: z.string(), people: z.array(person).readonly() })
  .readonly();

const saved = z.object({
  kind: z.literal(KIND),
  version: z.literal(FILE_VERSION),
  /** By the database's clock. */
  savedAt: z.iso.datetime(),
  /** Immich's model for faces. */
  model: z.string(),
  users: z.array(user).readonly(),
}).readonly();

/** Names of people, and what is known besides, as they are kept in a file. */
export type SavedPeople = z.infer<typeof saved>;
export type SavedUser = z.infer<typeof user>;
export type SavedPerson = z.infer<typeof person>;
export type SavedFace = z.infer<typeof face>;

/** Reads what `formatSaved` has made. Throws UserError, with the path, for anything else. */
export function parseSaved(text: string, path: string): SavedPeople {
  const head = headOf(text);
  if (head === undefined) {
    throw refuse(`${named(path)} is damaged, or only a part of it is there.`, 'Take another copy of it.');
  }
  if (head.kind !== KIND) {
    throw refuse(`${named(path)} is no file that "people save" has written.`, 'Look whether its name is right.');
  }
  if (typeof head.version === 'number' && head.version > FILE_VERSION) {
    throw new UserError(`${named(path)} was written by a newer immich-sidecar.`, {
      problemCode: 'newer-version',
      remedy: 'Install that version or a later one.',
    });
  }
  const { data, error } = saved.safeParse(head);
  if (data !== undefined) return data;
  const [issue] = error.issues;
  throw refuse(
    `${named(path)} was changed since it was written: ${issue?.path.join('.')} (${issue?.message}).`,
    'Take another copy of it.',
  );
}

/** One line for each person, so that two of them can be compared. */
export function formatSaved({ users, ...head }: SavedPeople): string {
  const lines = (items: readonly unknown[]) => items.map((item) => `\n${JSON.stringify(item)}`).join(',');
  const blocks = users.map(({ people, ...rest }) => `{${inside(rest)},"people":[${lines(people)}]}`);
  return `{${inside(head)},"users":[${blocks.join(',\n')}]}\n`;
}

function inside(value: object): string {
  return JSON.stringify(value).slice(1, -1);
}

function headOf(text: string): { readonly kind?: unknown; readonly version?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return undefined;
  }
}

function refuse(message: string, remedy: string): UserError {
  return new UserError(message, { problemCode: 'unreadable', remedy });
}
