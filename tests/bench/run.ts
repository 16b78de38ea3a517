import { parseArgs } from 'node:util';
import { benchIdle } from './idle.ts';
import { benchSelection } from './selection.ts';
import { benchScale, type ScaleOptions } from './scale.ts';
import { benchServe } from './serve.ts';
import { benchShare } from './share.ts';
import { benchSync } from './sync.ts';
import { benchWithdraw } from './withdraw.ts';
import { benchWrite } from './write.ts';

interface Sizes {
  readonly assets: number;
  readonly mirrored: number;
  readonly known: number;
  readonly runs: number;
  readonly scale: ScaleOptions;
}

/**
 * `deno task bench NAME [--json]`: prints what it measured. Nothing is asserted: a slow machine is not a defect of the program.
 */
const USAGE = `usage: deno task bench share [--assets 5000] [--json]
       deno task bench idle [--mirrored 100000] [--json]
       deno task bench selection [--mirrored 100000] [--json]
       deno task bench scale [--only 10000|100000|1000000] [--jobs 1|400] [--points FILE.json] [--chart FILE.svg] [--json]
       deno task bench serve [--assets 5000] [--json]
       deno task bench sync [--mirrored 100000] [--json]
       deno task bench withdraw [--mirrored 10000] [--json]
       deno task bench write [--known 100000] [--runs 5] [--json]
`;
const BENCHES: Readonly<Record<string, (options: Sizes) => Promise<object>>> = {
  share: ({ assets }) => benchShare(assets),
  idle: ({ mirrored }) => benchIdle(mirrored),
  selection: ({ mirrored }) => benchSelection(mirrored),
  scale: ({ scale }) => benchScale(scale),
  serve: ({ assets }) => benchServe(assets),
  sync: ({ mirrored }) => benchSync(mirrored),
  withdraw: ({ mirrored }) => benchWithdraw(mirrored),
  write: ({ known, runs }) => benchWrite(known, runs),
};

const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    assets: { type: 'string', default: '5000' },
    mirrored: { type: 'string', default: '100000' },
    known: { type: 'string', default: '100000' },
    runs: { type: 'string', default: '5' },
    only: { type: 'string' },
    jobs: { type: 'string' },
    points: { type: 'string' },
    chart: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const sizes: Sizes = {
  assets: Number(values.assets),
  mirrored: Number(values.mirrored),
  known: Number(values.known),
  runs: Number(values.runs),
  scale: {
    only: values.only === undefined ? undefined : Number(values.only),
    jobs: values.jobs === undefined ? undefined : Number(values.jobs),
    points: values.points,
    chart: values.chart,
  },
};
const bench = BENCHES[positionals[0] ?? ''];
if (
  bench === undefined ||
  [sizes.assets, sizes.mirrored, sizes.known, sizes.runs].some((size) => !Number.isInteger(size) || size < 1)
) {
  await Deno.stderr.write(new TextEncoder().encode(USAGE));
  Deno.exit(2);
}
const result = await bench(sizes);
const text = values.json
  ? JSON.stringify(result)
  : Object.entries(result).map(([name, value]) =>
    `${name.padEnd(20)} ${typeof value === 'object' ? JSON.stringify(value) : value}`
  ).join('\n');
await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));
