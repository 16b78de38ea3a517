import assert from 'node:assert/strict';
import { UserError } from '../../../src/errors.ts';
import { FILE_VERSION, KIND, type SavedPeople, type SavedPerson } from '../../../src/share/saved_people/format.ts';
import { assertReplaceable, readSavedFile, writeSavedFile } from '../../../src/share/saved_people/saved_file.ts';

function people(count: number): SavedPeople {
  const nobody = { birthDate: null, isHidden: false, isFavorite: false, color: null, cover: null, faces: [] };
  const everybody = Array.from({ length: count }, (_, index): SavedPerson => ({
    ...nobody,
    id: crypto.randomUUID(),
    name: `Person ${index}`,
    embedding: null,
  }));
  const user = { id: crypto.randomUUID(), email: 'a@example.com', name: 'Alice', people: everybody };
  return { kind: KIND, version: FILE_VERSION, savedAt: '2026-12-01T06:00:00.000Z', model: 'buffalo_l', users: [user] };
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return '';
}

Deno.test('a file is written for its owner only, wholly, and in the place of nothing that is not known', () => {
  const directory = Deno.makeTempDirSync();
  try {
    const file = `${directory}/names.json`;
    const before = people(10);
    assert.equal(assertReplaceable(file, before, false), undefined);
    Deno.writeTextFileSync(`${file}.part`, 'of a run that was killed');
    writeSavedFile(file, before);
    assert.deepEqual(readSavedFile(file), before);
    assert.equal((Deno.statSync(file).mode ?? 0) & 0o777, 0o600);
    assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ['names.json']);

    assert.deepEqual(assertReplaceable(file, people(8), false), before);
    assert.match(refusal(() => assertReplaceable(file, people(7), false)), /knows 10 people, and Immich has 7 now/);
    assert.equal(assertReplaceable(file, people(0), true), undefined);

    Deno.symlinkSync(file, `${directory}/link.json`);
    assert.match(refusal(() => assertReplaceable(`${directory}/link.json`, before, true)), /is no regular file/);
    assert.match(refusal(() => assertReplaceable(directory, before, true)), /is no regular file/);
    Deno.writeTextFileSync(`${directory}/foreign.json`, '{}');
    assert.match(
      refusal(() => assertReplaceable(`${directory}/foreign.json`, before, false)),
      /something else already/,
    );
    assert.match(refusal(() => readSavedFile(`${directory}/away.json`)), /away\.json" cannot be read/);
    assert.match(refusal(() => readSavedFile(directory)), /no file that "people save" has written/);
    assert.match(refusal(() => writeSavedFile(`${directory}/no/names.json`, before)), /cannot be written/);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});
