import type { ComposeFacts, Mount, Owner } from './compose/facts.ts';
import { ownerOf } from './owner.ts';

/** Set by the image: what is set up then runs where setup runs. */
const IN_CONTAINER = 'IMMICH_SIDECAR_CONTAINER';

export function isInContainer(env: Readonly<Record<string, string | undefined>>): boolean {
  return env[IN_CONTAINER] !== undefined;
}

/** The container that is going to run what is set up outside of it: only in Immich's network its database can be reached. */
export interface ContainerAnswer {
  /** Immich as the container sees it. */
  readonly immichUrl: string;
  readonly network: string | undefined;
  /** Whom it runs as: who owns Immich's files. */
  readonly owner: Owner;
}

/** Immich's address for other containers in its network. */
export function addressInNetwork({ server }: ComposeFacts): string {
  return `http://${server.hostname}:${server.port}`;
}

/**
 * Who owns what Immich makes: as its directory on the disk tells, else as its Compose file says. Only an owner, or root, may make hard
 * links (`fs.protected_hardlinks`).
 *
 * @param media Immich's own directory
 */
export function ownerOfMedia(compose: ComposeFacts, media: Mount | undefined): Owner {
  // Made by Immich at its first start, which may not have been yet.
  const made = media === undefined ? [] : [`${media.local}/upload`, `${media.local}/thumbs`];
  return made.map(ownerOf).find((owner) => owner !== undefined) ?? compose.user ?? { uid: 0, gid: 0 };
}

/** What the container cannot do with what setup writes, as sentences. `uid`: who runs setup; null on Windows. Pure. */
export function obstaclesIn(
  { owner: { uid, gid }, network }: ContainerAnswer,
  files: readonly string[],
  setupUid: number | null,
): string[] {
  // Root keeps the right to read what belongs to others, and gives away what it has written.
  const isReadable = uid === 0 || setupUid === 0 || setupUid === null || setupUid === uid;
  return [
    ...(isReadable ? [] : [
      `Immich's files belong to ${uid}:${gid}, so the container runs as that, and could not read what you alone may read. ` +
      `After setup: sudo chown ${uid}:${gid} ${files.join(' ')}`,
    ]),
    ...(network === undefined
      ? [
        'Immich has no network of its own (network_mode), so set IMMICH_NETWORK in .env to one that its database is in.',
      ]
      : []),
  ];
}
