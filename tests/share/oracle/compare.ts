import type { Prediction } from './prediction.ts';
import { ANYTHING, CHILDREN, Moment, NEW_INODE, OneOf, same } from './records.ts';
import type { FileFact, Row, State } from './state.ts';

/** Rows without an identity of their own: they are compared by what they say. */
const BY_CONTENT: ReadonlySet<string> = new Set(CHILDREN.filter((table) => table !== 'asset_exif'));

const KEYS: Readonly<Record<string, readonly string[]>> = {
  asset_exif: ['assetId'],
  face_search: ['faceId'],
  album_asset: ['albumId', 'assetId'],
  tag_asset: ['assetId', 'tagId'],
  memory_asset: ['memoriesId', 'assetId'],
  shared_link_asset: ['sharedLinkId', 'assetId'],
  tag_closure: ['id_ancestor', 'id_descendant'],
};

/** Says in words everything in which the database or the disk is not as predicted. Empty: all is well. */
export function differences(prediction: Prediction, after: State): string[] {
  const found: string[] = [];
  const name = (path: string | undefined) => path ?? 'nothing';
  for (const table of Object.keys(after.tables)) {
    found.push(...compareTable(table, prediction.records.all(table), after.tables[table] ?? [], prediction));
  }
  const paths = new Set([...prediction.files.keys(), ...after.files.keys()]);
  for (const path of [...paths].sort()) {
    const [expected, actual] = [prediction.files.get(path), after.files.get(path)];
    if (isExpected(expected, actual, after.files)) continue;
    found.push(
      `file ${path}: expected ${name(nameOf(expected, prediction))}, found ${name(nameOf(actual, prediction))}`,
    );
  }
  return [...found, ...compareOwn(prediction, after)];
}

/** A new file has no other name. */
function isExpected(expected: FileFact | undefined, actual: FileFact | undefined, files: State['files']): boolean {
  if (expected?.content !== actual?.content) return false;
  if (expected?.inode !== NEW_INODE) return expected?.inode === actual?.inode;
  return actual !== undefined && [...files.values()].filter(({ inode }) => inode === actual.inode).length === 1;
}

/** A name that the file had before. */
function nameOf(fact: FileFact | undefined, { before }: Prediction): string | undefined {
  if (fact === undefined) return undefined;
  const names = [...before.files].filter(([, { inode }]) => inode === fact.inode).map(([path]) => path);
  return `the file of ${names[0] ?? `a new inode ${fact.inode}`}`;
}

function compareTable(
  table: string,
  expected: readonly Row[],
  actual: readonly Row[],
  prediction: Prediction,
): string[] {
  const keyOf = (row: Row) => {
    if (BY_CONTENT.has(table)) return content(row);
    const person = table === 'person' ? ['ownerId', prediction.personKey] : undefined;
    const columns = person ?? KEYS[table] ?? ('id' in row ? ['id'] : Object.keys(row));
    return JSON.stringify(columns.map((column) => row[column]));
  };
  const rest = new Map<string, Row[]>();
  for (const row of actual) rest.set(keyOf(row), [...rest.get(keyOf(row)) ?? [], row]);
  const found: string[] = [];
  for (const row of expected) {
    const key = keyOf(row);
    const [other, ...others] = rest.get(key) ?? [];
    rest.set(key, others);
    if (other === undefined) found.push(`${table}: expected ${shown(row)}`);
    else if (!BY_CONTENT.has(table)) {
      for (const column of new Set([...Object.keys(row), ...Object.keys(other)])) {
        if (matches(row[column], other[column])) continue;
        found.push(`${table} ${key} ${column}: expected ${shown(row[column])}, found ${shown(other[column])}`);
      }
    }
  }
  for (const row of [...rest.values()].flat()) found.push(`${table}: found ${shown(row)}`);
  return found;
}

function content(row: Row): string {
  const { id: _, createdAt: __, updatedAt: ___, updateId: ____, ...rest } = row;
  return JSON.stringify(Object.entries(rest).toSorted(([a], [b]) => a < b ? -1 : 1));
}

function matches(expected: unknown, actual: unknown): boolean {
  if (expected === ANYTHING) return true;
  if (expected instanceof OneOf) return expected.values.has(actual);
  if (expected instanceof Moment) return Math.abs(Date.parse(String(actual)) - expected.ms) < 2;
  return same(expected, actual);
}

function shown(value: unknown): string {
  if (value === ANYTHING) return 'anything';
  if (value instanceof OneOf) return `one of ${[...value.values].join(', ')}`;
  return JSON.stringify(value, (_, inner) => inner === ANYTHING ? '(anything)' : inner) ?? 'nothing';
}

