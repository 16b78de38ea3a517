/** When `serve` writes back. */
export interface WriteTimes {
  /** Soon after something has changed in Immich. */
  readonly isOnChange: boolean;
  /** Everything, at these times; undefined: never. */
  readonly cron: string | undefined;
}

const ON_CHANGE = 'on-change';

/** What a schedule (WRITE_SCHEDULE) says. Pure; whether the rest of it is an expression of cron is not looked at. */
export function writeTimesOf(schedule: string): WriteTimes {
  const [first, ...rest] = schedule.split(' ');
  if (first !== ON_CHANGE) return { isOnChange: false, cron: schedule };
  return { isOnChange: true, cron: rest.length === 0 ? undefined : rest.join(' ') };
}
