import process from 'node:process';
import { Presets, SingleBar } from 'cli-progress';
import type { Progress } from '../share/cycle.ts';

let bar: SingleBar | undefined;

/** A progress bar on stderr when that is a terminal; nothing otherwise. */
export function terminalProgress(isWanted: boolean): Progress {
  if (!isWanted || !Deno.stderr.isTerminal()) {
    return { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };
  }
  return {
    isShown: true,
    start: (job, assets) => {
      if (assets === 0) return;
      bar = new SingleBar({
        format: `${job} {bar} {value}/{total} photos  {rate}/s  {eta_formatted} left`,
        stream: process.stderr,
        hideCursor: null, // a bar that is interrupted must not leave a terminal without a cursor
        clearOnComplete: true,
        barsize: 24,
      }, Presets.shades_classic);
      startedAt = performance.now();
      done = 0;
      bar.start(assets, 0, { rate: '-' });
    },
    advance: (assets) => {
      done += assets;
      bar?.increment(assets, { rate: Math.round(done / ((performance.now() - startedAt) / 1000)) });
    },
    stop: () => {
      bar?.stop();
      bar = undefined;
    },
  };
}

let startedAt = 0;
let done = 0;

/** Makes room for a log line; the bar draws itself again below it. */
export function clearProgressLine(): void {
  if (bar !== undefined) Deno.stderr.writeSync(new TextEncoder().encode('\r\x1b[K'));
}
