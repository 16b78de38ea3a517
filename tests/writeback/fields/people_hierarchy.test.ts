import assert from 'node:assert/strict';
import { compare } from '../../../src/writeback/compare.ts';
import type { AssetRecord } from '../../../src/writeback/fields/record.ts';
import { NOTHING_OWN, type OwnValues, type Tags } from '../../../src/writeback/fields/values.ts';
import { BLANK } from '../files/world.ts';
import { input } from './input.ts';

const PEOPLE_AND_ALBUMS = ['hierarchy', 'albums'];

/** A run: what the file says afterwards, and what of it is ours. */
function run(record: AssetRecord, current: Tags, own: OwnValues, fields: string[] = ['hierarchy']) {
  const options = { fields, captionMaxLength: 2_000, timeZone: undefined };
  const { changes, own: after } = compare(input({ record, current, own, options }));
  return { tags: { ...current, ...Object.fromEntries(changes.map(({ tag, after }) => [tag, after])) }, own: after };
}

const withPeople = (...names: string[]): AssetRecord => ({
  ...BLANK,
  people: names.map((name) => ({ id: name, name })),
});

Deno.test('people stand below People, albums below Albums, and what others wrote stays', () => {
  const theirs = { 'XMP-lr:HierarchicalSubject': ['Places|Sea'] };
  const { tags } = run({ ...withPeople('Anna', 'a|b'), albums: ['Summer'] }, theirs, NOTHING_OWN, PEOPLE_AND_ALBUMS);
  assert.deepEqual(tags['XMP-lr:HierarchicalSubject'], ['Places|Sea', 'Albums|Summer', 'People|Anna', 'People|a/b']);
  assert.deepEqual(tags['XMP-digiKam:TagsList'], ['Places/Sea'], 'which is what Immich takes for tags');
});

Deno.test('a person who is renamed, or gone, leaves no name behind, and digiKam’s own people stay', () => {
  const theirs = { 'XMP-lr:HierarchicalSubject': ['People|Dora'] };
  const first = run(withPeople('Anna', 'Dora'), theirs, NOTHING_OWN);
  assert.deepEqual(first.tags['XMP-lr:HierarchicalSubject'], ['People|Dora', 'People|Anna']);
  const renamed = run(withPeople('Anna Example', 'Dora'), first.tags, first.own);
  assert.deepEqual(renamed.tags['XMP-lr:HierarchicalSubject'], ['People|Dora', 'People|Anna Example']);
  const gone = run(withPeople(), renamed.tags, renamed.own);
  assert.deepEqual(gone.tags['XMP-lr:HierarchicalSubject'], ['People|Dora']);
});

Deno.test('a second run changes nothing, with the ledger and without', () => {
  const record = withPeople('Anna');
  const { tags, own } = run(record, {}, NOTHING_OWN);
  for (const known of [own, NOTHING_OWN]) assert.deepEqual(run(record, tags, known).tags, tags);
});
