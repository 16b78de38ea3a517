import assert from 'node:assert/strict';
import fc from '../../harness/drawing.ts';
import { compare } from '../../../src/writeback/compare.ts';
import { entriesOf } from '../../../src/writeback/fields/lists.ts';
import type { FieldName } from '../../../src/writeback/fields/fields.ts';
import type { AssetRecord } from '../../../src/writeback/fields/record.ts';
import { NOTHING_OWN, type OwnValues, type Tags } from '../../../src/writeback/fields/values.ts';
import type { TagChange } from '../../../src/writeback/tags.ts';
import { BLANK } from '../files/world.ts';
import { input } from './input.ts';

const LISTS = ['XMP-dc:Subject', 'IPTC:Keywords', 'XMP-lr:HierarchicalSubject', 'XMP-digiKam:TagsList'] as const;

/** Few words, so that names, tags, albums and keywords of others often are the same. */
const word = fc.constantFrom('a', 'b', 'c', 'd|e', 'f/g', 'Ü');
const words = fc.uniqueArray(word, { maxLength: 3 });
const subset = fc.subarray<FieldName>(['people', 'albums', 'tags'], { minLength: 1 });

type Step =
  | {
    readonly kind: 'run';
    readonly fields: readonly FieldName[];
    readonly people: string[];
    readonly albums: string[];
    readonly tags: string[];
  }
  | { readonly kind: 'other'; readonly tag: typeof LISTS[number]; readonly entries: string[] };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('run' as const), fields: subset, people: words, albums: words, tags: words }),
  fc.record({ kind: fc.constant('other' as const), tag: fc.constantFrom(...LISTS), entries: words }),
);

function applied(tags: Tags, changes: readonly TagChange[]): Tags {
  return { ...tags, ...Object.fromEntries(changes.map(({ tag, after }) => [tag, after])) };
}

/** What Immich takes for the tags of a file; levels without a name are none. */
function read(tags: Tags): string[] {
  return raw(tags).filter((tag) => tag.split('/').some(Boolean));
}

function raw(tags: Tags): string[] {
  const [list, hierarchy, flat] = [entriesOf(tags, LISTS[3]), entriesOf(tags, LISTS[2]), entriesOf(tags, LISTS[0])];
  if (list.length > 0) return list;
  if (hierarchy.length > 0) {
    return hierarchy.map((entry) => entry.split('|').map((level) => level.replaceAll('/', '|')).join('/'));
  }
  return flat.length > 0 ? flat : entriesOf(tags, LISTS[1]);
}

function recordOf({ people, albums, tags }: { people: string[]; albums: string[]; tags: string[] }): AssetRecord {
  return { ...BLANK, people: people.map((name) => ({ id: name, name })), albums, tags };
}

function run(current: Tags, own: OwnValues, fields: readonly FieldName[], record: AssetRecord) {
  return compare(
    input({ record, current, own, options: { fields, captionMaxLength: 99, timeZone: undefined } }),
  );
}

/** Histories that random ones have led to, and what was wrong with them. */
const FOUND: readonly [what: string, steps: Step[]][] = [
  ['the first of two equal runs noted TagsList as of the albums, the second as of the people too', [
    { kind: 'other', tag: 'XMP-dc:Subject', entries: ['f/g', 'Ü', 'd|e'] },
    { kind: 'other', tag: 'IPTC:Keywords', entries: ['f/g', 'Ü', 'd|e'] },
    { kind: 'run', fields: ['people', 'albums', 'tags'], people: ['f/g'], albums: ['a'], tags: [] },
  ]],
];

for (const [what, steps] of FOUND) Deno.test(what, () => assertHistory(steps));

Deno.test('whatever others and we write in turns: nothing of theirs goes, nothing of ours stays, twice is once', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 8 }), assertHistory), { numRuns: 3_000 });
});

function assertHistory(steps: readonly Step[]): void {
  let [tags, own]: [Tags, OwnValues] = [{}, NOTHING_OWN];
  /** What is theirs, and what Immich would read if we did not exist. */
  let theirs: Tags = {};
  for (const turn of steps) {
    if (turn.kind === 'other') {
      // They keep what is ours and replace what is theirs.
      const ours = (own.lists[turn.tag] ?? []).map(({ value }) => value);
      const fresh = turn.entries.filter((entry) => !ours.includes(entry));
      const kept = entriesOf(tags, turn.tag).filter((entry) => ours.includes(entry));
      tags = { ...tags, [turn.tag]: [...fresh, ...kept] };
      theirs = { ...theirs, [turn.tag]: fresh };
      continue;
    }
    const record = recordOf(turn);
    const first = run(tags, own, turn.fields, record);
    tags = applied(tags, first.changes);
    own = first.own;
    assert.deepEqual(run(tags, own, turn.fields, record).changes, [], 'a second run');
    assert.deepEqual(run(tags, own, turn.fields, record).own, own);
    // What a field wrote that does not take part now looks like somebody else's without a ledger.
    const users = Object.values(own.lists).flat().flatMap(({ fields }) => fields);
    const isComplete = users.every((field) => turn.fields.includes(field as FieldName));
    if (isComplete) {
      assert.deepEqual(run(tags, NOTHING_OWN, turn.fields, record).changes, [], 'a run without the ledger');
    }
    for (const tag of LISTS) {
      for (const entry of entriesOf(theirs, tag)) {
        assert.ok(entriesOf(tags, tag).includes(entry), `${entry} in ${tag}`);
      }
    }
    const wanted = {
      people: turn.people,
      tags: turn.tags,
    } as const;
    for (const [field, entries] of Object.entries(wanted)) {
      if (!turn.fields.includes(field as FieldName)) continue;
      for (const entry of entries) assert.ok(entriesOf(tags, LISTS[0]).includes(entry));
    }
    if (isComplete && own.lists[LISTS[3]]?.some(({ fields }) => fields.includes('tags')) !== true) {
      const all = LISTS.flatMap((tag) => read({ [tag]: entriesOf(theirs, tag) }));
      for (const entry of read(tags)) {
        assert.ok(all.includes(entry), `Immich takes ${entry} for a tag, which is ours`);
      }
    }
    for (const entry of read(theirs)) {
      const isReplaced = turn.fields.includes('tags') && turn.tags.length > 0;
      if (!isReplaced && own.lists[LISTS[3]]?.some(({ fields }) => fields.includes('tags')) !== true) {
        assert.ok(read(tags).includes(entry), `Immich no longer reads ${entry}`);
      }
    }
  }
  const last = run(tags, own, ['people', 'albums', 'tags'], BLANK);
  const left = applied(tags, last.changes);
  for (const tag of LISTS) assert.deepEqual(entriesOf(left, tag).sort(), entriesOf(theirs, tag).sort(), tag);
  assert.deepEqual(last.own.lists, {});
}
