/**
 * The examples of docs/json.md by the command above them: one JSON value for each line of its output, the last of them for the
 * last line.
 */
export function examplesOfJson(): Map<string, unknown[]> {
  const page = Deno.readTextFileSync(new URL('../../docs/json.md', import.meta.url));
  const found = page.matchAll(/^### `immich-sidecar (.*)`\n[^]*?```json\n([^]*?)```$/gm);
  return new Map([...found].map(([, command = '', text = '']) => [
    command,
    text.trim().split(/\n\n/).map((value) => JSON.parse(value)),
  ]));
}

/** Where a value is not like the example, as paths: other keys, or other types. What is null on either side, or empty, says nothing. */
export function differencesFrom(example: unknown, actual: unknown, path = ''): string[] {
  if (actual === null || example === null || example === undefined) return [];
  if (Array.isArray(example)) {
    if (!Array.isArray(actual)) return [`${path} is no list`];
    return example.length === 0 ? [] : actual.flatMap((item) => differencesFrom(example[0], item, `${path}[]`));
  }
  if (typeof example !== 'object') return typeof actual === typeof example ? [] : [`${path} is a ${typeof actual}`];
  if (typeof actual !== 'object' || Array.isArray(actual)) return [`${path} is no object`];
  const known = new Map(Object.entries(example).map(([key, value]) => [key.replace(/\?$/, ''), value]));
  const any = known.get('…');
  const missing = Object.keys(example).filter((key) => !/\?$|^…$/.test(key) && !(key in actual));
  return [
    ...missing.map((key) => `${path}.${key} is missing`),
    ...Object.entries(actual).flatMap(([key, value]) => {
      const expected = known.get(key) ?? any;
      return known.has(key) || any !== undefined
        ? differencesFrom(expected, value, `${path}.${key}`)
        : [`${path}.${key} is not documented`];
    }),
  ];
}
