import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withFieldsTable } from '../../../tools/fields_table.ts';
import type { Field, MappingInput } from '../../../src/writeback/fields/field.ts';
import { FIELD_NAMES, FIELDS, TAGS } from '../../../src/writeback/fields/fields.ts';
import { SIDECAR_HOLDS } from '../../../src/writeback/formats.ts';
import { BLANK, RECORD } from '../files/world.ts';
import { input, JPEG, MP4 } from './input.ts';

const ROOM = new URL('../../../src/writeback/fields/', import.meta.url);
const SOURCES = new URL('../../../src/', import.meta.url);
const PAGE = fileURLToPath(new URL('../../../docs/writing.md', import.meta.url));

Deno.test('the table of docs/writing.md is what the fields say (UPDATE_REFERENCE=1 writes it)', () => {
  if (Deno.env.has('UPDATE_REFERENCE')) writeFileSync(PAGE, withFieldsTable(readFileSync(PAGE, 'utf8')));
  assert.equal(readFileSync(PAGE, 'utf8'), withFieldsTable(readFileSync(PAGE, 'utf8')));
});

Deno.test('every field that is declared is in the list', async () => {
  const declared = new Set<unknown>();
  for (const { name } of Deno.readDirSync(ROOM)) {
    if (name === 'fields.ts') continue;
    const exported: Record<string, unknown> = await import(new URL(name, ROOM).href);
    for (const value of Object.values(exported).filter(isField)) declared.add(value);
  }
  assert.deepEqual(declared, new Set(Object.values(FIELDS)));
});

function isField(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'map' in value && 'tags' in value;
}

Deno.test('what a field writes are tags that it declares, and what it declares it writes', () => {
  const current = Object.fromEntries([...TAGS.keys()].map((name) => [name, 'somebody else’s']));
  const sizes = { ...RECORD, capturedAt: { instant: '2023-07-14T05:30:01Z', timeZone: 'UTC', localDateTime: '' } };
  const inputs: MappingInput[] = [JPEG, MP4, SIDECAR_HOLDS].flatMap((holds) => [
    input({ record: RECORD, holds }),
    input({ record: sizes, holds }),
    input({ record: RECORD, holds, current }),
    input({ record: BLANK, holds, current }),
    input({ record: RECORD, holds, kind: 'sidecar', current: {}, beneath: current }),
    input({ record: { ...RECORD, tags: [] }, holds, current: { 'XMP-dc:Subject': ['others'] } }),
  ]);
  for (const name of FIELD_NAMES) {
    const field: Field = FIELDS[name];
    const written = new Set(
      inputs.map((given) => field.map(given)).flatMap(({ lists, values }) => Object.keys({ ...lists, ...values })),
    );
    const declared = new Set(field.tags.map((tag) => tag.name));
    assert.deepEqual(written.difference(declared), new Set(), `${name} writes tags that it does not declare`);
    // What keeps names from becoming tags reads the lists of all who write keywords.
    const others = new Set(FIELD_NAMES.filter((other) => other !== name).flatMap((other) => namesOf(FIELDS[other])));
    assert.deepEqual(declared.difference(written).difference(others), new Set(), `${name} never writes these`);
  }
});

function namesOf({ tags }: Field): string[] {
  return tags.map(({ name }) => name);
}

/** Beside the fields: what tells of a file, of the encoding of IPTC, and whether IPTC is in step; what goes with a directory; other dates. */
const NOT_OF_FIELDS: readonly string[] = [
  'File:FileType',
  'ExifTool:Error',
  'IPTC:all',
  'File:ImageDataHash',
  'File:ExifByteOrder',
  'IPTC:EnvelopeRecordVersion',
  'IPTC:ApplicationRecordVersion',
  'XMP-xmpNote:HasExtendedXMP',
  'QuickTime:MediaCreateDate',
  'GPS:GPSDateStamp',
];

Deno.test('no tag is named outside of the room of the fields', () => {
  const names = /(?:XMP-[\w-]+|IPTC|ExifIFD|IFD0|GPS|Keys|ItemList|UserData|QuickTime|File|ExifTool):[A-Za-z]\w+/g;
  const found = filesBelow(SOURCES).filter((path) => !path.startsWith(fileURLToPath(ROOM))).flatMap((path) => {
    const code = readFileSync(path, 'utf8').split('\n').filter((line) => !/^\s*(?:\/\/|\/?\*)/.test(line)).join('\n');
    const strings = code.match(/'[^'\n]*'|`[^`]*`/g)?.join('\n') ?? '';
    return [...new Set(strings.match(names))].filter((name) => !NOT_OF_FIELDS.includes(name))
      .map((name) => `${path}: ${name}`);
  });
  assert.deepEqual(found, []);
});

function filesBelow(directory: URL): string[] {
  return [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) => {
    const url = new URL(isDirectory ? `${name}/` : name, directory);
    return isDirectory ? filesBelow(url) : name.endsWith('.ts') ? [fileURLToPath(url)] : [];
  });
}
