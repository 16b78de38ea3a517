import { ALL_PHASES } from '../phases/list.ts';
import type { View } from './tools.ts';
import { unitsOf } from './units.ts';

/** How many things of a kind, such as `people to remove`. */
export type Leftovers = ReadonlyMap<string, number>;

/**
 * What is left of mirrors that are gone: what the phases that remove such things would do, which are the same that a cycle has. Reads only.
 *
 * @param isThorough also what is only found by going through directories
 */
export async function findLeftovers(view: View, isThorough: boolean): Promise<Leftovers> {
  const found = new Map<string, number>();
  for (const phase of ALL_PHASES) {
    if (phase.removesLeftovers === undefined || (phase.removesLeftovers === 'on disk' && !isThorough)) continue;
    for (const unit of await unitsOf(phase, view)) {
      for await (const page of phase.plan(view, unit as never)) {
        for (const { kind, count = 1 } of phase.describe(page)) found.set(kind, (found.get(kind) ?? 0) + count);
      }
    }
  }
  return found;
}
