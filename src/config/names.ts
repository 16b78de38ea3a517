import { distance } from 'fastest-levenshtein';
import type { ConfigProblem } from './problems.ts';
import { keyName } from './quote.ts';
import type { Source } from './sources.ts';
import { ENVIRONMENT_NAMES } from './settings.ts';

/** Names of Immich, Docker Compose and their neighbours: people keep one `.env` for all of them. */
const FOREIGN_NAME = new RegExp(
  '^(?:' + [
    'IMMICH_(?:VERSION|HOST|PORT|ENV|LOG_LEVEL|MEDIA_LOCATION|CONFIG_FILE|TRUSTED_PROXIES|TELEMETRY_.*|WORKERS_.*|API_METRICS_PORT)',
    'DB_(?:DATA_LOCATION|STORAGE_TYPE|VECTOR_EXTENSION|SKIP_MIGRATIONS|(?:HOSTNAME|USERNAME|DATABASE_NAME)_FILE)',
    '(?:REDIS|MACHINE_LEARNING|POSTGRES|COMPOSE|DOCKER|HTTPS?|NOTIFY)_.*',
    'PUID|PGID|UMASK|NO_COLOR|HOSTNAME|PATH',
  ].join('|') + ')$',
  'i',
);

/** The candidate with the fewest typing errors between it and `name`, if there are at most `limit`. */
export function nearestName(name: string, candidates: readonly string[], limit: number): string | undefined {
  let nearest: string | undefined;
  let fewest = limit + 1;
  for (const candidate of candidates) {
    const errors = distance(name.toLowerCase(), candidate.toLowerCase());
    if (errors < fewest) [nearest, fewest] = [candidate, errors];
  }
  return nearest;
}

/**
 * Reports variables that are almost one of ours. Others are somebody else's and stay unmentioned.
 *
 * Two errors in a name as short as `DB_PORT` make a different word (`WEB_PORT`, `DB_HOST`), unless the letters only
 * changed places (`DB_PROT`).
 */
export function reportMisspelledVariables(source: Source, problems: ConfigProblem[]): void {
  for (const [name, { place }] of source) {
    if (ENVIRONMENT_NAMES.includes(name) || FOREIGN_NAME.test(name)) continue;
    const meant = nearestName(name, ENVIRONMENT_NAMES, 2);
    if (meant === undefined) continue;
    const isShort = meant.length < 9 && nearestName(name, [meant], 1) === undefined;
    if (isShort && sortedLetters(name) !== sortedLetters(meant)) continue;
    problems.push({
      key: keyName(name),
      place,
      message: 'this is not the name of a setting',
      remedy: `Did you mean ${meant}?`,
    });
  }
}

/** A problem for a key of the YAML file that nobody knows; `known` are the keys possible at this place. */
export function unknownKey(key: string, path: string, place: string, known: readonly string[]): ConfigProblem {
  const meant = nearestName(key, known, Math.max(2, Math.floor(key.length / 4)));
  return {
    key: path + keyName(key),
    place,
    message: 'this key is not known here',
    ...meant === undefined
      ? { remedy: `Remove it; known are ${known.join(', ')}.`, isStray: true as const }
      : { remedy: `Did you mean ${meant}?` },
  };
}

function sortedLetters(name: string): string {
  return [...name.toUpperCase()].sort().join('');
}
