/** How ExifTool's JSON shows a text under -n: the words true and false as truth values. */
export function shown(text: string): string | boolean {
  return /^(?:true|false)$/i.test(text) ? text.toLowerCase() === 'true' : text;
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
