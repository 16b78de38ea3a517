import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { makeFile } from '../files/media.ts';

const fileOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * What the program has the kernel do is seen by a tracer in Perl, which ExifTool needs anyway. Only Linux has it, and some
 * sandboxes forbid it.
 */
function canTrace(): boolean {
  if (Deno.build.os !== 'linux') return false;
  const output = Deno.makeTempFileSync();
  const { success } = new Deno.Command('perl', {
    args: [fileOf('../../harness/system_calls.pl'), output, '/bin/true'],
  }).outputSync();
  Deno.removeSync(output);
  // deno-lint-ignore no-console
  if (!success) console.warn('Nobody may trace programs here: what is flushed to the disk is not tested.');
  return success;
}

Deno.test({
  name: 'power may go out at any moment: ledger, file and directory are flushed, each before what relies on it',
  ignore: !canTrace(),
  async fn() {
    const directory = Deno.realPathSync(await Deno.makeTempDir({ prefix: 'durable-' }));
    const [photos, state, log] = ['photos', 'state', 'log'].map((name) => `${directory}/${name}`) as [
      string,
      string,
      string,
    ];
    for (const path of [photos, state]) Deno.mkdirSync(path);
    const photo = `${photos}/a.jpg`;
    Deno.writeFileSync(photo, makeFile('jpg'));
    const { success, stderr } = await new Deno.Command('perl', {
      args: [
        ...[fileOf('../../harness/system_calls.pl'), log],
        ...[Deno.execPath(), 'run', '-A', '--no-check', '--config', fileOf('../../../deno.json')],
        ...[fileOf('durable_child.ts'), photo, state],
      ],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const calls = Deno.readTextFileSync(log).split('\n').filter((call) => call.includes(directory));
    await Deno.remove(directory, { recursive: true });

    const ledger = `flush ${state}/ledger.sqlite-wal`;
    const named = (call: string) => call.replaceAll(/\.immich-sidecar-[\w-]+/g, 'NEW').replaceAll(`${photos}/`, '');
    const all = calls.map(named);
    const beforeRename = all.slice(0, all.indexOf('rename NEW.jpg a.jpg'));
    // SQLite itself flushes it once, when it begins it.
    assert.equal(beforeRename.filter((call) => call === `flush ${state}/undo.sqlite-wal`).length, 2, 'what undo needs');
    const ofFiles = calls.filter((call) => call.includes(photos) || call === ledger).map(named);
    assert.deepEqual(ofFiles.filter((call, index) => call !== ofFiles[index - 1]), [
      ledger, // what is to be done
      'flush NEW.jpg',
      'rename NEW.jpg a.jpg',
      `flush ${photos}`,
      ledger,
      'flush NEW.xmp',
      'link NEW.xmp a.jpg.xmp',
      'unlink NEW.xmp',
      `flush ${photos}`,
      ledger, // what was done
    ]);
  },
});
