import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import exifToolScript from 'exiftool-vendored.pl';
import { FIELD_NAMES } from '../../../src/writeback/fields/fields.ts';
import { makeFile } from './media.ts';
import { RECORD, World } from './world.ts';

Deno.test('a JPEG is looked at, and gets a sidecar, without a command to ExifTool', async () => {
  const directory = await Deno.makeTempDir();
  const [program, log] = [`${directory}/exiftool`, `${directory}/commands`];
  await Deno.writeTextFile(program, `#!/bin/sh\ntee -a '${log}' | perl '${exifToolScript}' "$@"\n`, { mode: 0o755 });
  const commands = () =>
    existsSync(log) ? Deno.readTextFileSync(log).split('\n').filter((line) => line.startsWith('-execute')).length : 0;
  {
    await using world = await World.open(FIELD_NAMES, program);
    const path = await world.add('a.jpg', makeFile('jpg'));
    const { plans } = await world.write(path, RECORD, { destination: 'sidecar' });
    assert.deepEqual(plans.map(({ isNew }) => isNew), [true]);
    // And the comparison of what is there already.
    assert.deepEqual((await world.plan(path, RECORD, { destination: 'sidecar' })).plans, []);
    assert.equal(commands(), 0);
    await world.write(path, RECORD, { destination: 'embed' });
    assert.equal(commands(), 2); // its version, and this one
  }
  await Deno.remove(directory, { recursive: true });
});
