import type { ScalePoint } from './scale.ts';

interface Series {
  readonly name: string;
  readonly colour: string;
  /** Mirrored photos and seconds. */
  readonly points: readonly (readonly [number, number])[];
}

/** What the program that this one replaces took, on a clone of the same library (docs/performance.md). */
const BEFORE: readonly Series[] = Object.freeze([
  { name: 'immich-shared-library: first copy, rows only', colour: '#9a3412', points: [[5_000, 43]] },
  { name: 'immich-shared-library: nothing has happened', colour: '#ea580c', points: [[5_000, 0.047], [100_000, 1.6]] },
]);

const [WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM] = [760, 460, 70, 20, 20, 150];
const [SMALLEST, LARGEST, QUICKEST, SLOWEST] = [1_000, 1_000_000, 0.001, 1_000];

/** A chart of seconds over mirrored photos, both logarithmic, as an SVG that can be read in light and in dark. */
export function drawScale(measured: readonly ScalePoint[]): string {
  const withOneJob = measured.filter(({ jobs }) => jobs === 1);
  const seriesOf = (name: string, colour: string, seconds: (point: ScalePoint) => number | null): Series => ({
    name,
    colour,
    points: withOneJob.flatMap((point) => {
      const value = seconds(point);
      return value === null ? [] : [[point.mirrored, value] as const];
    }),
  });
  const all = [
    seriesOf(
      'first copy, with files',
      '#1d4ed8',
      ({ mirrored, firstSeconds }) => mirrored > 100_000 ? null : firstSeconds,
    ),
    seriesOf('full cycle, nothing has happened', '#0891b2', ({ fullSeconds }) => fullSeconds),
    seriesOf('100 photos have changed', '#15803d', ({ changeSeconds }) => changeSeconds),
    seriesOf('nothing has happened', '#65a30d', ({ idleSeconds }) => idleSeconds),
    ...BEFORE,
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13">`,
    '<title>Seconds that a cycle takes, by how many photos are mirrored</title>',
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    ...grid(),
    ...all.flatMap(draw),
    ...all.map(legend),
    '</svg>',
    '',
  ].join('\n');
}

function grid(): string[] {
  const line = (x1: number, y1: number, x2: number, y2: number) =>
    `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#d4d4d8"/>`;
  const [bottom, right] = [HEIGHT - BOTTOM, WIDTH - RIGHT];
  return [
    ...powers(SMALLEST, LARGEST).flatMap((photos) => [
      line(x(photos), TOP, x(photos), bottom),
      `<text x="${x(photos)}" y="${bottom + 18}" text-anchor="middle">${photos.toLocaleString('en')}</text>`,
    ]),
    ...powers(QUICKEST, SLOWEST).flatMap((seconds) => [
      line(LEFT, y(seconds), right, y(seconds)),
      `<text x="${LEFT - 8}" y="${y(seconds) + 4}" text-anchor="end">${seconds.toLocaleString('en')} s</text>`,
    ]),
  ];
}

function draw({ colour, points }: Series): string[] {
  const path = points.map(([photos, seconds]) => `${x(photos)},${y(seconds)}`).join(' ');
  return [
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...points.map(([photos, seconds]) => `<circle cx="${x(photos)}" cy="${y(seconds)}" r="4" fill="${colour}"/>`),
  ];
}

function legend({ name, colour }: Series, index: number): string {
  const [left, top] = [LEFT + (index % 2) * 340, HEIGHT - BOTTOM + 48 + Math.floor(index / 2) * 28];
  return `<circle cx="${left}" cy="${top}" r="5" fill="${colour}"/><text x="${left + 12}" y="${
    top + 4
  }">${name}</text>`;
}

function x(photos: number): number {
  return place(photos, SMALLEST, LARGEST, LEFT, WIDTH - RIGHT);
}

function y(seconds: number): number {
  return place(seconds, QUICKEST, SLOWEST, HEIGHT - BOTTOM, TOP);
}

function place(value: number, from: number, to: number, start: number, end: number): number {
  const part = Math.log(value / from) / Math.log(to / from);
  return Math.round((start + part * (end - start)) * 10) / 10;
}

function powers(from: number, to: number): number[] {
  const first = Math.round(Math.log10(from));
  return Array.from({ length: Math.round(Math.log10(to)) - first + 1 }, (_, index) => Number(`1e${first + index}`));
}
