import process from 'node:process';

/**
 * The peak resident memory of this very program in MiB. On Linux getrusage would also count the process that started it, as
 * the high-water mark survives exec.
 */
export function peakRssMiB(): number {
  const kiB = Deno.build.os === 'linux'
    ? Number(/VmHWM:\s+(\d+) kB/.exec(Deno.readTextFileSync('/proc/self/status'))?.[1])
    : process.resourceUsage().maxRSS;
  return Math.round(kiB / 1024);
}
