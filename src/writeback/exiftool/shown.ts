/** What ExifTool's JSON shows as a number, which has no line break at its end (13.59, EscapeJSON). */
const JSON_NUMBER = /^-?(?:\d|[1-9]\d{1,14})(?:\.\d{1,16})?(?:e[-+]?\d{1,3})?$/i;

/**
 * How ExifTool's JSON shows a text under -n: the words true and false as truth values. Perl's `$` also matches before a last line
 * break, so that such a word, or a number, loses it.
 */
export function shown(text: string): string | boolean {
  const line = text.endsWith('\n') ? text.slice(0, -1) : text;
  if (/^(?:true|false)$/i.test(line)) return line.toLowerCase() === 'true';
  return JSON_NUMBER.test(line) ? line : text;
}

/** ExifTool shows a list of one as the entry itself. */
export function shownList(entries: readonly string[]): string | boolean | readonly (string | boolean)[] {
  const [first = '', ...others] = entries;
  return others.length === 0 ? shown(first) : entries.map(shown);
}

/** A number as Perl prints it; undefined where its notation is another one. */
export function shownNumber(value: number): string | undefined {
  const isPlain = Number.isFinite(value) && (value === 0 || Math.abs(value) >= 1e-4) && Math.abs(value) < 1e15;
  return isPlain ? String(Number(value.toPrecision(15))) : undefined;
}

/** Degrees of an angle whose parts were read one by one, in the order in which ExifTool adds them up. */
export function degreesOf(degrees: number, minutes: number, seconds: number): number {
  return degrees + (minutes + seconds / 60) / 60;
}
