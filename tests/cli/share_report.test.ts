import assert from 'node:assert/strict';
import { basename } from 'node:path/posix';
import { describeCycle } from '../../src/cli/share_report.ts';
import { World } from '../share/world.ts';

Deno.test('below the table of sync what waits, or failed, stands below the name of its job', async () => {
  await using world = await World.open('v3.1.0');
  const [family, uploads] = world.config.jobs;
  assert.ok(family && uploads);
  const lost = ['family/portrait', 'uploads/cat'].map((key) =>
    world.library.assets.find((asset) => asset.key === key)?.localPath ?? ''
  );
  for (const path of lost) Deno.removeSync(path);
  const [table = '', ...parts] = describeCycle(await world.share()).split(/^(?=\S.*:\n)/m);
  assert.deepEqual(table.match(/^\S.*$/gm)?.map((row) => row.split(/ {2,}/)[0]), ['share', family.name, uploads.name]);
  for (const [index, { name }] of [family, uploads].entries()) {
    const [heading, ...lines] = parts[index]?.split('\n') ?? [];
    assert.equal(heading, `${name}:`);
    const file = basename(lost[index] ?? '');
    assert.ok(lines.some((line) => line.startsWith('  !') && line.includes(file)), `${file}: ${parts[index]}`);
    assert.ok(!parts[1 - index]?.includes(file), file);
  }
});
