import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../../../src/errors.ts';
import { assetOf } from '../../../src/demo/library_generator/result.ts';
import { OneProcess } from '../../cli/one_process.ts';
import { ofDeno, type Variables, variablesOf, workingDirectory } from '../../cli/program.ts';
import { World } from '../../share/world.ts';
import { ImmichReader } from '../files/as_immich_reads.ts';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));

/** A field that this program does not have: names of places, which Immich keeps in `asset_exif.city`. */
const FIELD = `
import type { Field } from './field.ts';
import { iptc, xmp } from './tag.ts';

const CITY = 'XMP-photoshop:City';
const IPTC_CITY = 'IPTC:City';

export const places = Object.freeze<Field>({
  flag: 'places',
  isUsual: false,
  help: 'the name of the place (not part of --all)',
  meaning: 'the city, as Immich has found it',
  columns: ['city'],
  tags: [xmp(CITY, 'photoshop:City', 'text'), iptc(IPTC_CITY, 90, 'text')],
  isKnown: ({ more }) => more?.['city'] !== undefined,
  map: ({ record: { more }, holds }) => {
    const city = more?.['city'];
    return city === undefined ? {} : { values: { [CITY]: city, ...(holds.iptc ? { [IPTC_CITY]: city } : {}) } };
  },
});
`;

/** Of the tests, it runs the program. */
const RUNNER = 'tests/cli/one_process.ts';

/** Makes a copy of the program with that field: its file, and its line in the list. */
function addNewField(directory: string): void {
  for (const part of ['deno.json', 'deno.lock', 'src', RUNNER]) {
    cpSync(`${REPOSITORY}/${part}`, `${directory}/${part}`, { recursive: true });
  }
  const room = `${directory}/src/writeback/fields`;
  Deno.writeTextFileSync(`${room}/places.ts`, FIELD);
  const list = Deno.readTextFileSync(`${room}/fields.ts`);
  const line = list.replace('    hierarchy: peopleHierarchy,\n', '    hierarchy: peopleHierarchy,\n    places,\n');
  assert.notEqual(line, list);
  Deno.writeTextFileSync(`${room}/fields.ts`, `import { places } from './places.ts';\n${line}`);
}

Deno.test('a new field is one file and one line: flag, setting, statement, files, second run and undo follow', async (t) => {
  const directory = await Deno.makeTempDir({ prefix: 'new-field-' });
  addNewField(directory);
  await using world = await World.open('v3.1.0');
  const beach = world.id('family/beach');
  await world.sql`UPDATE asset_exif SET city = CASE "assetId" WHEN ${beach} THEN 'Łódź' END`;
  const photo = assetOf(world.library, 'family/beach').localPath;
  using cwd = workingDirectory('{}');
  const env = { ...variablesOf(world), WRITE_SOURCE: 'database', LOG_LEVEL: 'WARNING' };
  const copy = await OneProcess.start(ofDeno(), `${directory}/${RUNNER}`);
  const program = (args: readonly string[], more: Variables = {}) =>
    copy.run({ args, cwd: cwd.path, env: { ...ofDeno(), ...env, ...more } });
  const citiesOf = async (path: string) => {
    const reader = new ImmichReader();
    const tags = await reader.raw(path);
    return [tags['XMP-photoshop:City'], tags['IPTC:City']];
  };

  await t.step('the compiler asks for nothing more', async () => {
    const files = ['src/writeback/write_back.ts', 'src/cli/write.ts'];
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ['check', '--quiet', ...files],
      cwd: directory,
      env: ofDeno(),
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
  });

  await t.step('flag and setting', async () => {
    assert.match((await program(['write', '--help'])).stdout, /--places +the name of the place/);
    const wrong = await program(['doctor'], { WRITE_MODULES: 'cities' });
    assert.match(wrong.stdout + wrong.stderr, /hierarchy,\s+places/);
  });

  await t.step('what Immich knows is written, and a second run has nothing to do', async () => {
    const dry = await program(['write', '--places', '--dry-run']);
    assert.match(dry.stdout, /\+ XMP-photoshop:City: "Łódź"\n {4}\+ IPTC:City: "Łódź"/);
    const { code, stdout, stderr } = await program(['write', '--places']);
    assert.equal(code, EXIT.ok, stderr);
    assert.match(stdout, /^ *1 {2}written$/m);
    assert.deepEqual(await citiesOf(photo), ['Łódź', 'Łódź']);
    // Without the ledger the file is read: by the quick readers, which know the tags too.
    Deno.removeSync(`${cwd.path}/.immich-sidecar`, { recursive: true });
    assert.match((await program(['write', '--places'])).stdout, /^ *1 {2}had everything already$/m);
  });

  await t.step('a new sidecar has it too, and undo takes it away', async () => {
    const { stdout, stderr } = await program(['write', '--places', '--to', 'sidecar']);
    assert.match(stdout, /and 1 sidecar written/, stderr);
    assert.deepEqual(await citiesOf(`${photo}.xmp`), ['Łódź', undefined]);
    assert.equal((await program(['undo', '--yes'])).code, EXIT.ok);
    await assert.rejects(Deno.stat(`${photo}.xmp`), Deno.errors.NotFound);
  });
  await Deno.remove(directory, { recursive: true });
});
