import { parseArgs } from 'node:util';
import { benchShare } from './share.ts';

/**
 * `deno task bench share [--assets 5000] [--json]`: prints what it measured. Nothing is asserted: a slow machine is not
 * a defect of the program.
 */
const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: { assets: { type: 'string', default: '5000' }, json: { type: 'boolean', default: false } },
});
const assets = Number(values.assets);
if (positionals[0] !== 'share' || !Number.isInteger(assets) || assets < 1) {
  await Deno.stderr.write(new TextEncoder().encode('usage: deno task bench share [--assets N] [--json]\n'));
  Deno.exit(2);
}
const result = await benchShare(assets);
const text = values.json
  ? JSON.stringify(result)
  : Object.entries(result).map(([name, value]) => `${name.padEnd(14)} ${value}`).join('\n');
await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));
