import type { SchemaDescription } from '../../src/demo/schema/schema.ts';
import { IMMICH_3_1_0 } from '../../src/demo/schema/v3_1_0.ts';

/** Every release whose tables differ from the one before: 3.2.0 stands for all of 3.2, and 3.3.0 for 3.3.1 too. */
export const RELEASES = [
  'v2.0.0',
  'v2.2.0',
  'v2.4.0',
  'v2.5.0',
  'v2.6.1',
  'v2.7.5',
  'v3.0.0',
  'v3.1.0',
  'v3.2.0',
  'v3.3.0',
] as const;

export type Release = typeof RELEASES[number];

/** The oldest, the last 2.x and the newest; with `RELEASES=all` every release. */
export const SPREAD: readonly Release[] = Deno.env.get('RELEASES') === 'all'
  ? RELEASES
  : ['v2.0.0', 'v2.7.5', 'v3.3.0'];

/**
 * The last 2.x and the newest, in which people are in groups and can be shared natively; most other tests are on 3.1.0, on which
 * most facts were measured. With `RELEASES=all` that one and 3.2.0 too.
 */
export const REPRESENTATIVE: readonly Release[] = Deno.env.get('RELEASES') === 'all'
  ? ['v2.7.5', 'v3.1.0', 'v3.2.0', 'v3.3.0']
  : ['v2.7.5', 'v3.3.0'];

export async function loadSchema(release: Release): Promise<SchemaDescription> {
  if (release === IMMICH_3_1_0.release) return IMMICH_3_1_0;
  const file = new URL(`../fixtures/immich-schema/immich-${release}.json`, import.meta.url);
  return JSON.parse(await Deno.readTextFile(file));
}
