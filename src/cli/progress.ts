import process from 'node:process';
import { Presets, SingleBar } from 'cli-progress';
import { printable } from '../config/quote.ts';
import { loggedProgress, type Progress } from '../share/cycle/progress.ts';

let bar: SingleBar | undefined;

/** A progress bar on stderr when that is a terminal and the log is for people; else a line of the log now and then. */
export function shownProgress(format: 'text' | 'json'): Progress {
  return format === 'text' && Deno.stderr.isTerminal() ? terminalProgress(true) : loggedProgress();
}

/** A progress bar on stderr when that is a terminal; nothing otherwise. */
export function terminalProgress(isWanted: boolean): Progress {
  if (!isWanted || !Deno.stderr.isTerminal()) {
    return { isShown: false, start: () => {}, advance: () => {}, stop: () => {} };
  }
  return {
    isShown: true,
    start: (job, total, unit) => {
      if (total === 0) return;
      bar = new SingleBar({
        format: `${printable(job)} {bar} {value}/{total} ${unit}  {rate}/s  {eta_formatted} left`,
        stream: process.stderr,
        hideCursor: null, // a bar that is interrupted must not leave a terminal without a cursor
        clearOnComplete: true,
        barsize: 24,
      }, Presets.shades_classic);
      startedAt = performance.now();
      done = 0;
      bar.start(total, 0, { rate: '-' });
    },
    advance: (count) => {
      done += count;
      bar?.increment(count, { rate: Math.round(done / ((performance.now() - startedAt) / 1000)) });
    },
    stop: () => {
      bar?.stop();
      bar = undefined;
    },
  };
}

let startedAt = 0;
let done = 0;

/**
 * Writes a log line above the bar, which has switched off line wrapping, and which goes back to the position that it saved
 * when it ends (cli-progress 3.12): what follows would overwrite the line, so the position below it is saved anew.
 */
export function aboveProgress(write: () => void): void {
  if (bar !== undefined) control('\r\x1b[K\x1b[?7h');
  write();
  if (bar !== undefined) control('\x1b[?7l\x1b7');
}

function control(sequence: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(sequence));
}
