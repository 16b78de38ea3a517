import assert from 'node:assert/strict';
import { applyDelta, isWrittenFile } from '../../../src/writeback/undo_delta/apply.ts';
import { decodeDelta, encodeDelta } from '../../../src/writeback/undo_delta/encode.ts';
import { DELTA_LIMITS, type DeltaLimits, makeDelta } from '../../../src/writeback/undo_delta/make.ts';
import type { UndoDelta } from '../../../src/writeback/undo_delta/undo_delta.ts';

/** Looks for everything, however short it is. */
const SEARCH: DeltaLimits = { ...DELTA_LIMITS, plain: 0 };

async function withFiles<T>(use: (old: string, made: string, target: string) => T | Promise<T>): Promise<T> {
  const directory = await Deno.realPath(await Deno.makeTempDir());
  try {
    return await use(`${directory}/old`, `${directory}/made`, `${directory}/target`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Bytes that look random, the same each time. */
function noise(length: number, seed: number): Uint8Array<ArrayBuffer> {
  let state = seed * 2_654_435_761 >>> 0 || 1;
  return Uint8Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0xff;
  });
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const [A, B, C, D] = [1, 2, 3, 4].map((seed) => noise(30_000, seed)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const NOTHING = new Uint8Array();

/** Old and new file, and how much of the old one is kept at most. */
const CASES: readonly [name: string, old: Uint8Array, made: Uint8Array, kept: number][] = [
  ['the same', A, A, 0],
  ['both empty', NOTHING, NOTHING, 0],
  ['nothing before', NOTHING, A, 0],
  ['nothing left', A, NOTHING, A.length],
  ['something is put in', joined(A, B), joined(A, C, B), 0],
  ['something is taken out', joined(A, C, B), joined(A, B), C.length],
  ['something is exchanged', joined(A, C, B), joined(A, D, B), C.length],
  ['one byte', joined(A, Uint8Array.of(1), B), joined(A, Uint8Array.of(2), B), 1],
  ['all is another', A, B, A.length],
  ['a part of itself', joined(A, A, A), joined(A, A), A.length],
  ['the beginning moves to the end', joined(A, B, C), joined(D, B, C, A), 2 * 2_048],
  ['everything moves', joined(A, B, C, D), joined(D, C, B, A), 8 * 2_048],
  ['all noughts', new Uint8Array(100_000), new Uint8Array(70_000), 30_000],
];

function isWhole(delta: UndoDelta | undefined): UndoDelta {
  assert.ok(delta);
  const again = decodeDelta(encodeDelta(delta));
  assert.ok(again);
  return again;
}

for (const [name, old, made, kept] of CASES) {
  for (const [way, limits] of [['as usual', DELTA_LIMITS], ['searched', SEARCH]] as const) {
    Deno.test(`the old file comes back byte for byte: ${name}, ${way}`, () =>
      withFiles(async (oldPath, madePath, target) => {
        await Deno.writeFile(oldPath, old);
        await Deno.writeFile(madePath, made);
        const delta = isWhole(makeDelta(oldPath, madePath, limits));
        if (limits === SEARCH) assert.ok(delta.literals.length <= kept, `${delta.literals.length} are kept`);
        assert.ok(isWrittenFile(madePath, delta));
        applyDelta(madePath, delta, target);
        assert.deepEqual(await Deno.readFile(target), Uint8Array.from(old));
      }));
  }
}

Deno.test('files of random pieces come back byte for byte, however the pieces lie', () =>
  withFiles(async (oldPath, madePath, target) => {
    const pieces = [A, B, C, D, A.subarray(0, 5_000), B.subarray(100, 2_200), C.subarray(7, 300), NOTHING];
    for (let round = 0; round < 40; round++) {
      const order = noise(16, round + 10);
      const pick = (from: number) =>
        joined(...[...order.subarray(from, from + 8)].map((byte) => pieces[byte % 8] ?? A));
      await Deno.writeFile(oldPath, pick(0));
      await Deno.writeFile(madePath, pick(8));
      const delta = isWhole(makeDelta(oldPath, madePath, SEARCH));
      applyDelta(madePath, delta, target);
      assert.deepEqual(await Deno.readFile(target), await Deno.readFile(oldPath), `round ${round}`);
      await Deno.remove(target);
    }
  }));

Deno.test('more than what is kept at most is not kept', () =>
  withFiles(async (oldPath, madePath) => {
    await Deno.writeFile(oldPath, A);
    await Deno.writeFile(madePath, B);
    assert.equal(makeDelta(oldPath, madePath, { most: 20_000, plain: 0 }), undefined);
    assert.ok(makeDelta(oldPath, madePath, { most: 40_000, plain: 0 }));
  }));

Deno.test('a file of which one byte is another is not the one that was written, wherever that is', () =>
  withFiles(async (oldPath, madePath) => {
    const made = joined(A, C, B);
    await Deno.writeFile(oldPath, joined(A, D, B));
    await Deno.writeFile(madePath, made);
    const delta = isWhole(makeDelta(oldPath, madePath));
    for (const at of [0, A.length - 1, A.length, A.length + 100, made.length - B.length, made.length - 1]) {
      const other = made.slice();
      other[at] = (other[at] ?? 0) ^ 1;
      await Deno.writeFile(madePath, other);
      assert.equal(isWrittenFile(madePath, delta), false, `byte ${at}`);
    }
    await Deno.writeFile(madePath, joined(made, Uint8Array.of(0)));
    assert.equal(isWrittenFile(madePath, delta), false, 'longer');
    await Deno.writeFile(madePath, made);
    assert.equal(isWrittenFile(madePath, delta), true);
  }));

Deno.test('what is kept and does not fit makes no file', () =>
  withFiles(async (oldPath, madePath, target) => {
    await Deno.writeFile(oldPath, joined(A, D, B));
    await Deno.writeFile(madePath, joined(A, C, B));
    const delta = isWhole(makeDelta(oldPath, madePath));
    const literals = Uint8Array.from(delta.literals);
    literals[5] = (literals[5] ?? 0) ^ 1;
    assert.throws(() => applyDelta(madePath, { ...delta, literals }, target), /does not make the file that it was/);
  }));

Deno.test('memory stays flat over large files', () =>
  withFiles(async (oldPath, madePath) => {
    const part = noise(1 << 20, 7);
    for (const [path, head] of [[oldPath, A], [madePath, B]] as const) {
      using file = await Deno.open(path, { create: true, write: true });
      await file.write(head);
      for (let number = 0; number < 200; number++) await file.write(part);
    }
    const before = Deno.memoryUsage().rss;
    const delta = isWhole(makeDelta(oldPath, madePath));
    assert.equal(delta.suffix, 200 << 20);
    assert.ok(Deno.memoryUsage().rss - before < 64 << 20, 'less than a third of the file');
  }));
