import { drawScale } from './scale_chart.ts';
import type { Cycles } from './cycles_child.ts';
import { measureCycles } from './idle.ts';

/** One line of what `bench scale` prints. */
export interface ScalePoint extends Cycles {
  readonly mirrored: number;
  /** All but one have no photos. */
  readonly jobs: number;
}

/** What `bench scale` prints. */
export interface ScaleBench {
  readonly points: readonly ScalePoint[];
}

const SIZES = Object.freeze([10_000, 100_000, 1_000_000]);
const MANY_JOBS = 400;

/**
 * Measures cycles over libraries of several sizes, and over the smallest with many jobs, one after the other.
 *
 * @param most larger ones are left out
 * @param chart a file to draw them into, as SVG
 */
export async function benchScale(most: number, chart?: string): Promise<ScaleBench> {
  const points: ScalePoint[] = [];
  const [smallest = 0] = SIZES;
  const wanted = [...SIZES.map((mirrored) => ({ mirrored, jobs: 1 })), { mirrored: smallest, jobs: MANY_JOBS }];
  for (const size of wanted.filter(({ mirrored }) => mirrored <= most)) {
    points.push({ ...size, ...await measureCycles(size) });
  }
  if (chart !== undefined) await Deno.writeTextFile(chart, drawScale(points));
  return { points };
}
