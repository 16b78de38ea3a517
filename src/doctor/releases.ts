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

/** Whether a version is of a later release line than this program was tried with. */
export function isNewerThanKnown(text: string): boolean {
  const version = parseVersion(text);
  return version !== undefined &&
    (version.major > NEWEST.major || (version.major === NEWEST.major && version.minor > NEWEST.minor));
}

/** What a newer release has changed; `differences` are parts of a sentence. Pure. */
export function judgeDifferences(differences: readonly string[]): Verdict {
  const known = `${NEWEST.major}.${NEWEST.minor}`;
  if (differences.length === 0) return ok(`Its tables are as in ${known}.`);
  return warn(
    `Its tables are not as in ${known}: ${differences.slice(0, MOST_DIFFERENCES).join('; ')}${
      differences.length > MOST_DIFFERENCES ? `; and ${differences.length - MOST_DIFFERENCES} more` : ''
    }.`,
    'Sharing goes on with what it knows. Report this list together with the version of Immich, if there is no newer immich-sidecar.',
  );
}

/** How many differences are named. */
const MOST_DIFFERENCES = 20;

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
  const { major } = version;
  if (major < OLDEST_MAJOR) {
    return fail(
      `Immich ${versionText(version)} is too old: ${OLDEST_MAJOR}.0 is the oldest supported.`,
      'Update Immich.',
    );
  }
  if (isNewerThanKnown(text)) {
    return warn(
      `Immich ${
        versionText(version)
      } is newer than what this program was tried with (${NEWEST.major}.${NEWEST.minor}).`,
      'Sharing goes on as long as the tables have what it needs. Look whether there is a newer immich-sidecar.',
    );
  }
  return ok(`Immich ${versionText(version)}, media in ${mediaLocation}.`);
}
