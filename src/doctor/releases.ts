import { type ServerVersion, versionText } from '../immich/api/server.ts';
import { fail, ok, type Verdict, warn } from './finding.ts';

const OLDEST_MAJOR = 2;

/** The newest release line that this program was tried with. */
const NEWEST = Object.freeze({ major: 3, minor: 3 });

/** A version as Immich notes it, with or without a `v`; undefined when it is none. */
export function parseVersion(text: string): ServerVersion | undefined {
  const [, major, minor, patch] = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text) ?? [];
  return major === undefined ? undefined : { major: Number(major), minor: Number(minor), patch: Number(patch) };
}

/**
 * @param text the version as it was found
 * @param mediaLocation as Immich sees it
 */
export function judgeRelease(text: string, mediaLocation: string): Verdict {
  const version = parseVersion(text);
  if (version === undefined) {
    return warn(
      'Immich has not noted its version in its database.',
      'Start Immich once. What sharing needs of its tables is looked at by name all the same.',
    );
  }
  const { major, minor } = version;
  if (major < OLDEST_MAJOR) {
    return fail(
      `Immich ${versionText(version)} is too old: ${OLDEST_MAJOR}.0 is the oldest supported.`,
      'Update Immich.',
    );
  }
  if (major > NEWEST.major || (major === NEWEST.major && minor > NEWEST.minor)) {
    return warn(
      `Immich ${
        versionText(version)
      } is newer than what this program was tried with (${NEWEST.major}.${NEWEST.minor}).`,
      'Sharing goes on as long as the tables have what it needs. Look whether there is a newer immich-sidecar.',
    );
  }
  return ok(`Immich ${versionText(version)}, media in ${mediaLocation}.`);
}
