import { resolve } from 'node:path';
import { parseDotEnv } from './dot_env.ts';
import type { Variables } from './interpolate.ts';
import type { ConfigProblem } from './problems.ts';
import { ENVIRONMENT_NAMES } from './settings.ts';
import { readTextFile } from './text_file.ts';

/** A value as somebody wrote it, with its position. In YAML `PATH_MAP` can be a list of pairs, and what takes several values a list. */
export interface Raw {
  readonly key: string;
  readonly place: string;
  readonly value: string | readonly (string | readonly [string, string])[];
}

/** One place that settings come from: values by their name in the environment. Empty values are left out. */
export type Source = ReadonlyMap<string, Raw>;

/** The process environment as a source. */
export function environmentSource(env: Readonly<Record<string, string | undefined>>): Source {
  return sourceOf(env, () => 'environment');
}

/** The file `.env` in the working directory as a source; a missing file is an empty source. `environment`: see parseDotEnv. */
export function dotEnvSource(cwd: string, problems: ConfigProblem[], environment: Variables = {}): Source {
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
  return envFileSource(file.text, '.env', problems, environment);
}

/** The text of a file of `NAME=value` lines as a source; `label` is its name in `place`. */
export function envFileSource(
  text: string,
  label: string,
  problems: ConfigProblem[],
  environment: Variables = {},
): Source {
  const { entries, mistakes } = parseDotEnv(text, environment);
  for (const { line, complaint } of mistakes) {
    problems.push({
      key: label,
      place: `${label} line ${line}`,
      message: `this line ${complaint}`,
      remedy: 'Write NAME=value; put single quotes around a value with spaces, quotes, "#" or "$" in it.',
    });
  }
  const last = new Map(entries.map((entry) => [entry.name, entry]));
  for (const { name, line, hasUnset } of last.values()) {
    if (!hasUnset || !ENVIRONMENT_NAMES.includes(name)) continue;
    problems.push({
      key: name,
      place: `${label} line ${line}`,
      message:
        'the value contains a variable that is not set: Docker Compose and this program read what follows a "$" as one',
      remedy: 'Put single quotes around the value, or set that variable.',
    });
  }
  return sourceOf(
    Object.fromEntries([...last].map(([name, { value }]) => [name, value])),
    (name) => `${label} line ${last.get(name)?.line}`,
  );
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
