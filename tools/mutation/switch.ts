/** Which mutant of those that are built into the program is at work in this process, and which were come by. */
export interface Switches {
  /** Its number; -1 for none. */
  active: number;
  readonly reached: Set<number>;
}

/** Of this process: the program and the tests load this module from different directories. */
export const switches: Switches = (globalThis as { mutationSwitches?: Switches }).mutationSwitches ??= {
  active: -1,
  reached: new Set(),
};

/** What is asked at the place of each mutant (see switched.ts). */
export function isMutant(number: number): boolean {
  switches.reached.add(number);
  return switches.active === number;
}
