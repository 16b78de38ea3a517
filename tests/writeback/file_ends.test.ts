import assert from 'node:assert/strict';
import { hasEnd } from '../../src/writeback/file_ends/has_end.ts';
import { isGivenUp, isYoung } from '../../src/writeback/settled.ts';
import { FORMATS, makeFile, makeMotionPhoto } from './files/media.ts';
import { photoWithEverything } from './files/photo_with_everything.ts';
import { withSecondPicture } from './files/with_second_picture.ts';

/** Whether a file with these bytes has its end. */
function isWhole(bytes: Uint8Array): boolean {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeFileSync(path, bytes);
    return hasEnd(path);
  } finally {
    Deno.removeSync(path);
  }
}

/** Those whose end is looked for, and not only where it would be. */
const SEARCHED: ReadonlySet<string> = new Set(['jpg', 'png', 'jpg of a camera']);

/** TIFF has no end. */
const WITH_END = FORMATS.filter((format) => format !== 'tif' && format !== 'dng');

const FILES: readonly [name: string, bytes: Uint8Array][] = [
  ...WITH_END.map((format): [string, Uint8Array] => [format, makeFile(format)]),
  ['jpg of a camera', photoWithEverything()],
];

for (const [name, bytes] of FILES) {
  Deno.test(`a copy of which not all has arrived has no end: ${name}`, () => {
    assert.equal(isWhole(bytes), true);
    const parts = Array.from({ length: 40 }, (_, part) => Math.floor(bytes.length * part / 40));
    for (const missing of [2, 12, 100, ...parts].filter((count) => count > 0 && count < bytes.length - 16)) {
      assert.equal(
        isWhole(bytes.subarray(0, bytes.length - missing)),
        false,
        `${missing} of ${bytes.length} are missing`,
      );
    }
  });

  Deno.test(`what lies behind the end is no fault: ${name}`, () => {
    for (const padding of [new Uint8Array(7), new Uint8Array(100_000)]) {
      assert.equal(isWhole(Uint8Array.of(...bytes, ...padding)), true, `${padding.length} bytes of padding`);
    }
  });
}

for (const [name, bytes] of FILES.filter(([name]) => SEARCHED.has(name))) {
  Deno.test(`a copy whose place was reserved and is not filled yet has no end: ${name}`, () => {
    for (const part of [0.3, 0.6, 0.9]) {
      const reserved = bytes.slice().fill(0, Math.floor(bytes.length * part));
      assert.equal(isWhole(reserved), false, `${part} has arrived`);
    }
  });
}

Deno.test('a picture with a film or a second picture behind it is whole', () => {
  assert.equal(isWhole(makeMotionPhoto().file), true);
  assert.equal(isWhole(withSecondPicture(photoWithEverything())), true);
});

Deno.test('the end of a preview in the header is not the end of the picture', () => {
  const jpeg = makeFile('jpg');
  const preview = Uint8Array.of(0xff, 0xd8, 0xff, 0xd9);
  const segment = Uint8Array.of(0xff, 0xe2, 0, preview.length + 2, ...preview);
  const photo = Uint8Array.of(...jpeg.subarray(0, 2), ...segment, ...jpeg.subarray(2));
  assert.equal(isWhole(photo), true);
  assert.equal(isWhole(photo.subarray(0, photo.length - 2)), false);
});

Deno.test('an end that lies across two of the pieces in which a file is read is found', () => {
  const jpeg = makeFile('jpg');
  const scan = jpeg.length - 2;
  for (const shift of [-2, -1, 0, 1]) {
    const photo = new Uint8Array(1_048_576 + shift + 5).fill(0x55);
    photo.set(jpeg.subarray(0, scan));
    photo.set([0xff, 0xd9, 0, 0, 0], photo.length - 5);
    assert.equal(isWhole(photo), true, `${shift}`);
  }
});

Deno.test('formats that do not tell, and what is no file of any format, count as whole', () => {
  for (const bytes of [new Uint8Array(0), new Uint8Array(5), new TextEncoder().encode('GIF89a and more')]) {
    assert.equal(isWhole(bytes), true);
  }
});

Deno.test('a PNG that is broken from its beginning is not waited for', () => {
  const png = makeFile('png');
  assert.equal(isWhole(Uint8Array.of(...png.subarray(0, 8), ...png.subarray(33, 80))), true);
});

const NOW = 1_700_000_000_000;
const AGES: readonly [what: string, mtime: number, ctime: number, names: number, isYoung: boolean][] = [
  ['written a moment ago', -1, -1, 1, true],
  ['written a minute ago', -60, -60, 1, false],
  ['copied a moment ago, with its time kept', -1e6, -1, 1, true],
  ['linked a moment ago', -1e6, -1, 2, false],
  ['linked, and written a moment ago', -1, -1, 2, true],
  ['from a disk whose clock is a little ahead', 5, 5, 1, true],
  ['from a camera whose clock was years ahead', 1e8, -1e6, 1, false],
];

for (const [what, mtime, ctime, names, expected] of AGES) {
  Deno.test(`${expected ? 'somebody may be at work on' : 'nobody is at work on'} a file that was ${what}`, () => {
    const times = { mtimeMs: NOW + mtime * 1000, ctimeMs: NOW + ctime * 1000, names };
    assert.equal(isYoung(times, NOW, 60), expected);
    assert.equal(isYoung(times, NOW, 0), false);
  });
}

Deno.test('the rest of a copy is waited for for a day after the last that happened to it', () => {
  const hours = (mtime: number, ctime: number) => ({
    mtimeMs: NOW - mtime * 3.6e6,
    ctimeMs: NOW - ctime * 3.6e6,
    names: 2,
  });
  assert.equal(isGivenUp(hours(1, 1), NOW), false);
  assert.equal(isGivenUp(hours(1_000, 23), NOW), false);
  assert.equal(isGivenUp(hours(1_000, 25), NOW), true);
});