/** Lists in an order of their own. */
function told(values: readonly unknown[]): string {
  return JSON.stringify(values.map((value) => Array.isArray(value) ? value.toSorted() : value));
}

/** What the program remembers is about things that are there, and every file of ours is in its journal. */
function compareOwn({ memory, configured, isGrouped }: Prediction, { own, files }: State): string[] {
  const found: string[] = [];
  const compare = (what: string, expected: readonly string[], actual: readonly string[]) => {
    const [here, there] = [new Set(expected), new Set(actual)];
    found.push(...expected.filter((item) => !there.has(item)).map((item) => `${what}: expected ${item}`));
    found.push(...actual.filter((item) => !here.has(item)).map((item) => `${what}: found ${item}`));
    if (actual.length !== there.size) found.push(`${what}: something is there twice`);
  };
  const rows = (table: string, ...columns: string[]) =>
    (own[table] ?? []).map((row) => columns.map((column) => String(row[column])).join(' '));
  const known = [...memory.mirrors, ...memory.parked];
  compare(
    'asset_map',
    known.map(({ sourceId, targetId, id }) => `${sourceId} ${targetId} ${id}`),
    rows('asset_map', 'source_asset_id', 'target_user_id', 'mirror_asset_id'),
  );
  compare(
    'in the trash',
    known.filter(({ isTrashed }) => isTrashed).map(({ id }) => id),
    (own['asset_map'] ?? []).filter((row) => row['trashed_at'] !== null).map((row) => String(row['mirror_asset_id'])),
  );
  compare(
    'face_map',
    known.flatMap((mirror) => [...mirror.faces].map(([sourceId, { id }]) => `${sourceId} ${mirror.id} ${id}`)),
    rows('face_map', 'source_face_id', 'mirror_asset_id', 'mirror_face_id'),
  );
  compare(
    'person_map',
    memory.people.map(({ origin, targetId, id, isOurs }) => `${origin} ${targetId} ${id} ${isOurs}`),
    rows('person_map', 'origin_person_id', 'target_user_id', 'mirror_person_id', 'is_ours'),
  );
  compare(
    'stopped',
    [...memory.stopped],
    (own['share'] ?? []).filter((row) => row['stopped_at'] !== null).map((row) => String(row['job_name'])),
  );
  compare('withdrawn', [...memory.refused], rows('withdrawn', 'source_asset_id', 'target_user_id'));
  compare('skipped', [...memory.duplicates], rows('skipped', 'source_asset_id', 'target_user_id'));
  compare(
    'tag',
    memory.tags.map(({ id, targetId, value }) => `${id} ${targetId} ${value}`),
    rows('tag', 'tag_id', 'target_user_id', 'value'),
  );
  compare(
    'photo',
    memory.remembered.map((it) =>
      told([
        it.sourceId,
        it.targetId,
        Object.keys(it.own),
        ...[it.albums, it.covers, it.entries, it.tags, it.memories, it.links],
        it.stackId,
        it.isPrimary,
        it.leftStackId,
      ])
    ),
    (own['photo'] ?? []).map((row) =>
      told([
        row['source_asset_id'],
        row['target_user_id'],
        Object.keys(row['own'] as Row),
        ...['albums', 'covers', 'entries', 'tags', 'memories', 'links'].map((column) => row[column]),
        row['stack_id'],
        row['is_primary'],
        row['left_stack_id'],
      ])
    ),
  );
  const journal = rows('link', 'path');
  const people = new Set(memory.people.map(({ id }) => id));
  const isPersons = (row: Row) => people.has(String(row['mirror_id']));
  // Where nothing is in the directory of a stopped share, its disk may be away: what is not there is not gone.
  const empty = configured.filter(({ name, targetPathPrefix }) =>
    memory.stopped.has(name) && ![...files.keys()].some((path) => path.startsWith(targetPathPrefix))
  );
  const mayBeAway = (path: string) =>
    empty.some(({ targetPathPrefix }) => path.startsWith(targetPathPrefix)) &&
    !known.some((mirror) => mirror.files.has(path));
  compare(
    'link',
    known.flatMap(({ files }) => [...files]),
    (own['link'] ?? []).filter((row) => !isPersons(row)).map((row) => String(row['path'])).filter((path) =>
      !mayBeAway(path)
    ),
  );
  if (!isGrouped && journal.length !== new Set(journal).size) found.push('link: a path is there twice');
  return found;
}
