import { existsSync } from 'node:fs';
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

/** Which points to measure, and what becomes of them. */
export interface ScaleOptions {
  /** Only with so many mirrors; all sizes when left out. */
  readonly only: number | undefined;
  /** Only with so many jobs; both one and many, of the smallest size, when left out. */
  readonly jobs: number | undefined;
  /** A file that keeps points, as JSON: those that are measured take the place of the same ones of before. */
  readonly points: string | undefined;
  /** A file to draw all points into, as SVG. */
  readonly chart: string | undefined;
}

/** Measures cycles over libraries of several sizes, and over the smallest with many jobs, one after the other. The largest takes some minutes. */
export async function benchScale({ only, jobs, points: file, chart }: ScaleOptions): Promise<ScaleBench> {
  const [smallest = 0] = SIZES;
  const usual = [...SIZES.map((mirrored) => ({ mirrored, jobs: 1 })), { mirrored: smallest, jobs: MANY_JOBS }];
  const wanted = only !== undefined && jobs !== undefined
    ? [{ mirrored: only, jobs }]
    : usual.filter((size) => size.mirrored === (only ?? size.mirrored) && size.jobs === (jobs ?? size.jobs));
  const points: ScalePoint[] = file === undefined ? [] : readPoints(file);
  for (const size of wanted) {
    const known = points.findIndex(({ mirrored, jobs }) => mirrored === size.mirrored && jobs === size.jobs);
    const point = { ...size, ...await measureCycles(size) };
    if (known < 0) points.push(point);
    else points[known] = point;
    points.sort((a, b) => a.jobs - b.jobs || a.mirrored - b.mirrored);
    if (file !== undefined) await Deno.writeTextFile(file, `${JSON.stringify(points, undefined, 2)}\n`);
  }
  if (chart !== undefined) await Deno.writeTextFile(chart, drawScale(points));
  return { points };
}

function readPoints(file: string): ScalePoint[] {
  return existsSync(file) ? JSON.parse(Deno.readTextFileSync(file)) : [];
}
