import { resolve } from 'node:path';
import { quote } from '../../config/quote.ts';
import { directory, pathMap } from '../../config/values.ts';
import { UserError } from '../../errors.ts';
import { isBelow, PathMap } from '../../files/path_map.ts';
import type { ComposeFacts, Mount } from '../compose/facts.ts';
import type { Directories, Server, Session } from '../session.ts';
import { parse } from './server.ts';

/** Which of Immich's directories are where on this machine. */
export async function askDirectories(
  session: Session,
  compose: ComposeFacts | undefined,
  { libraries }: Server,
): Promise<Directories> {
  const { dialogue, existing } = session;
  const said = dialogue.has('--mount')
    ? await dialogue.text({
      flag: '--mount',
      message: "Immich's directory = the same one here",
      check: (text) => parse(pathMap, text.replaceAll('\n', ',')),
    })
    : [];
  const mediaLocation = await askMediaLocation(session, compose);
  const known = firstOfEach([...said, ...configured(session, mediaLocation), ...mountsIn(session, compose)]);
  const needed = [mediaLocation, ...libraries.flatMap(({ importPaths }) => importPaths)];
  const mounts: Mount[] = [];
  /** What this container has not, and nobody can name here. */
  const absent: string[] = [];
  for (const mount of known) {
    if (isDirectory(mount.local)) mounts.push(mount);
    else if (needed.some((path) => path === mount.immich || isBelow(path, mount.immich))) {
      if (existing.isInContainer) {
        sayNotMounted(session, mount.immich, mount.immich === mediaLocation);
        absent.push(mount.immich);
        continue;
      }
      const elsewhere = await askWhere(session, mount.immich, undefined, `${quote(mount.local)} is not there. `);
      if (elsewhere !== undefined) mounts.push(elsewhere);
    }
  }
  const isMediaItself = ({ immich, local }: Mount) => immich === mediaLocation && local === immich;
  // What nothing mounts is asked for, one directory for all libraries below it.
  for (const path of needed) {
    if (mounts.length > 0 && new PathMap(mounts).toLocal(path) !== undefined) continue;
    const top = path === mediaLocation ? path : `/${path.split('/')[1]}`;
    const isOptional = path !== mediaLocation;
    // As in a container that has Immich's mounts, and for an Immich that runs without one: then libraries are where it sees them, too.
    const isSame = isOptional ? path !== '/' && mounts.some(isMediaItself) && isDirectory(path) : isMedia(path);
    if (isSame) {
      mounts.push({ immich: path, local: path });
      continue;
    }
    if (isOptional && !dialogue.isAttended) continue;
    if (isOptional && existing.isInContainer) {
      if (!absent.some((one) => path === one || isBelow(path, one))) {
        sayNotMounted(session, top, false);
        absent.push(top);
      }
      continue;
    }
    const { uploadLocation, externalLibraryDir } = existing.config;
    const mount = await askWhere(session, top, isOptional ? externalLibraryDir : uploadLocation, '', isOptional);
    if (mount !== undefined) mounts.push(mount);
  }
  return { mounts: firstOfEach(mounts), mediaLocation };
}

async function askMediaLocation(
  { dialogue, existing }: Session,
  compose: ComposeFacts | undefined,
): Promise<string> {
  const known = compose?.mediaLocation ?? existing.config.uploadLocationMount;
  if (known !== undefined && !dialogue.has('--media-location')) return known;
  return await dialogue.text({
    flag: '--media-location',
    message: "Immich's own directory, as Immich sees it",
    help: 'The directory inside the container in which Immich has its folders upload and thumbs.',
    initial: known ?? '/data',
    check: (text) => parse(directory, text),
  });
}

/** In a container there is no other place to look in: it has to be started with the directory. */
function sayNotMounted(
  session: Session,
  immich: string,
  isMediaLocation: boolean,
): void {
  const message = `Immich's ${immich} is not mounted into this container.`;
  const remedy = `Add this below "volumes:" of the service in immich-sidecar.yaml, and start setup again: ` +
    `- DIRECTORY:${immich} (the directory of the host that Immich's own file mounts there)`;
  if (isMediaLocation) throw new UserError(message, { problemCode: 'setup-answer', remedy });
  const warning = `${message} What lies in it cannot be shared. ${remedy}`;
  session.warnings.push(warning);
  session.dialogue.say(warning, 'warning');
}

/** What Immich mounts, as it is here: compose.yaml mounts it into this container where Immich has it. */
function mountsIn({ existing }: Session, compose: ComposeFacts | undefined): readonly Mount[] {
  const mounts = compose?.mounts ?? [];
  return existing.isInContainer ? mounts.map(({ immich }) => ({ immich, local: immich })) : mounts;
}

/** What an earlier run has written. */
function configured({ existing: { config, find } }: Session, mediaLocation: string): readonly Mount[] {
  const { uploadLocation, uploadLocationMount, externalLibraryDir, externalLibraryMount, pathMap: pairs } = config;
  return [
    ...pairs,
    ...(find('UPLOAD_LOCATION') !== undefined && uploadLocation !== undefined
      ? [{ immich: uploadLocationMount ?? mediaLocation, local: uploadLocation }]
      : []),
    ...(find('EXTERNAL_LIBRARY_DIR') !== undefined && externalLibraryDir !== undefined
      ? [{ immich: externalLibraryMount, local: externalLibraryDir }]
      : []),
  ];
}

async function askWhere(
  { dialogue, existing, home }: Session,
  immich: string,
  initial: string | undefined,
  problem: string,
  isOptional = false,
): Promise<Mount | undefined> {
  if (!dialogue.isAttended) {
    throw new UserError(`--mount ${immich}=DIRECTORY is missing. ${problem}`.trim(), {
      problemCode: 'setup-answer',
      remedy: `Say which directory of this machine is ${immich} in Immich.`,
    });
  }
  return await dialogue.text({
    flag: '--mount',
    message: `Where on this machine is Immich's ${immich}?`,
    help: `${problem}${isOptional ? 'Write skip if nothing in it is to be shared.' : 'It must be mounted here.'}`,
    initial: initial ?? (isOptional ? 'skip' : undefined),
    check: (text) => {
      if (isOptional && text.trim() === 'skip') return undefined;
      const local = resolve(existing.place.cwd, text.trim().replace(/^~(?=\/|$)/, home));
      if (text.trim() !== '' && isDirectory(local)) return { immich, local };
      throw new UserError(`${quote(text)} is no directory on this machine.`, {
        problemCode: 'setup-answer',
        remedy: 'Write the full path of a directory that is mounted here.',
      });
    },
  });
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** Immich makes these folders when it starts. */
function isMedia(path: string): boolean {
  return ['upload', 'thumbs', 'library'].some((folder) => isDirectory(`${path}/${folder}`));
}

function firstOfEach(mounts: readonly Mount[]): readonly Mount[] {
  return mounts.filter(({ immich }, index) => mounts.findIndex((other) => other.immich === immich) === index);
}
