import assert from 'node:assert/strict';
import fc from '../harness/drawing.ts';
import { sameFile } from '../../src/files/identity.ts';
import { Linker } from '../../src/files/linker.ts';
import { hostilePath } from './hostile.ts';
import { exists, reasonOf, Scratch } from './scratch.ts';

Deno.test('a source behind symbolic links inside the roots is the file that they lead to', () => {
  using scratch = new Scratch();
  const inspect = (path: string) => scratch.linker.inspect(`${scratch.source}/${path}`).realPath;
  assert.equal(inspect('in.jpg'), `${scratch.source}/photo.jpg`);
  assert.equal(inspect('in/deep.jpg'), `${scratch.source}/folder/deep.jpg`);
  scratch.linker.link(scratch.linker.inspect(`${scratch.source}/in.jpg`), `${scratch.target}/new.jpg`);
  assert.ok(
    sameFile(`${scratch.target}/new.jpg`, `${scratch.source}/photo.jpg`),
    'a link to the file, not to the symlink',
  );
});

Deno.test('a source that leads out of the roots is refused', () => {
  using scratch = new Scratch();
  Deno.symlinkSync('in/../out', `${scratch.source}/chain`);
  const { source, outside } = scratch;
  for (
    const path of [
      `${source}/out.jpg`,
      `${source}/out/secret.jpg`,
      `${source}/out/folder/secret.jpg`,
      `${source}/chain/secret.jpg`,
      `${source}/../outside/secret.jpg`,
      `${source}/folder/../../outside/secret.jpg`,
      `${source}/folder/./../../outside/folder/secret.jpg`,
      `${outside}/secret.jpg`,
      '/etc/passwd',
      `${source}/${'../'.repeat(30)}etc/passwd`,
      `${source}_other/../outside/secret.jpg`,
    ]
  ) assert.match(String(reasonOf(() => scratch.linker.inspect(path))), /^(outside-roots|missing)$/, path);
  assert.equal(reasonOf(() => scratch.linker.inspect(`${source}/out/secret.jpg`)), 'outside-roots');
  assert.equal(reasonOf(() => scratch.linker.inspect('/etc/passwd')), 'outside-roots');
});

Deno.test('a root may itself be a symbolic link, and may lie inside another root', () => {
  using scratch = new Scratch();
  Deno.symlinkSync('../outside', `${scratch.source}/mounted`);
  for (const order of [(a: string[]) => a, (a: string[]) => a.toReversed()]) {
    const linker = new Linker(order([scratch.source, `${scratch.source}/mounted`]));
    const source = linker.inspect(`${scratch.source}/mounted/secret.jpg`);
    linker.link(source, `${scratch.source}/mounted/new/secret.jpg`);
    linker.remove(`${scratch.source}/mounted/new/secret.jpg`, scratch.source);
    assert.ok(!exists(`${scratch.outside}/new`));
  }
  assert.ok(exists(`${scratch.outside}/secret.jpg`));
});

Deno.test('a target that is or lies behind a symbolic link is refused, whatever is to be done there', () => {
  using scratch = new Scratch();
  const before = scratch.untouchable();
  for (
    const path of [
      'out/secret.jpg',
      'out/new.jpg',
      'out/folder/secret.jpg',
      'out/no/such/folder.jpg',
      'out//secret.jpg',
      'out/./secret.jpg',
      'in/photo.jpg',
    ]
  ) {
    const target = `${scratch.target}/${path}`;
    const { linker } = scratch;
    assert.equal(reasonOf(() => linker.link(scratch.photo(), target)), 'outside-roots', `link ${path}`);
    assert.equal(reasonOf(() => linker.replace(scratch.photo(), target)), 'outside-roots', `replace ${path}`);
    assert.equal(reasonOf(() => linker.remove(target, scratch.target)), 'outside-roots', `remove ${path}`);
  }
  assert.deepEqual(scratch.untouchable(), before);
  assert.deepEqual([...Deno.readDirSync(`${scratch.target}/folder`)], []);
});

