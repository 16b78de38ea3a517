import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import fc from '../harness/drawing.ts';
import { RefusedError } from '../../src/errors.ts';
import { isBelow, isPlainPath, PathMap } from '../../src/files/path_map.ts';
import { hostilePath } from './hostile.ts';

const MAP = new PathMap([
  { immich: '/data', local: '/mnt/photos' },
  { immich: '/data/upload', local: '/mnt/fast' },
  { immich: '/external_library', local: '/mnt/nas/external' },
]);

/** What becomes of a path of Immich's; undefined: it is outside every root, or cannot be used as it stands. */
const TRANSLATIONS: readonly (readonly [path: string, local: string | undefined])[] = [
  ['/data/thumbs/a.webp', '/mnt/photos/thumbs/a.webp'],
  ['/data/upload/a.jpg', '/mnt/fast/a.jpg'],
  ['/data/upload', '/mnt/fast'],
  ['/data', '/mnt/photos'],
  ['/data/uploads/a.jpg', '/mnt/photos/uploads/a.jpg'],
  ['/database/a.jpg', undefined],
  ['/external_library_2/a.jpg', undefined],
  ['/DATA/a.jpg', undefined],
  ['/etc/passwd', undefined],
  ['/', undefined],
  ['', undefined],
  ['data/a.jpg', undefined],
  ['./data/a.jpg', undefined],
  ['/data/../etc/passwd', undefined],
  ['/data/..', undefined],
  ['/data/upload/../thumbs/a.webp', undefined],
  ['/data/./a.jpg', undefined],
  ['/data/.', undefined],
  ['/data//a.jpg', undefined],
  ['//data/a.jpg', undefined],
  ['/data/', undefined],
  ['/data/a\0.jpg', undefined],
  ['/data/\0/../../etc/passwd', undefined],
  ['/data/...', '/mnt/photos/...'],
  ['/data/..jpg', '/mnt/photos/..jpg'],
  ['/data/ /.hidden', '/mnt/photos/ /.hidden'],
  ['/data/line\nbreak\r\t\u007f.jpg', '/mnt/photos/line\nbreak\r\t\u007f.jpg'],
  ['/data/..\\..\\etc', '/mnt/photos/..\\..\\etc'],
  ['/data/%2e%2e/a.jpg', '/mnt/photos/%2e%2e/a.jpg'],
  ['/data/\u2025/a.jpg', '/mnt/photos/\u2025/a.jpg'],
];

Deno.test('a path is translated when it lies in a root, and only as it stands', () => {
  assert.deepEqual(TRANSLATIONS.map(([path]) => [path, MAP.toLocal(path)]), TRANSLATIONS);
  assert.deepEqual(
    TRANSLATIONS.filter(([path]) => MAP.rootOf(path) === undefined),
    TRANSLATIONS.filter(([, local]) => local === undefined),
  );
});

Deno.test('the most specific root wins, in whatever order the roots are given', () => {
  const roots = [
    { immich: '/a', local: '/1' },
    { immich: '/a/b/c', local: '/3' },
    { immich: '/a/b', local: '/2' },
  ];
  for (const order of [roots, roots.toReversed()]) {
    const map = new PathMap(order);
    assert.deepEqual(['/a/x', '/a/b/x', '/a/b/c/x', '/a/bc/x'].map((path) => map.toLocal(path)), [
      '/1/x',
      '/2/x',
      '/3/x',
      '/1/bc/x',
    ]);
  }
});

Deno.test('of two entries for the same directory the first one counts', () => {
  const map = new PathMap([{ immich: '/data', local: '/first' }, { immich: '/data', local: '/second' }]);
  assert.equal(map.toLocal('/data/x'), '/first/x');
  assert.deepEqual(map.roots, [{ immich: '/data', local: '/first' }]);
});

Deno.test('the root directory may stand on either side', () => {
  assert.equal(new PathMap([{ immich: '/', local: '/mnt' }]).toLocal('/a/b'), '/mnt/a/b');
  assert.equal(new PathMap([{ immich: '/data', local: '/' }]).toLocal('/data/a'), '/a');
  assert.equal(new PathMap([{ immich: '/data', local: '/' }]).toLocal('/data'), '/');
  assert.equal(new PathMap([{ immich: '/', local: '/' }]).toLocal('/a'), '/a');
  assert.equal(new PathMap([{ immich: '/', local: '/mnt' }]).toLocal('/../etc'), undefined);
});

Deno.test('a map without any root is refused', () => {
  assert.throws(() => new PathMap([]), RefusedError);
});

Deno.test('isPlainPath takes every legal name and nothing that could lead elsewhere', () => {
  const plain = ['/a', '/a/b', '/a b/-rf', '/a/.b', '/a/...', '/\n', '/a/\ud83d\ude00', `/${'x'.repeat(5000)}`];
  const others = [
    '',
    '/',
    'a',
    'a/b',
    '/a/',
    '//a',
    '/a//b',
    '/.',
    '/..',
    '/a/.',
    '/a/..',
    '/./a',
    '/../a',
    '/a\0',
    '\0',
  ];
  assert.deepEqual(plain.filter((path) => !isPlainPath(path)), []);
  assert.deepEqual(others.filter(isPlainPath), []);
});

Deno.test('isBelow compares whole segments', () => {
  assert.equal(isBelow('/a/b/c', '/a/b'), true);
  assert.equal(isBelow('/a/b', '/a/b'), false);
  assert.equal(isBelow('/a/bc', '/a/b'), false);
  assert.equal(isBelow('/a', '/'), true);
});

Deno.test('toLocal never leaves the directory of its root, whatever it is given', () => {
  const roots = fc.uniqueArray(fc.constantFrom('/', '/data', '/data/upload', '/a', '/a/b', '/external_library'), {
    minLength: 1,
  });
  const strings = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme' }),
    hostilePath('/data'),
    hostilePath('/a'),
  );
  fc.assert(
    fc.property(roots, strings, (immichPaths, path) => {
      const map = new PathMap(immichPaths.map((immich, index) => ({ immich, local: `/mnt/${index}` })));
      const local = map.toLocal(path);
      if (local === undefined) return;
      const root = map.rootOf(path);
      assert.ok(root !== undefined && (local === root.local || isBelow(local, root.local)));
      assert.equal(resolve(local), local, 'nothing of it is left for the kernel to interpret');
      assert.ok(!local.includes('\0'));
    }),
    { numRuns: 2_000 },
  );
});
