import fc from '../harness/drawing.ts';

/** Segments that mean something to a kernel, a shell or a library, and names that exist in a Scratch. */
const SEGMENTS: readonly string[] = [
  ...['..', '.', '', '...', ' ', '~', '*', '-rf', '\0', '\n', '\\', '..\\', '%2e%2e', 'x'.repeat(256)],
  ...[
    'source',
    'target',
    'outside',
    'photo.jpg',
    'folder',
    'secret.jpg',
    'empty',
    'new',
    'out',
    'out.jpg',
    'in',
    'loop',
  ],
];

/** A path that begins with one of `bases`, or with nothing at all, and goes on in the worst possible way. */
export function hostilePath(...bases: readonly string[]): fc.Arbitrary<string> {
  const segment = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...SEGMENTS) },
    fc.string({ unit: 'binary', maxLength: 4 }),
  );
  return fc
    .tuple(
      fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...bases) }, {
        weight: 1,
        arbitrary: fc.constantFrom('', '/', '..'),
      }),
      fc.array(segment, { maxLength: 6 }),
    )
    .map(([base, segments]) => [base, ...segments].join('/'));
}
