import assert from 'node:assert/strict';
import { textOf } from './repository.ts';

/** The versions of glibc whose functions the runtime calls, as its table of names has them: the executables have the same one. */
const WANTED = /\0GLIBC_(2\.[\d.]+)(?=\0)/g;

/** One character for each byte. */
function bytesAsText(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}

function newest(versions: readonly string[]): string {
  return versions.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1) ?? '';
}

Deno.test({
  name:
    'the oldest glibc that the pages and the release name is the one that the runtime needs, and this is what an older one says',
  ignore: Deno.build.os !== 'linux',
  fn: async () => {
    const runtime = Deno.readFileSync(Deno.execPath());
    const text = bytesAsText(runtime);
    const needed = newest([...text.matchAll(WANTED)].map(([, version = '']) => version));
    const page = textOf('docs/install_nas.md');
    assert.match(page, new RegExp(`need glibc ${RegExp.escape(needed)} or later`));
    assert.match(textOf('.github/workflows/release.yml'), new RegExp(`glibc ${RegExp.escape(needed)}$`, 'm'));

    // The loader looks names up, so a name that no library has is what an old library lacks.
    const missing = `GLIBC_9.${needed.slice('2.'.length)}`;
    runtime.set(new TextEncoder().encode(missing), text.indexOf(`\0GLIBC_${needed}\0`) + 1);
    const path = Deno.makeTempFileSync({ prefix: 'immich-sidecar-glibc-' });
    try {
      Deno.writeFileSync(path, runtime);
      Deno.chmodSync(path, 0o700);
      const { code, stderr } = await new Deno.Command(path, { args: ['--version'] }).output();
      assert.notEqual(code, 0);
      const [said = ''] = /version `[^']+' not found/.exec(new TextDecoder().decode(stderr)) ?? [];
      assert.equal(said, `version \`${missing}' not found`);
      assert.ok(page.includes(said.replace(missing, `GLIBC_${needed}`)));
    } finally {
      Deno.removeSync(path);
    }
  },
});
