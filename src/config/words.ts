import { plain } from './quote.ts';

/** A path or a name, in quotes. */
export function named(text: string): string {
  return plain(JSON.stringify(text));
}

/** `1 job`, `2 jobs`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}

/** British, as the American one has a comma before the last item. */
const LISTS = Object.freeze({
  and: new Intl.ListFormat('en-GB', { type: 'conjunction' }),
  or: new Intl.ListFormat('en-GB', { type: 'disjunction' }),
});

/** `a, b and c` */
export function list(items: readonly string[], last: keyof typeof LISTS = 'and'): string {
  return LISTS[last].format(items);
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `1.5 GiB` */
export function bytes(number: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(number, 1)) / 10)));
  const value = number / 1024 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[power]}`;
}

/** `2026-12-01`, in UTC. */
export function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
