import { type Config, isSharing } from '../config/config.ts';
import { ConfigError } from '../config/load.ts';
import { count, minuteOf } from '../config/words.ts';
import { VERSION } from '../version.ts';
import { readPaused } from '../service/paused.ts';
import type { Check } from './check.ts';
import { fail, ok, type Verdict, warn } from './finding.ts';
import type { Subject } from './subject.ts';

/** This program and what it was told. */
export const PROGRAM_CHECKS: readonly Check[] = [
  {
    group: 'program',
    name: 'program.version',
    look: () => {
      const { os, arch } = Deno.build;
      return Promise.resolve([ok(`immich-sidecar ${VERSION} with Deno ${Deno.version.deno}, on ${os} (${arch}).`)]);
    },
  },
  {
    group: 'program',
    name: 'program.user',
    look: ({ options: { env } }) =>
      Promise.resolve([judgeUser({ uid: Deno.uid(), gid: Deno.gid() }, { uid: env['PUID'], gid: env['PGID'] })]),
  },
  { group: 'program', name: 'program.config', look: lookAtConfig },
];

/** @param wanted what PUID and PGID say, which containers are started with */
export function judgeUser(
  actual: { readonly uid: number | null; readonly gid: number | null },
  wanted: { readonly uid: string | undefined; readonly gid: string | undefined },
): Verdict {
  const isDifferent = (is: number | null, should: string | undefined) =>
    is !== null && should !== undefined && should.trim() !== '' && String(is) !== should.trim();
  const runs = actual.uid === null
    ? 'Runs as the user who started it.'
    : `Runs as user ${actual.uid}, group ${actual.gid}.`;
  if (!isDifferent(actual.uid, wanted.uid) && !isDifferent(actual.gid, wanted.gid)) return ok(runs);
  return warn(
    `${runs} That is not what PUID (${wanted.uid ?? 'not set'}) and PGID (${wanted.gid ?? 'not set'}) say.`,
    'Let the container start as root, which becomes that user (docs/install_docker.md), or start it as that user (--user ' +
      'of Docker), or take the two out.',
  );
}

async function lookAtConfig({ config }: Subject): Promise<readonly Verdict[]> {
  try {
    const found = await config.get();
    return [...judgeConfig(found), ...judgePaused(readPaused(found.write.stateDirectory))];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ key, place, message, remedy }) => fail(`${key} (${place}): ${message}.`, remedy));
  }
}

/** @param since when somebody has paused the service; undefined: nobody has */
function judgePaused(since: string | undefined): Verdict[] {
  if (since === undefined) return [];
  return [warn(
    `The service is paused since ${
      minuteOf(since)
    } UTC: it shares and writes nothing, and only removes what is locked.`,
    'Resume it on the dashboard, or remove the file "paused" in WRITE_STATE_DIR.',
  )];
}

export function judgeConfig(config: Pick<Config, 'jobs' | 'sharedAlbums' | 'immich' | 'write' | 'notes'>): Verdict[] {
  const { jobs, sharedAlbums, immich, write, notes } = config;
  const doubts = notes.map((note) => warn(note, 'docs/configuration.md explains every setting.'));
  if (!isSharing(config) && immich.apiKey === undefined && write.source === 'api') {
    doubts.push(warn(
      'There is nothing to do: nothing is shared, and no API key lets anything be written.',
      'immich-sidecar setup asks what you want, and writes the configuration.',
    ));
  }
  if (doubts.length > 0) return doubts;
  const key = immich.apiKey === undefined ? 'no API key' : 'an API key';
  const albums = sharedAlbums === undefined ? [] : ['shared albums'];
  const what = [...jobs.length === 0 && albums.length > 0 ? [] : [count(jobs.length, 'share')], ...albums, key];
  return [ok(`The configuration can be read: ${what.join(', ')}.`)];
}
