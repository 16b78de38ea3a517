import fc from '../../harness/drawing.ts';

/** A change to some bytes at a place, given as a share of the length of what is changed. */
export interface Damage {
  readonly kind: 'flip' | 'set' | 'insert' | 'remove' | 'cut' | 'copy';
  readonly at: number;
  readonly value: number;
  readonly length: number;
}

export function damages(): fc.Arbitrary<Damage[]> {
  const damage: fc.Arbitrary<Damage> = fc.record({
    kind: fc.constantFrom<Damage['kind']>('flip', 'flip', 'set', 'set', 'set', 'insert', 'remove', 'cut', 'copy'),
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 0x1c, 0x2f, 0x3c, 0x3e, 0x80, 0xd8, 0xd9, 0xe1, 0xff)),
    length: fc.integer({ min: 1, max: 24 }),
  });
  return fc.array(damage, { minLength: 1, maxLength: 2 });
}

/**
 * A file with these changes.
 *
 * @param within how many bytes from the start are damaged: where the metadata is
 */
export function damaged(bytes: Uint8Array, damage: readonly Damage[], within: number): Uint8Array<ArrayBuffer> {
  return damage.reduce((file: Uint8Array<ArrayBuffer>, { kind, at, value, length }) => {
    const place = Math.floor(at * Math.min(within, file.length));
    if (file.length === 0) return file;
    switch (kind) {
      case 'flip':
        return file.with(place, (file[place] ?? 0) ^ (1 << value % 8));
      case 'set':
        return file.with(place, value);
      case 'insert':
        return joined(file.subarray(0, place), new Uint8Array(length).fill(value), file.subarray(place));
      case 'remove':
        return joined(file.subarray(0, place), file.subarray(place + length));
      case 'copy':
        return joined(file.subarray(0, place), file.subarray(Math.max(0, place - length)));
      case 'cut':
        return file.slice(0, place);
    }
  }, bytes.slice());
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
