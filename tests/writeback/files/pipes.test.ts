/** What is a regular file when it is looked at may be a pipe, a socket or a device when it is opened: nothing waits for it. */
import assert from 'node:assert/strict';
import { locateExifTool } from '../../../src/writeback/exiftool/location.ts';
import { ExifToolPool } from '../../../src/writeback/exiftool/pool.ts';
import { readTags } from '../../../src/writeback/exiftool/read.ts';
import { ByteReader } from '../../../src/writeback/file_ends/byte_reader.ts';
import { HeldFile } from '../../../src/writeback/held_file.ts';
import { copyBytes } from '../../../src/writeback/in_place.ts';
import { quickReading } from '../../../src/writeback/quick_reading/quick_reading.ts';
import { readRegular } from '../../../src/writeback/regular_file.ts';
import { Scratch } from '../../../src/writeback/scratch.ts';
import { OpenFile } from '../../../src/writeback/undo_delta/open_file.ts';
import { makeFile } from './media.ts';

/** Where something stands that is no file, but has the name of one. */
async function withIrregular(work: (path: string, directory: string) => Promise<void>): Promise<void> {
  const directory = Deno.realPathSync(await Deno.makeTempDir({ prefix: 'pipes-' }));
  try {
    const pipe = `${directory}/pipe.jpg`;
    assert.ok((await new Deno.Command('mkfifo', { args: [pipe] }).output()).success);
    using _listener = Deno.listen({ transport: 'unix', path: `${directory}/socket.jpg` });
    Deno.symlinkSync('/dev/zero', `${directory}/device.jpg`);
    for (const name of ['pipe', 'socket', 'device']) await work(`${directory}/${name}.jpg`, directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test('whatever opens a file to read it refuses what is none', async () => {
  await withIrregular(async (path, directory) => {
    assert.equal(await quickReading(path, 'media', 100_000), undefined, path);
    assert.equal(await quickReading(path, 'sidecar', 1_000), undefined, path);
    assert.throws(() => readRegular(path), path);
    assert.throws(() => ByteReader.open(path), path);
    assert.throws(() => new OpenFile(path), path);
    assert.throws(() => HeldFile.open(path), path);
    assert.throws(() => copyBytes(path, `${directory}/copy-of-${path.slice(directory.length + 1)}`, 0), path);
  });
});

Deno.test('ExifTool does not wait for it either, and reads the next file', async () => {
  const command = await locateExifTool(undefined);
  await using scratch = await Scratch.make(undefined);
  await using pool = new ExifToolPool({ workers: 1, command, config: scratch.config });
  await withIrregular(async (path, directory) => {
    const photo = `${directory}/photo.jpg`;
    await Deno.writeFile(photo, makeFile('jpg'));
    const readings = await readTags(pool, [path, photo], ['IFD0:Make']);
    assert.equal(readings.get(photo)?.tags['IFD0:Make'], 'Panasonic', path);
    assert.deepEqual(readings.get(path)?.tags['IFD0:Make'], undefined, path);
  });
});
