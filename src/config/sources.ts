import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import type { ConfigProblem } from './problems.ts';
import { readTextFile } from './text_file.ts';

/** A value as somebody wrote it, with its position. Only `PATH_MAP` in YAML can be a list of pairs. */
export interface Raw {
  readonly key: string;
  readonly place: string;
  readonly value: string | readonly (readonly [string, string])[];
}

/** One place that settings come from: values by their name in the environment. Empty values are left out. */
export type Source = ReadonlyMap<string, Raw>;

/** The process environment as a source. */
export function environmentSource(env: Readonly<Record<string, string | undefined>>): Source {
  return sourceOf(env, () => 'environment');
}

/** The file `.env` in the working directory as a source; a missing file is an empty source. */
export function dotEnvSource(cwd: string, problems: ConfigProblem[]): Source {
  const file = readTextFile(resolve(cwd, '.env'));
  if (file.state === 'missing') return new Map();
  if (file.state !== 'read') {
    problems.push({
      key: '.env',
      place: '.env',
      message: `the file ${file.complaint}`,
      remedy: 'Make it readable, or remove it and set the variables in the environment.',
    });
    return new Map();
  }
  return envFileSource(file.text, '.env');
}

/** The text of a file of `NAME=value` lines as a source; `label` is its name in `place`. */
export function envFileSource(text: string, label: string): Source {
  const lines = text.split(/\r?\n/);
  const values = parseEnv(text);
  return sourceOf(values, (name) => {
    const line = lineOf(name, values[name], lines);
    return line === undefined ? label : `${label} line ${line}`;
  });
}

/** The setting's value is blank, which counts as not set: Compose passes `NAME=${NAME:-}` for whatever is unset. */
export function isBlank(value: string): boolean {
  return value.trim() === '';
}

/** A source from values by name; blank ones are left out. */
export function sourceOf(
  values: Readonly<Record<string, string | undefined>>,
  placeOf: (name: string) => string,
): Source {
  const source = new Map<string, Raw>();
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || isBlank(value)) continue;
    source.set(name, { key: name, place: placeOf(name), value });
  }
  return source;
}

/**
 * The line (from 1) on which a name got its value. `parseEnv` keeps no positions and the last assignment wins; parsing
 * again from a candidate line tells an assignment from a similar line inside a quoted value.
 */
function lineOf(name: string, value: string | undefined, lines: readonly string[]): number | undefined {
  for (let index = lines.length - 1; index >= 0; index--) {
    const line = lines[index] ?? '';
    const [left] = line.split('=', 1);
    if (left?.trim().replace(/^export\s+/, '') !== name) continue;
    if (parseEnv(lines.slice(index).join('\n'))[name] === value) return index + 1;
  }
  return undefined;
}