Deno.test('a target outside the roots, or with a step upwards, is refused', () => {
  using scratch = new Scratch();
  const before = scratch.untouchable();
  const { linker, target, outside, directory } = scratch;
  for (
    const path of [
      `${outside}/secret.jpg`,
      `${outside}/new/photo.jpg`,
      `${directory}/photo.jpg`,
      `${target}/../outside/secret.jpg`,
      `${target}/folder/../../outside/secret.jpg`,
      `${target}/../target/../outside/new.jpg`,
      `${target}_2/photo.jpg`,
      'photo.jpg',
      '',
      target,
    ]
  ) {
    assert.equal(reasonOf(() => linker.link(scratch.photo(), path)), 'outside-roots', `link ${path}`);
    assert.equal(reasonOf(() => linker.replace(scratch.photo(), path)), 'outside-roots', `replace ${path}`);
    assert.equal(reasonOf(() => linker.remove(path, target)), 'outside-roots', `remove ${path}`);
  }
  assert.deepEqual(scratch.untouchable(), before);
});

Deno.test('removing a symbolic link removes the link, not what it leads to', () => {
  using scratch = new Scratch();
  const before = scratch.untouchable();
  Deno.symlinkSync(`${scratch.outside}/secret.jpg`, `${scratch.target}/out.jpg`);
  scratch.linker.remove(`${scratch.target}/out.jpg`, scratch.target);
  scratch.linker.remove(`${scratch.target}/out`, scratch.target);
  assert.ok(!exists(`${scratch.target}/out`));
  assert.deepEqual(scratch.untouchable(), before);
});

Deno.test('pruning never takes a root or what lies above it, whatever is said to be kept', () => {
  using scratch = new Scratch();
  const linker = new Linker([`${scratch.target}/only`]);
  for (const keep of ['/', scratch.directory, scratch.outside, '', `${scratch.target}/only/a/b/c`]) {
    Deno.mkdirSync(`${scratch.target}/only/a/b`, { recursive: true });
    linker.remove(`${scratch.target}/only/a/b/photo.jpg`, keep);
    assert.ok(exists(`${scratch.target}/only`), keep);
  }
});

Deno.test('whatever is linked, replaced and removed, everything outside the roots stays as it was', () => {
  const tally = new Map<string, number>();
  // Relative to the directory of a Scratch, a new one for each run: the last run has made havoc of its roots.
  const path = hostilePath('source', 'target', 'outside', 'target/folder', '.');
  const plain = fc.constantFrom('source/photo.jpg', 'source/in.jpg', 'source/in/deep.jpg', 'target/new/new.jpg');
  const tempting = fc.constantFrom(
    ...['outside/secret.jpg', 'source/out/secret.jpg', 'source/out.jpg', 'source/folder/../../outside/secret.jpg'],
    ...[
      'target/out/secret.jpg',
      'target/out/empty/new.jpg',
      'target/../outside/secret.jpg',
      'target/in/../out/new.jpg',
    ],
  );
  const any = fc.oneof(path, plain, tempting);
  const step = fc.record({
    operation: fc.constantFrom('link', 'replace', 'remove'),
    from: any,
    to: any,
    keep: fc.oneof(path, fc.constantFrom('.', 'target', 'outside')),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      using scratch = new Scratch();
      const { linker } = scratch;
      const before = scratch.untouchable();
      for (const { operation, from, to, keep } of steps) {
        const at = (relative: string) => `${scratch.directory}/${relative}`;
        const reason = reasonOf(() => {
          if (operation === 'remove') linker.remove(at(to), at(keep));
          else linker[operation](linker.inspect(at(from)), at(to));
        });
        const outcome = `${operation} ${reason ?? 'done'}`;
        tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
      }
      assert.deepEqual(scratch.untouchable(), before);
    }),
    { numRuns: 150 },
  );
  for (const outcome of ['link done', 'replace done', 'remove done', 'link outside-roots', 'remove outside-roots']) {
    assert.ok((tally.get(outcome) ?? 0) > 5, `the steps are varied enough: ${JSON.stringify([...tally])}`);
  }
});
