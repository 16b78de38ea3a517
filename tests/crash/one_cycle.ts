/** One cycle of the configured shares, looking at so much at once as the argument says (Limits, as JSON). Prints how many mirrors it has made. */
import process from 'node:process';
import { loadConfig } from '../../src/config/load.ts';
import { connect, disconnect } from '../../src/postgres/connect.ts';
import type { Limits } from '../../src/share/cycle/limits.ts';
import { problemsOf } from '../../src/share/cycle/report.ts';
import { share } from '../../src/share/share.ts';

const limits: Limits = JSON.parse(Deno.args[0] ?? '');
const config = loadConfig({ env: process.env, cwd: Deno.cwd() });
const sql = await connect(config.database);
const progress = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };
const report = await share(sql, config, { version: 'test', progress, limits });
await disconnect(sql);
const created = report.jobs.reduce((sum, job) => sum + job.created, 0);
await Deno.stdout.write(
  new TextEncoder().encode(JSON.stringify({ created, brakes: report.brakes, problems: problemsOf(report) })),
);
