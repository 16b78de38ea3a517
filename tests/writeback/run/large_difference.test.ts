import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { readWriteBackStatus } from '../../../src/status/write_back.ts';
import { householdWith } from '../corpus/household.ts';
import { configOf, libraryFiles, stateOf, undoAll, write } from './helper.ts';

/** Shorter than what is looked for in a file that was put together in another order. */
const STRIP = 1024;

/**
 * A gray TIFF with noise in it, whose strips lie in the file in the opposite order. ExifTool puts them in order when it writes, so that nothing of the
 * picture is where it was.
 */
function backwardsTiff(strips: number): Uint8Array {
  const HEADER = 8;
  const entries: readonly (readonly [tag: number, type: 3 | 4, values: readonly number[]])[] = [
    [0x0100, 4, [STRIP]],
    [0x0101, 4, [strips]],
    [0x0102, 3, [8]],
    [0x0103, 3, [1]],
    [0x0106, 3, [1]],
    [0x0111, 4, Array.from({ length: strips }, (_, strip) => HEADER + (strips - 1 - strip) * STRIP)],
    [0x0115, 3, [1]],
    [0x0116, 4, [1]],
    [0x0117, 4, Array.from({ length: strips }, () => STRIP)],
  ];
  const pictureEnd = HEADER + strips * STRIP;
  const directoryLength = 2 + entries.length * 12 + 4;
  const file = Buffer.alloc(pictureEnd + directoryLength + 2 * strips * 4);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(pictureEnd, 4);
  for (let at = HEADER; at < pictureEnd; at += 1 << 16) {
    crypto.getRandomValues(file.subarray(at, Math.min(at + (1 << 16), pictureEnd)));
  }
  file.writeUInt16LE(entries.length, pictureEnd);
  let outside = pictureEnd + directoryLength;
  for (const [index, [tag, type, values]] of entries.entries()) {
    const at = pictureEnd + 2 + index * 12;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(values.length, at + 4);
    if (values.length === 1 && type === 3) file.writeUInt16LE(values[0] ?? 0, at + 8);
    else if (values.length === 1) file.writeUInt32LE(values[0] ?? 0, at + 8);
    else {
      file.writeUInt32LE(outside, at + 8);
      for (const value of values) outside = file.writeUInt32LE(value, outside);
    }
  }
  return file;
}

Deno.test('a file of which more than 16 MiB would have to be kept for undo gets a sidecar, and the run says why; one of less is written, and undone byte for byte', async () => {
  const files = new Map([['large.tif', backwardsTiff(17_000)], ['small.tif', backwardsTiff(8_000)]]);
  await using world = await householdWith(files);
  const [large = '', small = ''] = libraryFiles(world).map((path) => Deno.realPathSync(path));
  const config = configOf(world);
  const report = await write(config);
  assert.deepEqual([report.complete, report.outcomes.written], [true, 2], JSON.stringify(report.troubles));
  const instead = [{ reason: 'more than 16 MiB would have to be kept for undo', files: 1, example: large }];
  assert.deepEqual(report.sidecarInstead, instead);
  const status = readWriteBackStatus(stateOf(world));
  assert.deepEqual(status !== undefined && 'sidecarInstead' in status && status.sidecarInstead, instead);
  assert.ok(
    files.get('large.tif') !== undefined && Buffer.from(files.get('large.tif') ?? []).equals(Deno.readFileSync(large)),
  );
  assert.match(Deno.readTextFileSync(`${large}.xmp`), /Anna Müller/);
  assert.throws(() => Deno.statSync(`${small}.xmp`), Deno.errors.NotFound);
  assert.equal(Buffer.from(files.get('small.tif') ?? []).equals(Deno.readFileSync(small)), false);

  const second = await write(config);
  assert.deepEqual([second.outcomes.unchanged, second.sidecarInstead], [2, instead], 'nothing is opened');

  await undoAll(config);
  assert.ok(Buffer.from(files.get('small.tif') ?? []).equals(Deno.readFileSync(small)), 'byte for byte');
  assert.throws(() => Deno.statSync(`${large}.xmp`), Deno.errors.NotFound);
});
