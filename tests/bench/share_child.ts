import process from 'node:process';
import { loadConfig } from '../../src/config/load.ts';
import { connect } from '../../src/postgres/connect.ts';
import { share } from '../../src/share/share.ts';
import { peakRssMiB } from './peak_memory.ts';

/** One cycle as the program runs it; prints its report and the peak memory of this process. */
const config = loadConfig({ env: process.env, cwd: Deno.cwd() });
const sql = await connect(config.database);
const progress = { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };
const report = await share(sql, config, { version: 'bench', progress });
await sql.end();
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify({ report, rssMiB: peakRssMiB() })));
