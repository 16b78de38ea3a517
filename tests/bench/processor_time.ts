import process from 'node:process';

/** Processor time in seconds, of all threads. */
export interface ProcessorTime {
  readonly own: number;
  /** Of programs that it has started and that have ended; NaN where only Linux would tell. */
  readonly children: number;
}

/** Linux counts in hundredths of a second, whatever its clock does (USER_HZ). */
const TICKS_PER_SECOND = 100;

/** What this program has used so far. */
export function processorTime(): ProcessorTime {
  const { user, system } = process.cpuUsage();
  return { own: (user + system) / 1e6, children: childrenSeconds() };
}

/** What was used since. */
export function processorTimeSince(before: ProcessorTime): ProcessorTime {
  const now = processorTime();
  return { own: now.own - before.own, children: now.children - before.children };
}

function childrenSeconds(): number {
  if (Deno.build.os !== 'linux') return NaN;
  // The name in front may hold spaces.
  const fields = Deno.readTextFileSync('/proc/self/stat').replace(/^.*\) /s, '').split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
}
