import process from 'node:process';
import { loadConfig } from '../../src/config/load.ts';
import { connect } from '../../src/postgres/connect.ts';
import { share } from '../../src/share/share.ts';

/** One cycle as the program runs it; prints its report and the peak memory of this process. */
const config = loadConfig({ env: process.env, cwd: Deno.cwd() });
const sql = await connect(config.database);
const progress = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };
const report = await share(sql, config, { version: 'bench', progress });
await sql.end();
const rssMiB = Math.round(peakRssKiB() / 1024);
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify({ report, rssMiB })));

/**
 * The peak resident memory of this very program. On Linux getrusage would also count the process that started it, as the
 * high-water mark survives exec.
 */
function peakRssKiB(): number {
  if (Deno.build.os !== 'linux') return process.resourceUsage().maxRSS;
  return Number(/VmHWM:\s+(\d+) kB/.exec(Deno.readTextFileSync('/proc/self/status'))?.[1]);
}
